package entity_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

func TestQueriesReadNoMoreThanTheyNeed(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		db, d, decoded := manyItems(t, s, 200)
		tag := func(tags ...string) *entity.Query[itemKey, Item] {
			var r []keys.Range[keys.String]
			for _, tag := range tags {
				r = append(r, keys.Eq(keys.String(tag)))
			}
			return d.byTag.Query(r...)
		}
		ofA := d.store.Query(keys.Prefix[itemKey](keys.String("a")))
		low := d.byRank.Query(keys.Before(keys.Int(50)))
		odd := func(k itemKey, it *Item) bool { return it.Rank%2 == 1 }
		for _, c := range []struct {
			name          string
			query         *entity.Query[itemKey, Item]
			rows          int
			count, decode int // how many rows Count and Rows decode
		}{
			{"all rows", d.store.Query(), 200, 0, 200},
			{"a prefix", ofA, 100, 0, 100},
			{"a limit of rows", d.store.Query().Limit(7), 7, 0, 7},
			{"a limit of an index, backwards", low.Reverse().Limit(7), 7, 0, 7},
			{"a limit over several ranges", d.byRank.Query(keys.Eq(keys.Int(3)), keys.From(keys.Int(190))).Limit(7), 7, 0, 7},
			{"one key of an index of several", tag("t1"), 50, 0, 50},
			{"several keys of an index of several", tag("t1", "all"), 200, 0, 250}, // those of t1 are asked at both of their keys
			{"a limit of an index of several", tag("t1").Limit(3), 3, 0, 3},
			{"And of an index as large", low.And(tag("t1")), 13, 0, 13},
			{"And of an index a bit larger", low.And(tag("all")), 50, 0, 50},
			{"And of a much larger index", d.byCode.Query(keys.Eq[keys.String]("c10")).And(tag("all")), 1, 1, 1},
			{"And of a much smaller index", tag("all").And(d.byCode.Query(keys.Eq[keys.String]("c10"))), 1, 1, 2}, // looked up for its key, then as a row
			{"And of primary keys", low.And(ofA), 25, 0, 25},
			{"And of an index to primary keys", ofA.And(low), 25, 0, 25},
			{"And of the same index", low.And(d.byRank.Query(keys.From(keys.Int(40)))), 10, 0, 10},
			{"And of two keys of an index of several", tag("t1").And(tag("all")), 50, 0, 50},
			{"And of what excludes it", ofA.And(d.store.Query(keys.Prefix[itemKey](keys.String("b")))), 0, 0, 0},
			{"a partial index", d.byOpen.Query(), 20, 0, 20},
			{"a filter", low.Filter(odd), 25, 50, 50},
			{"a limit after a filter", low.Filter(odd).Limit(2), 2, 4, 4},
			{"an order", low.OrderBy(func(a, b *entity.Row[itemKey, Item]) int { return -cmp.Compare(a.Value.Rank, b.Value.Rank) }).Limit(2), 2, 0, 50},
		} {
			t.Run("B41 "+c.name, func(t *testing.T) {
				for name, in := range map[string]func(testing.TB, *entity.DB, func(*entity.Tx) error){"View": view, "Update": update} {
					in(t, db, func(tx *entity.Tx) error {
						*decoded = 0
						if n, err := c.query.Count(tx); n != c.rows || err != nil || *decoded != c.count {
							t.Errorf("in %s Count = %d, %v and decodes %d rows, want %d and %d", name, n, err, *decoded, c.rows, c.count)
						}
						*decoded = 0
						ks, err := collect(c.query.Rows(tx))
						if len(ks) != c.rows || err != nil {
							t.Errorf("in %s there are %d rows, %v, want %d", name, len(ks), err, c.rows)
						}
						if name == "View" && *decoded != c.decode {
							t.Errorf("Rows decodes %d rows, want %d", *decoded, c.decode)
						}
						return nil
					})
				}
			})
		}
		t.Run("B41 a projection decodes as its own type only", func(t *testing.T) {
			*decoded = 0
			small := new(int)
			codec := counting[struct{ Rank int }]{msgpack.Of[struct{ Rank int }](), small}
			view(t, db, func(tx *entity.Tx) error {
				sum := 0
				for row, err := range entity.Project(tx, low.And(tag("t1")), codec) {
					if err != nil {
						return err
					}
					sum += row.Value.Rank
				}
				if sum != (1+49)*13/2 || *small != 13 || *decoded != 0 {
					t.Errorf("the ranks 1, 5, … 49 sum up to %d, %d projected and %d decoded", sum, *small, *decoded)
				}
				return nil
			})
		})
		t.Run("B41 First decodes the first", func(t *testing.T) {
			*decoded = 0
			view(t, db, func(tx *entity.Tx) error {
				row, found, err := low.Reverse().First(tx)
				if err != nil || !found || row.Value.Rank != 49 || *decoded != 1 {
					t.Errorf("First = %v, %v, %v and decodes %d rows, want rank 49 and 1", row, found, err, *decoded)
				}
				return nil
			})
		})
	})
}

