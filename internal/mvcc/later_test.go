package mvcc_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
)

// A transaction that writes much without a look at it keeps changes and makes
// them together. One that looks after each write makes them one by one. Both
// lead to the same, whatever lies below.
func TestUnreadChangesAreThoseOfATransactionThatLooks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		space := rapid.SampledFrom([]int{30, 300, 3000}).Draw(t, "keys")
		shape := rapid.SampledFrom([]func(n int) string{
			func(n int) string { return fmt.Sprintf("owner-%04d", n) },
			func(n int) string {
				return fmt.Sprintf("o%d", n/7) + strings.Repeat("-", n%7) + strings.Repeat("\x00", n%3)
			},
			func(n int) string { return fmt.Sprintf("%d the same for eight bytes %d", n%3, n) },
			func(n int) string { return "same" + strings.Repeat("\x00", n%1000+1) },
		}).Draw(t, "shape")
		number := rapid.IntRange(0, space-1)
		below := new(mvcc.Snapshot)
		if n := rapid.IntRange(0, 500).Draw(t, "below"); n > 0 {
			tx := below.Write(t.Context())
			for i := range n {
				mustPut(t, tx, shape(i*7%space), "below")
			}
			below = committed(t, tx, 1)
			if rapid.Bool().Draw(t, "in a Base") {
				below = fold(below, nil)
			}
		}
		looking, blind := below.Write(t.Context()), below.Write(t.Context())
		looking.Record()
		blind.Record()
		mustPut(t, looking, shape(0), "first")
		mustPut(t, blind, shape(0), "first")
		n := rapid.OneOf(rapid.IntRange(0, 80), rapid.IntRange(0, 300)).Draw(t, "changes")
		look := rapid.SampledFrom([]int{20, 40, 80, 1000}).Draw(t, "look")
		step := rapid.SampledFrom([]int{1, 7, 11}).Draw(t, "step")
		from := number.Draw(t, "from")
		for i := range n {
			key, removes := shape((from+i*step)%space), rapid.IntRange(0, 9).Draw(t, "kind")
			for _, tx := range []*mvcc.WriteTx{looking, blind} {
				switch {
				case removes < 2:
					if err := tx.Remove("a", []byte(key)); err != nil && !backend.IsNotFound(err) {
						t.Fatal(err)
					}
				case removes == 2:
					if err := tx.Put("a", []byte(key), []byte("________"), backend.Stamp{}); err != nil {
						t.Fatal(err)
					}
				default:
					mustPut(t, tx, key, fmt.Sprint("value ", i))
				}
			}
			want, err := looking.Get("a", []byte(key))
			if err != nil && !backend.IsNotFound(err) {
				t.Fatal(err)
			}
			if i%look == look-1 {
				if got, gotErr := blind.Get("a", []byte(key)); !bytes.Equal(got, want) || gotErr != err {
					t.Fatalf("%q is %q, %v, want %q, %v", key, got, gotErr, want, err)
				}
			}
		}
		if got, want := describe(blind.Ops()), describe(looking.Ops()); got != want {
			t.Fatalf("it did\n%s, want\n%s", got, want)
		}
		ops := clone(blind.Ops())
		got, want := committed(t, blind, 2), committed(t, looking, 2)
		applied, err := below.Apply(2, ops)
		if err != nil {
			t.Fatal(err)
		}
		for name, s := range map[string]*mvcc.Snapshot{"a blind transaction": got, "Apply": applied} {
			if dump(s) != dump(want) {
				t.Fatalf("%s leads to %s, want %s", name, dump(s), dump(want))
			}
			if s.Size() != want.Size() {
				t.Fatalf("after %s the size is %d, want %d", name, s.Size(), want.Size())
			}
		}
	})
}

func mustPut(t *rapid.T, tx *mvcc.WriteTx, key, value string) {
	if err := tx.Put("a", []byte(key), []byte(value)); err != nil {
		t.Fatal(err)
	}
}

// A loop sees the transaction as it stood when the loop began, also what it had
// kept by then.
func TestALoopSeesWhatWasKept(t *testing.T) {
	const n = 100
	tx := new(mvcc.Snapshot).Write(t.Context())
	var want, got []string
	for i := range n {
		put(t, tx, "a", fmt.Sprintf("%03d", i*37%n), "x")
		want = append(want, fmt.Sprintf("%03d", i))
	}
	for kv, err := range tx.Scan("a", backend.Range{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(kv.Key))
		put(t, tx, "a", fmt.Sprintf("%03d+", (len(got)*37)%n), "y")
	}
	if !slices.Equal(got, want) {
		t.Errorf("the loop came to %q, want %q", got, want)
	}
	if count, err := tx.Count("a", backend.Range{}); count != 2*n || err != nil {
		t.Errorf("Count = %d, %v, want %d", count, err, 2*n)
	}
}

// What a transaction keeps are puts of which nobody knows what they replace.
// They leave an arena's buffers when they do.
func TestKeptPairsAreFreedOnceReplaced(t *testing.T) {
	const transactions, counters, size = 300, 400, 100
	before := heap()
	s := new(mvcc.Snapshot)
	for i := range transactions {
		s = commit(t, s, func(tx *mvcc.WriteTx) {
			for j := range 20 { // which look like a load
				put(t, tx, "counters", fmt.Sprintf("log %06d %d", i, j), "")
			}
			for j := range counters {
				put(t, tx, "counters", fmt.Sprintf("%03d", j), strings.Repeat(string(rune('a'+i%20)), size))
				if j%20 == 0 {
					put(t, tx, "counters", fmt.Sprintf("log %06d %d+", i, j), "")
				}
			}
		})
	}
	grown := heap() - before
	if limit := int64(40*transactions*100 + 4*counters*size); grown > limit {
		t.Errorf("it takes %d bytes, want at most %d", grown, limit)
	}
	if n, err := s.Read(t.Context()).Count("counters", backend.Range{}); n != counters+40*transactions || err != nil {
		t.Errorf("Count = %d, %v", n, err)
	}
}
