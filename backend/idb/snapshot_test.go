package idb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
)

// dump returns what a snapshot holds, in words.
func dump(s *mvcc.Snapshot) string {
	var b strings.Builder
	b.WriteString(strconv.FormatUint(s.Version(), 10))
	for table, pairs := range s.Tables() {
		b.WriteString(" " + table + "{")
		sep := ""
		for kv := range pairs {
			fmt.Fprintf(&b, "%s%q=", sep, kv.Key)
			if len(kv.Value) > 40 {
				fmt.Fprintf(&b, "%d bytes %x", len(kv.Value), bytes.TrimRight(kv.Value[:40], "\x00"))
			} else {
				fmt.Fprintf(&b, "%q", kv.Value)
			}
			sep = " "
		}
		b.WriteString("}")
	}
	return b.String()
}

// write does a few random writes.
func write(t *rapid.T, tx *mvcc.WriteTx) {
	table := rapid.SampledFrom([]string{"a", "b", "ü"})
	key := rapid.SliceOfN(rapid.ByteRange(0, 3), 1, 3)
	for range rapid.IntRange(0, 12).Draw(t, "writes") {
		var err error
		switch table, key := table.Draw(t, "table"), key.Draw(t, "key"); rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0:
			err = tx.DropTable(table)
		case 1, 2:
			_, err = tx.Delete(table, key)
		case 3:
			err = tx.Put(table, append(key, "12345678"...), make([]byte, 9), backend.Stamp{InKey: true, Offset: len(key)}, backend.Stamp{Offset: 1})
		case 4: // what the stamped put above wrote, while it is pending
			_, err = tx.Delete(table, append(key, "\xff\xff\xff\xff\xff\xff\xff\xff"...))
		case 5:
			err = tx.Put(table, key, make([]byte, rapid.IntRange(maxInline-1, maxInline+2).Draw(t, "size")))
		default:
			err = tx.Put(table, key, rapid.SliceOfN(rapid.Byte(), 0, 4).Draw(t, "value"))
		}
		if err != nil && !errors.Is(err, backend.ErrTableNotFound) {
			t.Fatalf("write: %v", err)
		}
	}
}

// A record, applied to the snapshot that its commit began with, gives what the
// commit gave; and a checkpoint of it, loaded, gives it again.
func TestRecordsAndCheckpointsKeepEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		here := &state{base: &base{root: root{db: sequence(1)}}, snap: new(mvcc.Snapshot)}
		there := here
		for range rapid.IntRange(1, 6).Draw(t, "commits") {
			tx := here.snap.Write(context.Background())
			tx.Record()
			write(t, tx)
			if !tx.Changed() {
				continue
			}
			number := here.snap.Version() + 1
			raw := (&record{db: here.base.root.db, serial: 1, commit: number, commits: [][]byte{encodeOps(tx.Ops())}}).encode()
			next, err := tx.Commit(number)
			if err != nil {
				t.Fatalf("Commit: %v", err)
			}
			here = here.withCommits(next, []commit{{number: number}}, len(raw))
			if there, err = there.withRecord(number, raw); err != nil {
				t.Fatalf("withRecord: %v", err)
			}
			if got, want := dump(there.snap), dump(here.snap); got != want {
				t.Fatalf("the record leads to %s, want %s", got, want)
			}
		}
		if got, want := dump(reloaded(t, here)), dump(here.snap); got != want {
			t.Fatalf("the checkpoint holds %s, want %s", got, want)
		}
	})
}

// reloaded writes a state's checkpoint and returns what loading it gives.
func reloaded(t interface{ Fatalf(string, ...any) }, st *state) *mvcc.Snapshot {
	var records [][]byte
	calls := 0
	r, err := encodeCheckpoint(st, 77, func(b []byte) error { records = append(records, b); return nil },
		func() error { calls++; return nil })
	if err != nil {
		t.Fatalf("encodeCheckpoint: %v", err)
	}
	size := 0
	l := checkpointLoader{checkpoint: 77}
	for i, b := range records {
		size += len(b)
		if len(b) >= 64<<10 && !isValue(b) {
			t.Fatalf("page %d is %d bytes long, want less than 64 KiB", i, len(b))
		}
		if err := l.add(b, func() error { return nil }); err != nil {
			t.Fatalf("add of record %d: %v", i, err)
		}
	}
	if int(r.pages) != len(records) || int(r.size) != size || r.commit != st.snap.Version() || r.db != st.base.root.db {
		t.Fatalf("the root is %+v, want %d records of %d bytes at %d", r, len(records), size, st.snap.Version())
	}
	return l.Snapshot(r.commit)
}

