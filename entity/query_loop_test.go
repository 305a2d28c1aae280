package entity_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

// TestLoopsThatChangeWhatIsAhead says in single cases what the model test says
// in general.
func TestLoopsThatChangeWhatIsAhead(t *testing.T) {
	d := newItems(msgpack.Of[Item]())
	tags := func(s string) Item { return Item{Tags: strings.Fields(s)} }
	either := d.byTag.Query(keys.Eq[keys.String]("x"), keys.Eq[keys.String]("z"))
	onEngines(t, func(t *testing.T, s backend.Store) {
		db := open(t, s, d.store)
		for _, c := range []struct {
			name   string
			rows   []Item // under the keys 0, 1, …
			query  *entity.Query[itemKey, Item]
			change map[int]Item // what the first turn of the loop puts; without tags it deletes
			want   string
		}{
			{"a row that gets an earlier key isn't lost", []Item{tags("x"), tags("z")}, either, map[int]Item{1: tags("x z")}, "0[x] 1[x z]"},
			{"a row that loses the first of its keys isn't lost", []Item{tags("x"), tags("x z"), tags("x")}, either, map[int]Item{1: tags("z")}, "0[x] 1[z] 2[x]"},
			{"a row that gets a later key comes once", []Item{tags("x"), tags("x")}, either, map[int]Item{0: tags("x z"), 1: tags("x z")}, "0[x] 1[x z]"},
			{"a row that moves to a later range comes in its old place", []Item{tags("x"), tags("x"), tags("x")}, either, map[int]Item{1: tags("z")}, "0[x] 1[z] 2[x]"},
			{"a row that leaves the ranges doesn't come", []Item{tags("x"), tags("x"), tags("z")}, either, map[int]Item{1: tags("y")}, "0[x] 2[z]"},
			{"a row that is deleted doesn't come", []Item{tags("x"), tags("x"), tags("z")}, either, map[int]Item{1: {}, 2: {}}, "0[x]"},
			{"a new row doesn't come", []Item{tags("x")}, either, map[int]Item{1: tags("x"), 2: tags("z")}, "0[x]"},
			{"a new row of one range doesn't come", []Item{tags("x")}, d.store.Query(), map[int]Item{1: tags("x")}, "0[x]"},
			{"a row of the store comes as it is", []Item{tags("x"), tags("x"), tags("x")}, d.store.Query(), map[int]Item{1: tags("y"), 2: {}}, "0[x] 1[y]"},
			{"a row that And doesn't select any more doesn't come", []Item{tags("x z"), tags("x z"), tags("x z")},
				d.store.Query().And(either), map[int]Item{1: tags("y")}, "0[x z] 2[x z]"},
			{"a row that And selects only now doesn't come", []Item{tags("x z"), tags("x"), tags("x z")},
				d.byTag.Query(keys.Eq[keys.String]("x")).And(d.byTag.Query(keys.Eq[keys.String]("z"))), map[int]Item{1: tags("x z")}, "0[x z] 2[x z]"},
			{"a filter sees a row as it is", []Item{tags("x"), tags("y"), tags("x")},
				d.store.Query().Filter(func(_ itemKey, it *Item) bool { return it.Tags[0] == "x" }), map[int]Item{1: tags("x"), 2: tags("y")}, "0[x] 1[x]"},
			{"a row that is gone counts for the limit", []Item{tags("x"), tags("x"), tags("x")}, either.Limit(2), map[int]Item{1: {}}, "0[x]"},
			{"sorted rows come as they were", []Item{tags("x"), tags("x"), tags("x")},
				either.OrderBy(func(a, b *entity.Row[itemKey, Item]) int { return 0 }), map[int]Item{1: {}, 2: tags("y")}, "0[x] 1[x] 2[x]"},
		} {
			t.Run("D17 "+c.name, func(t *testing.T) {
				update(t, db, func(tx *entity.Tx) error {
					if _, err := d.store.DeleteRange(tx, keys.All[itemKey]()); err != nil {
						return err
					}
					for i, it := range c.rows {
						if err := d.store.Put(tx, itemID("", i), it); err != nil {
							return err
						}
					}
					var got []string
					for row, err := range c.query.Rows(tx) {
						if err != nil {
							return err
						}
						got = append(got, fmt.Sprintf("%v%v", row.Key.B, row.Value.Tags))
						if len(got) > 1 {
							continue
						}
						for i, it := range c.change {
							var err error
							if it.Tags == nil {
								_, err = d.store.Delete(tx, itemID("", i))
							} else {
								err = d.store.Put(tx, itemID("", i), it)
							}
							if err != nil {
								return err
							}
						}
					}
					if got := strings.Join(got, " "); got != c.want {
						t.Errorf("the loop has %s, want %s", got, c.want)
					}
					return nil
				})
			})
		}
	})
}

// TestQueriesHaveRevisions looks at the revisions of a query's rows.
func TestQueriesHaveRevisions(t *testing.T) {
	d := newItems(msgpack.Of[Item]())
	store := d.store.WithRevisions()
	onEngines(t, func(t *testing.T, s backend.Store) {
		db := open(t, s, store)
		update(t, db, func(tx *entity.Tx) error { return store.Put(tx, itemID("a", 1), Item{Rank: 1}) })
		view(t, db, func(tx *entity.Tx) error {
			row, _, err := d.byRank.Query().First(tx)
			if err != nil || row.Revision != tx.ReadVersion() {
				t.Errorf("First = %+v, %v, want revision %d", row, err, tx.ReadVersion())
			}
			for row, err := range entity.Project(tx, store.Query(), msgpack.Of[struct{}]()) {
				if err != nil || row.Revision != tx.ReadVersion() {
					t.Errorf("Project has %+v, %v, want revision %d", row, err, tx.ReadVersion())
				}
			}
			return nil
		})
	})
}

// One query is run by several goroutines at the same time, in Views of their own.
func TestQueriesAreSafeForConcurrentUse(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		manyItems(t, s, 100)
		d := newItems(msgpack.Of[Item]()) // whose codec counts nothing
		db := open(t, s, d.store)
		q := d.byTag.Query(keys.Eq[keys.String]("t1"), keys.Eq[keys.String]("all")).And(d.byRank.Query(keys.From(keys.Int(50)))).
			Filter(func(_ itemKey, it *Item) bool { return it.Rank%2 == 1 })
		var all sync.WaitGroup
		results := make([][]itemKey, 4)
		for i := range results {
			all.Go(func() {
				view(t, db, func(tx *entity.Tx) (err error) {
					results[i], err = collect(q.Reverse().Limit(10).Rows(tx))
					return err
				})
			})
		}
		all.Wait()
		for _, got := range results {
			if len(got) != 10 || !slices.Equal(got, results[0]) {
				t.Errorf("a goroutine has %v, another %v", got, results[0])
			}
		}
	})
}
