package entity_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/faults"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

// entries returns the entries of an index as "key=row key=row".
func entries[I keys.Key[I]](t testing.TB, tx *entity.Tx, x *entity.Index[I, keys.UserID, User], r keys.Range[I]) string {
	t.Helper()
	var s []string
	for e, err := range x.Keys(tx, r) {
		if err != nil {
			t.Errorf("Keys: %v", err)
			break
		}
		s = append(s, keys.Fmt(encoded(t, e.IndexKey))+"="+e.Key.String())
	}
	return strings.Join(s, " ")
}

func TestIndexes(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		db, d := withUsers(t, s)

		t.Run("B26 Scan yields rows in the index's order", func(t *testing.T) {
			view(t, db, func(tx *entity.Tx) error {
				for _, c := range []struct {
					r    keys.Range[keys.Int]
					want string
				}{
					{keys.All[keys.Int](), "c a b"},
					{keys.All[keys.Int]().Reverse(), "b a c"},
					{keys.Eq(keys.Int(36)), "a b"},
					{keys.UpTo(keys.Int(20)), "c"},
					{keys.After(keys.Int(20)), "a b"},
					{keys.Before(keys.Int(36)), "c"},
					{keys.All[keys.Int]().Limit(2), "c a"},
				} {
					if got := list(t, d.byAge.Scan(tx, c.r)); got != c.want {
						t.Errorf("rows are %q, want %q", got, c.want)
					}
					if n, err := d.byAge.Count(tx, c.r); n != len(strings.Fields(c.want)) || err != nil {
						t.Errorf("Count = %d, %v, want the number of %q", n, err, c.want)
					}
				}
				return nil
			})
		})

		t.Run("B26 Keys yields index keys and primary keys", func(t *testing.T) {
			view(t, db, func(tx *entity.Tx) error {
				if got, want := entries(t, tx, d.byAge, keys.All[keys.Int]()), "(20)=c (36)=a (36)=b"; got != want {
					t.Errorf("entries are %s, want %s", got, want)
				}
				return nil
			})
		})

		t.Run("B26 a multi-valued index has an entry for each key, a partial one none", func(t *testing.T) {
			view(t, db, func(tx *entity.Tx) error {
				if got, want := entries(t, tx, d.byTag, keys.All[keys.String]()), `("count")=a ("count")=b ("poet")=a`; got != want {
					t.Errorf("by_tag has %s, want %s", got, want)
				}
				if got, want := entries(t, tx, d.byTeam, keys.All[keys.T2[keys.String, keys.Int]]()), `("math", 36)=a ("ops", 36)=b`; got != want {
					t.Errorf("by_team has %s, want %s", got, want)
				}
				if got := list(t, d.byTeam.Scan(tx, keys.Prefix[keys.T2[keys.String, keys.Int]](keys.String("math")))); got != "a" {
					t.Errorf("team math is %q, want a", got)
				}
				return nil
			})
		})

		t.Run("a key that a row yields twice is one entry", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				u := carol
				u.Tags = []string{"z", "a", "z"}
				if err := d.users.Put(tx, uid("c"), u); err != nil {
					return err
				}
				if got, want := entries(t, tx, d.byTag, keys.All[keys.String]()), `("a")=c ("count")=a ("count")=b ("poet")=a ("z")=c`; got != want {
					t.Errorf("by_tag has %s, want %s", got, want)
				}
				return d.users.Put(tx, uid("c"), carol)
			})
		})

		t.Run("B25 Get finds the row of a unique key, and none is no error", func(t *testing.T) {
			view(t, db, func(tx *entity.Tx) error {
				row, found, err := d.byName.Get(tx, "Bob")
				if err != nil || !found || row.Key != uid("b") || !equalUsers(row.Value, bob) {
					t.Errorf("Get(Bob) = %+v, %v, %v, want row b", row, found, err)
				}
				row, found, err = d.byName.Get(tx, "bob")
				if err != nil || found || row != nil {
					t.Errorf("Get(bob) = %+v, %v, %v, want nothing", row, found, err)
				}
				return nil
			})
		})

		t.Run("B25 unique violation changes nothing", func(t *testing.T) {
			before := dumpOf(t, s)
			update(t, db, func(tx *entity.Tx) error {
				err := d.users.Put(tx, uid("d"), User{Name: "Ada", Tags: []string{"new"}})
				wantClass(t, "Put of a taken name", err, backend.ErrUnique)
				var e *entity.Error
				if !errors.As(err, &e) || e.Op != "put" || e.Store != "users" || e.Index != "by_name" || e.Key != `("d")` {
					t.Errorf("the error is %+v, want op put, store users, index by_name, key d", e)
				}
				wantClass(t, "Insert of a taken name", d.users.Insert(tx, uid("d"), User{Name: "Ada"}), backend.ErrUnique)
				return nil
			})
			wantDump(t, "after refused puts", s, before)
		})

		t.Run("B25 D6 D10 renaming to a taken name changes nothing, and the old name still works", func(t *testing.T) {
			before := dumpOf(t, s)
			update(t, db, func(tx *entity.Tx) error {
				u := bob
				u.Name = "Ada"
				wantClass(t, "Put", d.users.Put(tx, uid("b"), u), backend.ErrUnique)
				if row, found, err := d.byName.Get(tx, "Bob"); !found || row.Key != uid("b") {
					t.Errorf("Get(Bob) = %v, %v, %v after the refused rename, want row b", row, found, err)
				}
				return nil
			})
			wantDump(t, "after the refused rename", s, before)
		})

		t.Run("B25 D8 renaming moves the entry, and frees the old name for another row", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				u := bob
				u.Name = "Rob"
				if err := d.users.Put(tx, uid("b"), u); err != nil {
					return err
				}
				if _, found, err := d.byName.Get(tx, "Bob"); found || err != nil {
					t.Errorf("Get(Bob) = %v, %v after the rename, want nothing", found, err)
				}
				if row, found, err := d.byName.Get(tx, "Rob"); !found || row.Key != uid("b") {
					t.Errorf("Get(Rob) = %v, %v, %v, want row b", row, found, err)
				}
				return d.users.Put(tx, uid("d"), User{Name: "Bob"})
			})
			update(t, db, func(tx *entity.Tx) error {
				_, err := d.users.Delete(tx, uid("d"))
				return errors.Join(err, d.users.Put(tx, uid("b"), bob))
			})
		})

		t.Run("a string key is not taken for one that begins with it and a zero byte", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				for i, name := range []string{"y\x00", "y", "y\x00\x00"} {
					if err := d.users.Put(tx, uid("y"+string(rune('0'+i))), User{Name: name}); err != nil {
						t.Errorf("Put of the name %q: %v", name, err)
					}
				}
				if row, _, err := d.byName.Get(tx, "y"); err != nil || row.Key != uid("y1") {
					t.Errorf("Get(y) = %v, %v, want row y1", row, err)
				}
				_, err := d.users.DeleteMany(tx, slices.Values([]keys.UserID{uid("y0"), uid("y1"), uid("y2")}))
				return err
			})
		})

		t.Run("D9 deleting a row deletes its entries", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				if _, err := d.users.Delete(tx, uid("a")); err != nil {
					return err
				}
				if got, want := entries(t, tx, d.byTag, keys.All[keys.String]()), `("count")=b`; got != want {
					t.Errorf("by_tag has %s, want %s", got, want)
				}
				if got, want := entries(t, tx, d.byAge, keys.All[keys.Int]()), "(20)=c (36)=b"; got != want {
					t.Errorf("by_age has %s, want %s", got, want)
				}
				return d.users.Put(tx, uid("a"), ada)
			})
		})

		t.Run("D11 deleting a row leaves the entries of others under the same key", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				if existed, err := d.users.Delete(tx, uid("nobody")); existed || err != nil {
					t.Errorf("Delete(nobody) = %v, %v, want nothing to delete", existed, err)
				}
				if _, err := d.users.Delete(tx, uid("a")); err != nil {
					return err
				}
				if got := list(t, d.byAge.Scan(tx, keys.Eq(keys.Int(36)))); got != "b" {
					t.Errorf("rows of age 36 are %q, want b", got)
				}
				return d.users.Put(tx, uid("a"), ada)
			})
		})

		t.Run("a loop over an index that moves and deletes rows sees each at most once", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				seen := ""
				for row, err := range d.byAge.Scan(tx, keys.All[keys.Int]()) {
					if err != nil {
						return err
					}
					seen += row.Key.String()
					row.Value.Age += 100 // comes again at the end of a naive loop
					if err := d.users.Put(tx, row.Key, row.Value); err != nil {
						return err
					}
					if row.Key == uid("c") {
						if _, err := d.users.Delete(tx, uid("a")); err != nil {
							return err
						}
					}
				}
				if seen != "cb" {
					t.Errorf("the loop saw %q, want c, then b, since a was deleted before its turn", seen)
				}
				return nil
			})
		})
	})
}

