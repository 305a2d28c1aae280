package entity_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/faults"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

func TestQueryErrors(t *testing.T) {
	other := entity.New[itemKey]("others", msgpack.Of[Item]())
	unknown := newItems(msgpack.Of[Item]())
	d := newItems(msgpack.Of[Item]())
	q := d.byRank.Query(keys.From(keys.Int(1)))
	byTitle := func(a, b *entity.Row[itemKey, Item]) int { return 0 }
	onEngines(t, func(t *testing.T, s backend.Store) {
		db := open(t, s, d.store, other)
		tokens := map[string]string{}
		update(t, db, func(tx *entity.Tx) error {
			for i := range 5 {
				if err := d.store.Put(tx, itemID("a", i), Item{Rank: i, Tags: []string{"x", "y"}}); err != nil {
					return err
				}
			}
			for row, err := range d.byRank.Scan(tx, keys.All[keys.Int]()) {
				if err != nil {
					return err
				}
				if tokens[fmt.Sprint(row.Value.Rank)], err = row.Token(); err != nil {
					return err
				}
			}
			return nil
		})
		for _, c := range []struct {
			name  string
			class backend.Class
			says  string
			query *entity.Query[itemKey, Item]
		}{
			{"no query", backend.ErrInvalid, "wasn't made by", new(entity.Query[itemKey, Item])},
			{"a range with a limit", backend.ErrInvalid, "query items: ", d.store.Query(keys.All[itemKey]().Limit(1))},
			{"a range with an order", backend.ErrInvalid, "index by_rank", d.byRank.Query(keys.Eq(keys.Int(1)), keys.All[keys.Int]().Reverse())},
			{"a range with a token", backend.ErrInvalid, "give it to the query", d.byRank.Query(keys.All[keys.Int]().Resume(tokens["1"]))},
			{"a key without an encoding", backend.ErrInvalid, "UTF-8", d.byTag.Query(keys.Eq(keys.String("\xff")))},
			{"a negative limit", backend.ErrInvalid, "negative", q.Limit(-1)},
			{"a nil filter", backend.ErrInvalid, "nil", q.Filter(nil)},
			{"a nil order", backend.ErrInvalid, "nil", q.OrderBy(nil)},
			{"And of nil", backend.ErrInvalid, "And", q.And(nil)},
			{"And of a limit", backend.ErrInvalid, "And", q.And(d.byTag.Query().Limit(2))},
			{"And of a reversed query", backend.ErrInvalid, "And", q.And(d.byTag.Query().Reverse())},
			{"And of a sorted query", backend.ErrInvalid, "And", q.And(d.byTag.Query().OrderBy(byTitle))},
			{"And of a resumed query", backend.ErrInvalid, "And", q.And(d.byTag.Query().Resume("x"))},
			{"And of a bad range", backend.ErrInvalid, "index by_tag", q.And(d.byTag.Query(keys.Eq(keys.String("\xff"))))},
			{"And of a bad query", backend.ErrInvalid, "nil", q.And(d.byTag.Query().Filter(nil))},
			{"And of another store", backend.ErrInvalid, "another store", q.And(other.Query())},
			{"And of an index that isn't open", backend.ErrTableNotFound, "index by_tag", q.And(unknown.byTag.Query())},
			{"a store that isn't open", backend.ErrTableNotFound, "items", unknown.store.Query()},
			{"an index that isn't open", backend.ErrTableNotFound, "index by_rank", unknown.byRank.Query()},
			{"an index that wasn't made", backend.ErrInvalid, "index", new(entity.Index[keys.Int, itemKey, Item]).Query()},
			{"a damaged token", backend.ErrInvalid, "damaged", q.Resume("AAAA")},
			{"a token of the other direction", backend.ErrInvalid, "direction", q.Reverse().Resume(tokens["3"])},
			{"a token of another index", backend.ErrInvalid, "another", d.byOpen.Query().Resume(tokens["3"])},
			{"a token outside of the ranges", backend.ErrInvalid, "outside", q.Resume(tokens["0"])},
			{"a token between the ranges", backend.ErrInvalid, "outside", d.byRank.Query(keys.Before(keys.Int(2)), keys.After(keys.Int(2))).Resume(tokens["2"])},
			{"a token with an order", backend.ErrUnsupported, "OrderBy", q.OrderBy(byTitle).Resume(tokens["3"])},
		} {
			t.Run("B41 "+c.name+" is refused", func(t *testing.T) {
				view(t, db, func(tx *entity.Tx) error {
					rows, yields := 0, 0
					var err error
					for row, e := range c.query.Rows(tx) {
						if yields++; row != nil {
							rows++
						}
						err = e
					}
					wantClass(t, "Rows", err, c.class)
					var e *entity.Error
					if !errors.As(err, &e) || !strings.Contains(e.Error(), c.says) {
						t.Errorf("the error is %v, want an entity.Error that says %q", err, c.says)
					}
					if rows != 0 || yields != 1 {
						t.Errorf("Rows yields %d rows and %d times, want the error once", rows, yields)
					}
					_, found, err := c.query.First(tx)
					wantClass(t, "First", err, c.class)
					n, err := c.query.Count(tx)
					wantClass(t, "Count", err, c.class)
					p, err := c.query.Explain(tx)
					wantClass(t, "Explain", err, c.class)
					if found || n != 0 || p != nil {
						t.Errorf("beside the error there is %v, %d, %v", found, n, p)
					}
					_, err = entity.Summarize(tx, c.query, func(itemKey, *Item) int { return 1 })
					wantClass(t, "Summarize", err, c.class)
					groups, err := entity.GroupBy(tx, c.query, func(itemKey, *Item) int { return 1 }, func(itemKey, *Item) int { return 1 })
					wantClass(t, "GroupBy", err, c.class)
					_, err = collect(entity.Project(tx, c.query, msgpack.Of[Item]()))
					wantClass(t, "Project", err, c.class)
					if groups != nil {
						t.Errorf("beside the error there are the groups %v", groups)
					}
					return nil
				})
			})
		}
		t.Run("B41 a projection by another codec is refused", func(t *testing.T) {
			view(t, db, func(tx *entity.Tx) error {
				_, err := collect(entity.Project[Item](tx, q, nil))
				wantClass(t, "with a nil codec", err, backend.ErrInvalid)
				_, err = collect(entity.Project(tx, q, rawCodec{}))
				wantClass(t, "with another codec", err, backend.ErrInvalid)
				_, err = collect(entity.Project(tx, q, msgpack.Of[struct{ Rank string }]()))
				wantClass(t, "as a type that the row isn't", err, backend.ErrCorrupt)
				return nil
			})
		})
		t.Run("B41 a sorted row has no token", func(t *testing.T) {
			view(t, db, func(tx *entity.Tx) error {
				row, _, err := q.OrderBy(byTitle).First(tx)
				if err != nil {
					return err
				}
				_, err = row.Token()
				wantClass(t, "Token", err, backend.ErrUnsupported)
				for row, err := range entity.Project(tx, q.OrderBy(byTitle), msgpack.Of[Item]()) {
					if err != nil {
						return err
					}
					_, err = row.Token()
					wantClass(t, "Token of a projection", err, backend.ErrUnsupported)
				}
				return nil
			})
		})
		t.Run("a query in a transaction that has ended is ErrTxDone", func(t *testing.T) {
			var ended *entity.Tx
			view(t, db, func(tx *entity.Tx) error {
				ended = tx
				return nil
			})
			_, err := collect(q.Rows(ended))
			wantClass(t, "Rows", err, backend.ErrTxDone)
			_, err = d.store.Query(keys.Between(itemID("b", 0), itemID("a", 0))).Count(ended)
			wantClass(t, "Count of an empty range", err, backend.ErrTxDone)
		})
	})
}

