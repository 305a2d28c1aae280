package mvcc_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
)

// dump writes a snapshot's state on one line.
func dump(s *mvcc.Snapshot) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d", s.Version())
	tx := s.Read(context.Background())
	defer tx.End()
	names, err := tx.Tables()
	if err != nil {
		panic(err)
	}
	for _, name := range names {
		fmt.Fprintf(&b, " %s{", name)
		for kv, err := range tx.Scan(name, backend.Range{}) {
			if err != nil {
				panic(err)
			}
			fmt.Fprintf(&b, "%q=%q ", kv.Key, kv.Value)
		}
		b.WriteString("}")
	}
	return b.String()
}

// commit runs fn on s and returns the snapshot it leads to.
func commit(t *testing.T, s *mvcc.Snapshot, fn func(tx *mvcc.WriteTx)) *mvcc.Snapshot {
	t.Helper()
	tx := s.Write(t.Context())
	fn(tx)
	next, err := tx.Commit(s.Version() + 1)
	if err != nil {
		t.Fatalf("Commit = %v", err)
	}
	return next
}

func put(t *testing.T, tx *mvcc.WriteTx, table, key, value string, stamps ...backend.Stamp) {
	t.Helper()
	if err := tx.Put(table, []byte(key), []byte(value), stamps...); err != nil {
		t.Fatalf("Put(%s, %q) = %v", table, key, err)
	}
}

func TestCommitLeavesTheBaseAsItWas(t *testing.T) {
	empty := new(mvcc.Snapshot)
	one := commit(t, empty, func(tx *mvcc.WriteTx) {
		for i := range 500 {
			put(t, tx, "t", fmt.Sprintf("%03d", i), "one")
		}
		put(t, tx, "other", "k", "v")
	})
	before := dump(one)
	two := commit(t, one, func(tx *mvcc.WriteTx) {
		for i := range 500 {
			put(t, tx, "t", fmt.Sprintf("%03d", i), "two")
			put(t, tx, "t", fmt.Sprintf("%03d-new", i), "two")
		}
		if _, err := tx.Delete("t", []byte("123")); err != nil {
			t.Fatal(err)
		}
		if err := tx.DropTable("other"); err != nil {
			t.Fatal(err)
		}
	})
	if got := dump(empty); got != "0" {
		t.Errorf("empty snapshot after commits = %s, want 0", got)
	}
	if got := dump(one); got != before {
		t.Errorf("first snapshot after the second commit = %s, want %s", got, before)
	}
	if two.Version() != 2 || strings.Contains(dump(two), `"one"`) || strings.Contains(dump(two), "other") {
		t.Errorf("second snapshot = %s, want version 2 without any value of the first or the dropped table", dump(two))
	}
}

func TestTransactionWithoutEffectTakesNoNumber(t *testing.T) {
	base := commit(t, new(mvcc.Snapshot), func(tx *mvcc.WriteTx) { put(t, tx, "t", "k", "v") })
	tx := base.Write(t.Context())
	tx.Record()
	if existed, err := tx.Delete("t", []byte("missing")); existed || err != nil {
		t.Errorf("Delete of a missing key = %v, %v, want false, nil", existed, err)
	}
	if err := tx.DropTable("missing"); !errors.Is(err, backend.ErrTableNotFound) {
		t.Errorf("DropTable of a missing table = %v, want ErrTableNotFound", err)
	}
	if err := tx.Put("t", nil, nil); !errors.Is(err, backend.ErrInvalid) {
		t.Errorf("Put of an empty key = %v, want ErrInvalid", err)
	}
	if tx.Changed() || len(tx.Ops()) > 0 {
		t.Errorf("Changed = %v with operations %v, want nothing", tx.Changed(), tx.Ops())
	}
	next, err := tx.Commit(2)
	if next != base || err != nil {
		t.Errorf("Commit = %s, %v, want the base itself", dump(next), err)
	}
}