// TestNilSequence has an index say that a row has no keys by a nil sequence.
func TestNilSequence(t *testing.T) {
	byTag := entity.NewMultiIndex("by_tag", func(_ keys.UserID, u *User) iter.Seq[keys.String] {
		if u.Team == "" {
			return nil
		}
		return func(yield func(keys.String) bool) { yield(keys.String(u.Team)) }
	})
	users := entity.New[keys.UserID]("users", msgpack.Of[User](), byTag)
	onEngines(t, func(t *testing.T, s backend.Store) {
		db := open(t, s, users)
		update(t, db, func(tx *entity.Tx) error {
			return errors.Join(users.Put(tx, uid("a"), ada), users.Put(tx, uid("c"), carol))
		})
		view(t, db, func(tx *entity.Tx) error {
			if got, want := entries(t, tx, byTag, keys.All[keys.String]()), `("math")=a`; got != want {
				t.Errorf("by_tag has %s, want %s", got, want)
			}
			return nil
		})
	})
}

// TestB27_OneWrite counts what reaches the engine.
func TestB27_OneWrite(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		var calls []string
		counted := faults.Inject(s, func(c faults.Call) error {
			if c.Op == "put" || c.Op == "delete" {
				calls = append(calls, c.Op+" "+c.Table)
			}
			return nil
		})
		db, d := withUsers(t, counted)
		put := func(t *testing.T, u User, want ...string) {
			t.Helper()
			calls = nil
			update(t, db, func(tx *entity.Tx) error { return d.users.Put(tx, uid("a"), u) })
			if got := strings.Join(calls, ", "); got != strings.Join(want, ", ") {
				t.Errorf("Put made the calls %s, want %s", got, strings.Join(want, ", "))
			}
		}
		same, older := ada, ada
		older.Age++
		t.Run("B27 an equal row is one write", func(t *testing.T) { put(t, same, "put users") })
		t.Run("B27 only indexes whose keys changed are written", func(t *testing.T) {
			put(t, older, "put users", "delete _index/2", "put _index/2", "delete _index/4", "put _index/4")
		})
		t.Run("B27 the row and all its indexes are one transaction", func(t *testing.T) {
			before := dumpOf(t, s)
			mine := errors.New("mine")
			err := db.Update(t.Context(), func(_ context.Context, tx *entity.Tx) error {
				return errors.Join(d.users.Put(tx, uid("a"), User{Name: "Other", Team: "x", Tags: []string{"y"}, Age: 1}), mine)
			})
			if !errors.Is(err, mine) {
				t.Errorf("Update = %v, want the closure's error", err)
			}
			wantDump(t, "after the rollback", s, before)
		})
	})
}