func TestCheckpointOfManyPages(t *testing.T) {
	tx := new(mvcc.Snapshot).Write(context.Background())
	for i := range 20_000 {
		value := make([]byte, i%300)
		if i%997 == 0 {
			value = make([]byte, maxInline+i)
		}
		if err := tx.Put("table "+strconv.Itoa(i%3), fmt.Appendf(nil, "key %d", i), value); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 2000 { // tables alone can fill pages too
		name := fmt.Sprintf("empty %d%s", i, strings.Repeat("x", 100))
		if err := tx.Put(name, []byte("k"), nil); err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Delete(name, []byte("k")); err != nil {
			t.Fatal(err)
		}
	}
	snap, err := tx.Commit(1)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := dump(reloaded(t, &state{base: new(base), snap: snap})), dump(snap); got != want {
		t.Error("the checkpoint holds something else than the snapshot")
	}
}

func TestCheckpointStopsAtErrors(t *testing.T) {
	tx := new(mvcc.Snapshot).Write(context.Background())
	for i := range 5000 {
		if err := tx.Put("t", fmt.Appendf(nil, "key %d", i), make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
	}
	snap, _ := tx.Commit(1)
	stop := errors.New("stop")
	good := func() error { return nil }
	if _, err := encodeCheckpoint(&state{base: new(base), snap: snap}, 1, func([]byte) error { return stop }, good); err != stop {
		t.Errorf("when a record can't be stored: %v, want the error", err)
	}
	if _, err := encodeCheckpoint(&state{base: new(base), snap: snap}, 1, func([]byte) error { return nil }, func() error { return stop }); err != stop {
		t.Errorf("when the turn can't be given back: %v, want the error", err)
	}
}

// What a state says to records and roots that don't fit it names the place.
func TestStateRefuses(t *testing.T) {
	db := sequence(1)
	put := func(db id, number uint64, ops ...mvcc.Op) []byte {
		return (&record{db: db, serial: 1, commit: number, commits: [][]byte{encodeOps(ops)}}).encode()
	}
	st := &state{base: newBase(root{db: db}, (&root{db: db}).encode()), snap: new(mvcc.Snapshot)}
	st, err := st.withRecord(1, put(db, 1, mvcc.Op{Kind: mvcc.Put, Table: "t", Pair: mvcc.Join([]byte("k"), nil)}))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := st.withRecord(1, nil); err != nil || again != st {
		t.Errorf("a record that the state has: %v, %v, want the same state", again, err)
	}
	drop := mvcc.Op{Kind: mvcc.Drop, Table: "missing"}
	for _, c := range []struct {
		number uint64
		b      []byte
		want   string
	}{
		{3, put(db, 3), "corrupt data: log record 2 is missing"},
		{2, put(db, 3), "corrupt data: log record 2 belongs to another place"},
		{2, put(sequence(2), 2), "corrupt data: log record 2 belongs to another database"},
		{2, []byte("garbage"), "corrupt data: log record 2 is of another kind"},
		{2, nil, "corrupt data: log record 2 is shorter than a header"},
		{2, put(db, 2, drop), "apply missing: corrupt data: log record 2 drops a table that doesn't exist"},
	} {
		_, err := st.withRecord(c.number, c.b)
		if !errors.Is(err, backend.ErrCorrupt) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("withRecord(%d) = %v, want %s", c.number, err, c.want)
		}
	}
	if _, err := st.withRoot((&root{db: db, checkpoint: 1, commit: 2}).encode()); err != errBehind {
		t.Errorf("a checkpoint ahead: %v, want errBehind", err)
	}
	if next, err := st.withRoot((&root{db: db, checkpoint: 1, commit: 1}).encode()); err != nil || next.base.root.checkpoint != 1 || next.snap != st.snap {
		t.Errorf("a checkpoint of what the state has: %+v, %v, want the state under it", next, err)
	}
	if _, err := st.withRoot((&root{db: sequence(2)}).encode()); !errors.Is(err, backend.ErrDeleted) {
		t.Errorf("another database's root: %v, want ErrDeleted", err)
	}
	if _, err := st.withRoot([]byte{1}); !errors.Is(err, backend.ErrCorrupt) {
		t.Errorf("a broken root: %v, want ErrCorrupt", err)
	}
}
