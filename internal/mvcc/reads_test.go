package mvcc_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/larderdb/larder/internal/mvcc"
)

// What it means that there is no conflict: after the commits of others the
// closure reads and does the same.
func TestWithoutConflictAClosureDoesTheSame(t *testing.T) {
	conflicts, others := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		s := new(mvcc.Snapshot)
		for range rapid.IntRange(0, 3).Draw(t, "commits before") {
			tx := s.Write(t.Context())
			run(tx, script(t, 60, "put", "put", "put", "delete", "stamp"))
			s = committed(t, tx, s.Version()+1)
			if rapid.Bool().Draw(t, "fold") {
				s = fold(s, nil)
			}
		}
		steps := script(t, 12, append([]string{"version"}, any...)...)
		before := s.Write(t.Context())
		before.Record()
		read := run(before, steps)
		ops := describe(before.Ops())

		conflict := false
		for range rapid.IntRange(1, 2).Draw(t, "commits of others") {
			tx := s.Write(t.Context())
			tx.Record()
			run(tx, script(t, 4, writing...))
			foreign := clone(tx.Ops())
			s = committed(t, tx, s.Version()+1)
			if rapid.Bool().Draw(t, "stamps are filled in") {
				foreign = tx.Ops()
			}
			if tx.Changed() && before.Reads().Conflict(s.Version(), foreign) {
				conflict = true
			}
		}
		if conflict {
			conflicts++
			return
		}
		others++
		after := s.Write(t.Context())
		after.Record()
		if got := run(after, steps); got != read {
			t.Fatalf("without a conflict it reads\n%s, want\n%s", got, read)
		}
		if got := describe(after.Ops()); got != ops {
			t.Fatalf("without a conflict it does\n%s, want\n%s", got, ops)
		}
	})
	if conflicts == 0 || others == 0 {
		t.Errorf("%d scripts had conflicts and %d had none, want some of both", conflicts, others)
	}
}