// TestD27_ManyRowsUnderOneKey shows that a write costs the same whether one row
// or thousands share an index key.
func TestD27_ManyRowsUnderOneKey(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		var bytes, calls int
		counted := faults.Inject(s, func(c faults.Call) error {
			if c.Op != "commit" && c.Op != "update" {
				calls++
				bytes += len(c.Key)
			}
			return nil
		})
		d := newSchema()
		db := open(t, counted, d.users)
		put := func(i int) (int, int) {
			calls, bytes = 0, 0
			name := "user" + string(rune('0'+i/1000%10)) + string(rune('0'+i/100%10)) + string(rune('0'+i/10%10)) + string(rune('0'+i%10))
			update(t, db, func(tx *entity.Tx) error { return d.users.Put(tx, uid(name), User{Name: name, Age: 1}) })
			return calls, bytes
		}
		firstCalls, firstBytes := put(0)
		update(t, db, func(tx *entity.Tx) error {
			return d.users.PutMany(tx, func(yield func(keys.UserID, User) bool) {
				for i := range 10_000 {
					name := "bulk" + string(rune('0'+i/1000%10)) + string(rune('0'+i/100%10)) + string(rune('0'+i/10%10)) + string(rune('0'+i%10))
					if !yield(uid(name), User{Name: name, Age: 1}) {
						return
					}
				}
			})
		})
		lastCalls, lastBytes := put(1)
		if lastCalls != firstCalls || lastBytes != firstBytes {
			t.Errorf("the last Put took %d calls and %d bytes of keys, want as many as the first: %d and %d", lastCalls, lastBytes, firstCalls, firstBytes)
		}
	})
}
