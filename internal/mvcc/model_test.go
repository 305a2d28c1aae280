package mvcc_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
)

// What a transaction has recorded leads an equal snapshot to an equal
// successor, whatever it did, and neither changes any snapshot before it.
func TestAppliedOperationsEqualTheirTransaction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mine, theirs := new(mvcc.Snapshot), new(mvcc.Snapshot)
		var history []*mvcc.Snapshot
		var states []string
		for range rapid.IntRange(1, 6).Draw(t, "transactions") {
			history, states = append(history, mine, theirs), append(states, dump(mine), dump(theirs))

			tx := mine.Write(t.Context())
			tx.Record()
			for range rapid.IntRange(0, 80).Draw(t, "operations") {
				randomOp(t, tx)
			}
			checkCounts(t, tx)
			ops := clone(tx.Ops())
			version := mine.Version() + uint64(rapid.IntRange(1, 3).Draw(t, "version"))
			next, err := tx.Commit(version)
			if err != nil {
				t.Fatalf("Commit = %v", err)
			}
			if tx.Changed() {
				if theirs, err = theirs.Apply(version, ops); err != nil {
					t.Fatalf("Apply = %v", err)
				}
			}
			mine = next
			if got, want := dump(theirs), dump(mine); got != want {
				t.Fatalf("Apply led to %s, want what Commit led to, %s", got, want)
			}
		}
		for i, s := range history {
			if got := dump(s); got != states[i] {
				t.Fatalf("snapshot %d became %s, was %s", i, got, states[i])
			}
		}
	})
}

// clone returns operations as a commit record would bring them elsewhere.
func clone(ops []mvcc.Op) []mvcc.Op {
	var there []mvcc.Op
	for _, op := range ops {
		op.Pair = mvcc.Join(op.Pair.Key(), op.Pair.Value())
		there = append(there, op)
	}
	return there
}

var (
	tables = rapid.SampledFrom([]string{"a", "b"})
	keys   = rapid.Custom(func(t *rapid.T) string { return fmt.Sprintf("%03d", rapid.IntRange(0, 150).Draw(t, "key")) })
	// The last of them collides with a literal key.
	stamped = rapid.SampledFrom([]string{"________", "________x", "________y", "\xff\xff\xff\xff\xff\xff\xff\xff"})
)

func randomOp(t *rapid.T, tx *mvcc.WriteTx) {
	table, key := tables.Draw(t, "table"), keys.Draw(t, "key")
	var err error
	switch rapid.IntRange(0, 12).Draw(t, "operation") {
	case 0:
		if err = tx.DropTable(table); backend.IsNotFound(err) {
			err = nil
		}
	case 1:
		err = tx.Put(table, []byte(stamped.Draw(t, "key")), []byte("s________"),
			backend.Stamp{InKey: true}, backend.Stamp{Offset: 1})
	case 2:
		err = tx.Put(table, []byte(key), []byte("________"), backend.Stamp{})
	case 3:
		err = tx.Put(table, []byte(stamped.Draw(t, "key")), []byte("literal"))
	case 4, 5, 6:
		if rapid.IntRange(0, 4).Draw(t, "pending") == 0 {
			key = "\xff\xff\xff\xff\xff\xff\xff\xff"
		}
		if _, err = tx.Delete(table, []byte(key)); backend.IsNotFound(err) {
			err = nil
		}
	case 7:
		// Writes inside a loop leave the loop as it was.
		n, want := 0, 0
		if want, err = tx.Count(table, backend.Range{}); err != nil {
			err = nil
			break
		}
		for kv, err := range tx.Scan(table, backend.Range{}) {
			if err != nil {
				t.Fatalf("Scan = %v", err)
			}
			if n++; n%3 == 0 {
				if err := tx.Put(table, []byte(keys.Draw(t, "key")), []byte("looped")); err != nil {
					t.Fatalf("Put = %v", err)
				}
			} else if n%3 == 1 {
				if _, err := tx.Delete(table, kv.Key); err != nil {
					t.Fatalf("Delete = %v", err)
				}
			}
		}
		if n != want {
			t.Fatalf("loop over %d pairs yielded %d", want, n)
		}
	default:
		err = tx.Put(table, []byte(key), []byte(rapid.StringN(0, 4, -1).Draw(t, "value")))
	}
	if err != nil {
		t.Fatalf("operation on %s = %v", table, err)
	}
}

// checkCounts compares Count, which jumps, with Scan, which walks.
func checkCounts(t *rapid.T, tx *mvcc.WriteTx) {
	names, err := tx.Tables()
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range names {
		r := backend.Range{Reverse: rapid.Bool().Draw(t, "reverse"), Limit: rapid.IntRange(0, 20).Draw(t, "limit")}
		if rapid.Bool().Draw(t, "has start") {
			r.Start = []byte(keys.Draw(t, "start"))
		}
		if rapid.Bool().Draw(t, "has end") {
			r.End = []byte(keys.Draw(t, "end"))
		}
		want := 0
		for _, err := range tx.Scan(table, r) {
			if err != nil {
				t.Fatalf("Scan = %v", err)
			}
			want++
		}
		if got, err := tx.Count(table, r); got != want || err != nil {
			t.Fatalf("Count(%s, %+v) = %d, %v, want %d", table, r, got, err, want)
		}
	}
}
