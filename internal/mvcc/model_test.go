package mvcc_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
)

// Three contexts see the same commits: one runs every closure on pairs in
// memory, one runs the same over Bases that are often not in memory, and one
// applies what the first has recorded, over Bases of other commits. They agree
// on everything, and no snapshot ever changes.
func TestSnapshotsAgreeWhateverLiesInBases(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain, based, applied := new(mvcc.Snapshot), new(mvcc.Snapshot), new(mvcc.Snapshot)
		fails := new(failing)
		var history []*mvcc.Snapshot
		var states []string
		folded := plain
		var since [][]mvcc.Op // what was committed over folded, one by one
		var versions []uint64
		for range rapid.IntRange(1, 6).Draw(t, "transactions") {
			history, states = append(history, plain, based, applied), append(states, dump(plain), dump(based), dump(applied))
			steps := script(t, 60, any...)
			ours, theirs := plain.Write(t.Context()), based.Write(t.Context())
			ours.Record()
			theirs.Record()
			theirs.SetCached(true)
			want := run(ours, steps)
			if got := run(theirs, steps); got != want {
				t.Fatalf("over Bases a closure read\n%s, want\n%s", got, want)
			}
			ops := clone(ours.Ops())
			if got, want := describe(theirs.Ops()), describe(ops); got != want {
				t.Fatalf("over Bases a closure did\n%s, want\n%s", got, want)
			}
			if ours.Changed() != theirs.Changed() {
				t.Fatalf("over Bases Changed = %v, want %v", theirs.Changed(), ours.Changed())
			}
			checkCounts(t, theirs)
			version := plain.Version() + uint64(rapid.IntRange(1, 3).Draw(t, "version"))
			if !ours.Changed() {
				continue
			}
			plain, based = committed(t, ours, version), committed(t, theirs, version)
			var err error
			if applied, err = applied.Apply(version, clone(ops)); err != nil {
				t.Fatalf("Apply = %v", err)
			}
			since, versions = append(since, ops), append(versions, version)
			for name, s := range map[string]*mvcc.Snapshot{"over Bases": based, "applied": applied} {
				if got, want := dump(s), dump(plain); got != want {
					t.Fatalf("%s the snapshot is %s, want %s", name, got, want)
				}
			}

			switch rapid.IntRange(0, 3).Draw(t, "checkpoint") {
			case 0:
				based = fold(based, fails)
				folded, since, versions = based, nil, nil
			case 1:
				s := folded
				for i, ops := range since {
					if s, err = s.Apply(versions[i], clone(ops)); err != nil {
						t.Fatalf("Apply over another checkpoint = %v", err)
					}
				}
				applied = s
			}
			for name, s := range map[string]*mvcc.Snapshot{"folded": based, "over a newer checkpoint": applied} {
				if got, want := dump(s), dump(plain); got != want {
					t.Fatalf("%s the snapshot is %s, want %s", name, got, want)
				}
			}
		}
		for i, s := range history {
			if got := dump(s); got != states[i] {
				t.Fatalf("snapshot %d became %s, was %s", i, got, states[i])
			}
		}
	})
}

func committed(t *rapid.T, tx *mvcc.WriteTx, version uint64) *mvcc.Snapshot {
	s, err := tx.Commit(version)
	if err != nil {
		t.Fatalf("Commit = %v", err)
	}
	return s
}

// checkCounts compares Count, which jumps, with Scan, which walks.
func checkCounts(t *rapid.T, tx *mvcc.WriteTx) {
	tx.SetCached(false)
	names, err := tx.Tables()
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range names {
		r := drawRange(t)
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

// What a Base fails with comes out as it is, once, and nothing has changed.
func TestErrorsOfABase(t *testing.T) {
	s := commit(t, new(mvcc.Snapshot), func(tx *mvcc.WriteTx) {
		put(t, tx, "t", "a", "1")
		put(t, tx, "t", "c", "3")
	})
	s = commit(t, fold(s, &failing{}), func(tx *mvcc.WriteTx) { put(t, tx, "t", "b", "2") })
	for name, call := range map[string]func(tx *mvcc.WriteTx) error{
		"Get":    func(tx *mvcc.WriteTx) error { _, err := tx.Get("t", []byte("a")); return err },
		"Count":  func(tx *mvcc.WriteTx) error { _, err := tx.Count("t", backend.Range{}); return err },
		"Delete": func(tx *mvcc.WriteTx) error { _, err := tx.Delete("t", []byte("a")); return err },
		"Scan": func(tx *mvcc.WriteTx) (failed error) {
			for kv, err := range tx.Scan("t", backend.Range{}) {
				if failed != nil {
					t.Errorf("Scan yields %q, %v after its error", kv.Key, err)
				}
				failed = err
			}
			return failed
		},
	} {
		// Some reads of the Base fail, and what doesn't read it succeeds.
		for range 20 {
			tx := s.Write(backend.WithTxOptions(t.Context(), backend.TxOptions{Cached: true}))
			if v, err := tx.Get("t", []byte("b")); string(v) != "2" || err != nil {
				t.Fatalf("Get of a pair above the Base = %q, %v, want 2, nil", v, err)
			}
			if err := tx.Remove("t", []byte("b")); err != nil {
				t.Fatalf("Remove = %v, want nil", err)
			}
			if err := call(tx); err != nil && err != errAbsent {
				t.Fatalf("%s = %v, want the Base's error itself", name, err)
			} else if err == nil {
				continue
			}
			tx.SetCached(false)
			if next, err := tx.Commit(3); err != nil || dump(next) != `3 t{"a"="1" "c"="3" }` {
				t.Fatalf("after the error of %s the transaction commits %s, %v", name, dump(next), err)
			}
		}
	}
}

// Size is about the bytes that a checkpoint folds.
func TestSize(t *testing.T) {
	const n, value = 1000, 500
	s := commit(t, new(mvcc.Snapshot), func(tx *mvcc.WriteTx) {
		for i := range n {
			put(t, tx, "t", fmt.Sprintf("%06d", i), strings.Repeat("v", value))
			put(t, tx, "t", fmt.Sprintf("%06d", i), strings.Repeat("w", value))
		}
	})
	want := func(s *mvcc.Snapshot, least, most int) {
		t.Helper()
		if got := s.Size(); got < least || got > most {
			t.Errorf("Size = %d, want %d to %d", got, least, most)
		}
	}
	want(s, n*value, n*(value+100))
	folded := fold(s, nil)
	want(folded, 0, 0)
	removed := commit(t, folded, func(tx *mvcc.WriteTx) {
		for i := range n {
			if err := tx.Remove("t", fmt.Appendf(nil, "%06d", i)); err != nil {
				t.Fatal(err)
			}
		}
	})
	want(removed, n*6, n*100)
	want(commit(t, removed, func(tx *mvcc.WriteTx) {
		if err := tx.DropTable("t"); err != nil {
			t.Fatal(err)
		}
	}), 0, 0)
	want(commit(t, s, func(tx *mvcc.WriteTx) {
		if _, err := backend.DeleteRange(tx, "t", backend.Range{}); err != nil {
			t.Fatal(err)
		}
	}), 0, 0)
}