// A query never passes over what is damaged.
func TestQueriesMeetDamage(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		d := newItems(msgpack.Of[Item]())
		db, err := entity.Open(t.Context(), s, d.store) // that isn't sound in the end
		if err != nil {
			t.Fatal(err)
		}
		update(t, db, func(tx *entity.Tx) error {
			for i := range 3 {
				if err := d.store.Put(tx, itemID("a", i), Item{Rank: i, Tags: []string{"x", "y"}}); err != nil {
					return err
				}
			}
			return nil
		})
		sound := dumpOf(t, s)
		key := encoded(t, itemID("a", 1))
		all := d.byTag.Query()
		for _, c := range []struct {
			name   string
			damage func(tx backend.WriteTx) error
			says   string
			query  *entity.Query[itemKey, Item]
		}{
			{"a row that can't be read", func(tx backend.WriteTx) error { return tx.Put("items", key, []byte("?")) }, `query items ("a", 1)`, d.store.Query()},
			{"a row that can't be read, by an index", func(tx backend.WriteTx) error { return tx.Put("items", key, []byte("?")) }, "index by_rank", d.byRank.Query()},
			{"a row that can't be read, and is sorted", func(tx backend.WriteTx) error { return tx.Put("items", key, []byte("?")) }, "index by_tag",
				all.OrderBy(func(a, b *entity.Row[itemKey, Item]) int { return 0 })},
			{"an entry without its row", func(tx backend.WriteTx) error { return backend.Remove(tx, "items", key) }, "missing", d.byRank.Query()},
			{"an entry of And without its row", func(tx backend.WriteTx) error { return backend.Remove(tx, "items", key) }, "missing", d.store.Query().And(d.byRank.Query())},
			{"an entry that its row doesn't have", func(tx backend.WriteTx) error {
				return tx.Put("_index/2", append(encoded(t, keys.String("z")), key...), []byte{1})
			}, `("z", "a", 1)`, d.byTag.Query(keys.Eq(keys.String("z")), keys.From(keys.String("zz")))},
			{"an entry that is none", func(tx backend.WriteTx) error { return tx.Put("_index/1", []byte{0xFE}, []byte{1}) }, "index by_rank", d.byRank.Query()},
			{"an entry of And that is none", func(tx backend.WriteTx) error { return tx.Put("_index/1", []byte{0xFE}, []byte{1}) }, "index by_rank", all.And(d.byRank.Query())},
		} {
			t.Run("A18 "+c.name+" is ErrCorrupt", func(t *testing.T) {
				raw(t, s, func(tx backend.WriteTx) error { return errors.Join(restore(tx, sound), c.damage(tx)) })
				for name, in := range map[string]func(testing.TB, *entity.DB, func(*entity.Tx) error){"View": view, "Update": update} {
					in(t, db, func(tx *entity.Tx) error {
						_, err := collect(c.query.Rows(tx))
						wantClass(t, "Rows in "+name, err, backend.ErrCorrupt)
						if err == nil || !strings.Contains(err.Error(), c.says) {
							t.Errorf("the error is %v, want it to say %s", err, c.says)
						}
						_, err = entity.Summarize(tx, c.query, func(itemKey, *Item) int { return 1 })
						wantClass(t, "Summarize in "+name, err, backend.ErrCorrupt)
						_, err = collect(entity.Project(tx, c.query, msgpack.Of[struct{}]()))
						wantClass(t, "Project in "+name, err, backend.ErrCorrupt)
						return nil
					})
				}
			})
		}
		raw(t, s, func(tx backend.WriteTx) error { return restore(tx, sound) })
		if err := entity.Verify(t.Context(), db); err != nil {
			t.Errorf("Verify: %v", err)
		}
	})
}

