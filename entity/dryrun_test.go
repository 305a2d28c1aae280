package entity_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
)

// TestDryRunOfUnfinished asks what is to do where an Open died in the midst. It
// said that there was nothing, though Open goes on with all of the rows.
func TestDryRunOfUnfinished(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		const n = 1300
		withTasks(t, s, n)
		for _, c := range []struct {
			name   string
			commit int // that Open dies at
			want   []entity.Change
		}{
			{"rows", 3, []entity.Change{{Kind: entity.MigrateRows, Store: "tasks", Rows: n}, {Kind: entity.BuildIndex, Store: "tasks", Index: "by_who", Rows: n}}},
			{"entries", 4, []entity.Change{{Kind: entity.BuildIndex, Store: "tasks", Index: "by_who", Rows: n}}},
			{"nothing", 0, nil},
		} {
			t.Run(c.name, func(t *testing.T) {
				if c.commit > 0 {
					killedOpen(t, s, c.commit, release3(step1, step2))
				} else {
					open(t, s, release3(step1, step2))
				}
				got, err := entity.DryRun(t.Context(), s, release3(step1, step2))
				if err != nil || !slices.Equal(got, c.want) {
					t.Errorf("DryRun = %v, %v, want %s", got, err, fmt.Sprint(c.want))
				}
			})
		}
	})
}