func TestTooLargeTransactionFailsForGood(t *testing.T) {
	tx := new(mvcc.Snapshot).Write(t.Context())
	value := make([]byte, backend.MaxValue)
	var err error
	for i := 0; err == nil; i++ {
		err = tx.Put("t", []byte{byte(i)}, value)
		if i > 4 {
			t.Fatal("five values of the largest size were accepted")
		}
	}
	if !errors.Is(err, backend.ErrTooLarge) || tx.Err() == nil {
		t.Errorf("Put = %v, Err = %v, want ErrTooLarge", err, tx.Err())
	}
	if err := tx.Put("t", []byte("small"), nil); !errors.Is(err, backend.ErrTooLarge) {
		t.Errorf("small Put after it = %v, want ErrTooLarge", err)
	}
	if err := tx.DropTable("t"); !errors.Is(err, backend.ErrTooLarge) {
		t.Errorf("DropTable after it = %v, want ErrTooLarge", err)
	}
	if _, err := tx.Get("t", []byte{0}); err != nil {
		t.Errorf("Get after it = %v, want nil: it can still be read", err)
	}
	if s, err := tx.Commit(1); s != nil || !errors.Is(err, backend.ErrTooLarge) {
		t.Errorf("Commit = %v, %v, want ErrTooLarge", s, err)
	}
}

// A pair whose key has a stamp sorts last until the commit and elsewhere
// after it.
func TestStampedKeysMove(t *testing.T) {
	inKey := backend.Stamp{InKey: true}
	number := func(v uint64) string { return string(binary.BigEndian.AppendUint64(nil, v)) }
	s := commit(t, new(mvcc.Snapshot), func(tx *mvcc.WriteTx) {
		put(t, tx, "log", "________a", "________", inKey, backend.Stamp{})
		put(t, tx, "log", "________b", "gone", inKey)
		if _, err := tx.Delete("log", []byte("\xff\xff\xff\xff\xff\xff\xff\xffb")); err != nil {
			t.Fatal(err)
		}
		put(t, tx, "log", "________c", "first", inKey)
		put(t, tx, "log", "________c", "second", inKey)
		put(t, tx, "log", "later", "unstamped")
		put(t, tx, "log", number(1)+"a", "was there")
	})
	want := fmt.Sprintf("1 log{%q=%q %q=%q %q=%q }", number(1)+"a", number(1), number(1)+"c", "second", "later", "unstamped")
	if got := dump(s); got != want {
		t.Errorf("snapshot = %s, want %s", got, want)
	}
}

func TestTransactionsOfOneSnapshotAtOnce(t *testing.T) {
	base := commit(t, new(mvcc.Snapshot), func(tx *mvcc.WriteTx) {
		for i := range 1000 {
			put(t, tx, "t", fmt.Sprintf("%04d", i), "base")
		}
	})
	before := dump(base)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			next := commit(t, base, func(tx *mvcc.WriteTx) {
				for i := range 1000 {
					put(t, tx, "t", fmt.Sprintf("%04d", i), fmt.Sprint(w))
				}
			})
			for kv, err := range next.Read(t.Context()).Scan("t", backend.Range{}) {
				if err != nil || string(kv.Value) != fmt.Sprint(w) {
					t.Errorf("snapshot of writer %d has the value %q, %v", w, kv.Value, err)
				}
			}
		})
		wg.Go(func() {
			if got := dump(base); got != before {
				t.Errorf("base during its successors' transactions = %s, want %s", got, before)
			}
		})
	}
	wg.Wait()
}

func TestApplyRefusesWhatNoTransactionRecords(t *testing.T) {
	base := commit(t, new(mvcc.Snapshot), func(tx *mvcc.WriteTx) { put(t, tx, "t", "k", "v") })
	before := dump(base)
	pair := mvcc.Join([]byte("other"), []byte("v"))
	for name, op := range map[string]mvcc.Op{
		"unknown kind":        {Kind: 77, Table: "t", Pair: pair},
		"put into no table":   {Kind: mvcc.Put, Pair: pair},
		"put of no pair":      {Kind: mvcc.Put, Table: "t"},
		"stamp outside":       {Kind: mvcc.Put, Table: "t", Pair: pair, Stamps: []backend.Stamp{{Offset: 1 << 40}}},
		"delete of no pair":   {Kind: mvcc.Delete, Table: "t"},
		"delete in no table":  {Kind: mvcc.Delete, Table: "u", Pair: pair},
		"drop of a table not": {Kind: mvcc.Drop, Table: "u"},
	} {
		good := mvcc.Op{Kind: mvcc.Put, Table: "t", Pair: mvcc.Join([]byte("k"), []byte("new"))}
		s, err := base.Apply(2, []mvcc.Op{good, op})
		if s != nil || !errors.Is(err, backend.ErrCorrupt) {
			t.Errorf("Apply with %s = %v, %v, want ErrCorrupt", name, s, err)
		}
	}
	if got := dump(base); got != before {
		t.Errorf("base after it = %s, want %s", got, before)
	}
}
