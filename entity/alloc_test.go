//go:build !race

package entity_test

import (
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/keys"
)

// TestA34_Allocations holds what the typed layer allocates. Pools keep nothing
// reliably under the race detector, hence the tag.
func TestA34_Allocations(t *testing.T) {
	rows, byLast := benchStore()
	db := benchDB(t, rows)
	putAll(t, db, rows, 0)
	// per returns the allocations of fn, which handles n rows in one View.
	per := func(n int, fn func(tx *entity.Tx)) float64 {
		all := testing.AllocsPerRun(20, func() {
			view(t, db, func(tx *entity.Tx) error {
				fn(tx)
				return nil
			})
		})
		return all / float64(n)
	}
	const slack = 0.1 // for what a transaction and a loop allocate once
	for _, c := range []struct {
		name string
		want float64
		fn   func(tx *entity.Tx)
	}{
		{"Get allocates nothing", 0, func(tx *entity.Tx) {
			for i := range benchRows {
				_, _, _ = rows.Get(tx, keys.Int(i))
			}
		}},
		{"Scan allocates the row", 1, func(tx *entity.Tx) {
			for row := range rows.Scan(tx, keys.All[keys.Int]()) {
				kept = row
			}
		}},
		{"Scan of an index allocates the row", 1, func(tx *entity.Tx) {
			for row := range byLast.Scan(tx, keys.All[keys.Int]()) {
				kept = row
			}
		}},
		{"Query allocates the row", 1, func(tx *entity.Tx) {
			for row := range rows.Query().Rows(tx) {
				kept = row
			}
		}},
		{"Query of an index allocates the row", 1, func(tx *entity.Tx) {
			for row := range byLast.Query().Rows(tx) {
				kept = row
			}
		}},
		{"a row that a filter drops costs nothing", 0, func(tx *entity.Tx) {
			for row := range byLast.Query().Filter(func(keys.Int, *backend.KV) bool { return false }).Rows(tx) {
				kept = row
			}
		}},
		{"Summarize allocates nothing for a row", 0, func(tx *entity.Tx) {
			_, _ = entity.Summarize(tx, rows.Query(), func(k keys.Int, _ *backend.KV) int { return int(k) })
		}},
		{"Count allocates nothing for a row", 0, func(tx *entity.Tx) { _, _ = byLast.Count(tx, keys.All[keys.Int]()) }},
	} {
		t.Run("A34 "+c.name, func(t *testing.T) {
			if got := per(benchRows, c.fn); got > c.want+slack {
				t.Errorf("%v allocations a row, want %v", got, c.want)
			}
		})
	}
}

// kept makes rows escape, as those of a caller that keeps them do.
var kept *entity.Row[keys.Int, backend.KV]