// A query is a value: its methods leave it as it was.
func TestQueriesDontChange(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		db, d, _ := manyItems(t, s, 20)
		view(t, db, func(tx *entity.Tx) error {
			count := func(q *entity.Query[itemKey, Item], want int) {
				t.Helper()
				if n, err := q.Count(tx); n != want || err != nil {
					t.Errorf("Count = %d, %v, want %d", n, err, want)
				}
			}
			even := func(_ itemKey, it *Item) bool { return it.Rank%2 == 0 }
			third := func(_ itemKey, it *Item) bool { return it.Rank%3 == 0 }
			q := d.byRank.Query(keys.From(keys.Int(10)))
			f := q.Filter(even)
			a := q.And(d.byTag.Query(keys.Eq(keys.String("t1"))))
			// Each pair grows from the same query.
			count(f.Filter(third), 2) // 12, 18
			count(f.Filter(func(itemKey, *Item) bool { return true }), 5)
			count(a.And(d.byTag.Query(keys.Eq(keys.String("t2")))), 0)
			count(a.And(d.byTag.Query(keys.Eq(keys.String("all")))), 2) // 13, 17
			count(q.Limit(3), 3)
			count(q.OrderBy(func(a, b *entity.Row[itemKey, Item]) int { return 0 }).Reverse(), 10)
			count(f, 5)
			count(a, 2)
			count(q, 10)
			row, _, err := q.First(tx)
			if err != nil || row.Value.Rank != 10 {
				t.Errorf("First = %v, %v, want rank 10", row, err)
			}
			return nil
		})
	})
}

// A loop in a View and a loop that may write are cut short alike.
func TestLoopsOverQueriesEnd(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		db, d, _ := manyItems(t, s, 20)
		byRank := func(a, b *entity.Row[itemKey, Item]) int { return cmp.Compare(a.Value.Rank, b.Value.Rank) }
		for name, q := range map[string]*entity.Query[itemKey, Item]{
			"rows":   d.store.Query(),
			"index":  d.byRank.Query(),
			"sorted": d.byRank.Query().OrderBy(byRank),
			"listed": d.byTag.Query(keys.Eq(keys.String("t1")), keys.Eq(keys.String("all"))),
		} {
			for _, in := range []func(testing.TB, *entity.DB, func(*entity.Tx) error){view, update} {
				in(t, db, func(tx *entity.Tx) error {
					rows := q.Rows(tx)
					for range 2 { // the iterator may be used again
						var got []itemKey
						for row, err := range rows {
							if err != nil {
								return err
							}
							for inner, err := range rows { // and in itself
								if err != nil || len(got) == 0 && inner.Key != row.Key {
									t.Errorf("%s: the inner loop begins with %v, %v, want %v", name, inner, err, row.Key)
								}
								break
							}
							if got = append(got, row.Key); len(got) == 2 {
								break
							}
						}
						all, err := collect(rows)
						if err != nil || !slices.Equal(got, all[:2]) {
							t.Errorf("%s: the first two rows are %v, %v, want %v", name, got, err, all[:2])
						}
					}
					return nil
				})
			}
		}
	})
}

// The end of a context ends a loop.
func TestQueriesSeeTheEndOfTheirContext(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		db, d, _ := manyItems(t, s, 3000)
		ctx, cancel := context.WithCancel(t.Context())
		rows := 0
		err := db.View(ctx, func(_ context.Context, tx *entity.Tx) error {
			for _, err := range d.byRank.Query().Filter(func(_ itemKey, it *Item) bool { return it.Rank == 0 || it.Rank == 2999 }).Rows(tx) {
				if err != nil {
					return err
				}
				rows++
				cancel()
			}
			return nil
		})
		if !errors.Is(err, context.Canceled) || rows != 1 {
			t.Errorf("the loop ends with %v after %d rows, want the context's error after 1", err, rows)
		}
	})
}