// TestFaultyQueries fails each read of queries in turn: every failure is
// reported, as what the engine said.
func TestFaultyQueries(t *testing.T) {
	injected := errors.New("injected")
	onEngines(t, func(t *testing.T, s backend.Store) {
		_, d, _ := manyItems(t, s, 30)
		low := d.byRank.Query(keys.Before(keys.Int(3)))
		all := d.byTag.Query()
		for name, do := range map[string]func(*entity.Tx) (int, error){
			"walk": func(tx *entity.Tx) (int, error) {
				ks, err := collect(all.Limit(3).Rows(tx))
				return len(ks), err
			},
			"look up": func(tx *entity.Tx) (int, error) {
				ks, err := collect(all.And(low).Rows(tx))
				return len(ks), err
			},
			"ask": func(tx *entity.Tx) (int, error) {
				ks, err := collect(low.And(all).Rows(tx))
				return len(ks), err
			},
			"count":    func(tx *entity.Tx) (int, error) { return low.Count(tx) },
			"distinct": func(tx *entity.Tx) (int, error) { return all.Limit(3).Count(tx) },
			"project": func(tx *entity.Tx) (int, error) {
				ks, err := collect(entity.Project(tx, low, msgpack.Of[struct{ Rank int }]()))
				return len(ks), err
			},
			"explain": func(tx *entity.Tx) (int, error) {
				p, err := low.Explain(tx)
				if err != nil {
					return 0, err
				}
				return p.Entries, nil
			},
		} {
			for n, failed := int64(1), true; failed; n++ {
				fdb, err := entity.Open(t.Context(), faults.Inject(s, faults.Nth(n, injected)), d.store)
				if errors.Is(err, injected) {
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				rows := 0
				err = fdb.Update(t.Context(), func(_ context.Context, tx *entity.Tx) (err error) {
					rows, err = do(tx)
					return err
				})
				failed = errors.Is(err, injected)
				if err != nil && !failed || err == nil && rows != 3 {
					t.Fatalf("A27 %s with call %d failing: %d rows, %v, want 3 or the injected error", name, n, rows, err)
				}
			}
		}
	})
}
