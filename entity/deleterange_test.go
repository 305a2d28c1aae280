package entity_test

import (
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

// someRanges are ranges over the ids a to f, by what they are.
func someRanges(t *testing.T, tx *entity.Tx, users *entity.Store[keys.UserID, User]) map[string]keys.Range[keys.UserID] {
	t.Helper()
	tokens := map[bool]string{}
	for _, reverse := range []bool{false, true} {
		r := keys.All[keys.UserID]().Limit(2)
		if reverse {
			r = r.Reverse()
		}
		for row, err := range users.Scan(tx, r) {
			if err != nil {
				t.Fatal(err)
			}
			if tokens[reverse], err = row.Token(); err != nil {
				t.Fatal(err)
			}
		}
	}
	all := keys.All[keys.UserID]()
	return map[string]keys.Range[keys.UserID]{
		"all":                    all,
		"one":                    keys.Eq(uid("c")),
		"none":                   keys.After(uid("x")),
		"a part":                 keys.Between(uid("b"), uid("e")),
		"the first two":          all.Limit(2),
		"the last two":           all.Reverse().Limit(2),
		"more than there are":    all.Limit(100),
		"after a token":          all.Resume(tokens[false]),
		"two after a token":      all.Resume(tokens[false]).Limit(2),
		"before a token":         all.Reverse().Resume(tokens[true]),
		"a part before a token":  keys.From(uid("b")).Reverse().Resume(tokens[true]).Limit(2),
		"the last of all but it": keys.Before(uid("f")).Reverse().Limit(1),
	}
}

func TestDeleteRange(t *testing.T) {
	plain := entity.New[keys.UserID]("users", msgpack.Of[User]())
	for name, users := range map[string]*entity.Store[keys.UserID, User]{"with indexes": newSchema().users, "without indexes": plain} {
		onEngines(t, func(t *testing.T, s backend.Store) {
			db := open(t, s, users)
			update(t, db, func(tx *entity.Tx) error {
				n, err := users.DeleteRange(tx, keys.All[keys.UserID]())
				if n != 0 {
					t.Errorf("DeleteRange of a store that nothing was put into = %d, want 0", n)
				}
				for i, id := range strings.Fields("a b c d e f") {
					err = errors.Join(err, users.Put(tx, uid(id), User{Name: id, Age: i, Tags: []string{"x", id}}))
				}
				return err
			})
			before := dumpOf(t, s)
			var names []string
			view(t, db, func(tx *entity.Tx) error {
				for name := range someRanges(t, tx, users) {
					names = append(names, name)
				}
				return nil
			})
			for _, of := range names {
				t.Run("B5 B9 D9 "+of+" "+name, func(t *testing.T) {
					update(t, db, func(tx *entity.Tx) error {
						r := someRanges(t, tx, users)[of]
						gone := list(t, users.Scan(tx, r))
						var want []string
						for _, id := range strings.Fields("a b c d e f") {
							if !strings.Contains(gone, id) {
								want = append(want, id)
							}
						}
						n, err := users.DeleteRange(tx, r)
						if n != len(strings.Fields(gone)) {
							t.Errorf("DeleteRange = %d, want %d", n, len(strings.Fields(gone)))
						}
						if got := list(t, users.Scan(tx, keys.All[keys.UserID]())); got != strings.Join(want, " ") {
							t.Errorf("DeleteRange leaves %s, want %s", got, strings.Join(want, " "))
						}
						return err
					})
					if err := entity.Verify(t.Context(), db); err != nil {
						t.Errorf("Verify: %v", err)
					}
					raw(t, s, func(tx backend.WriteTx) error { return restore(tx, before) })
				})
			}
			t.Run("a range that can't be is ErrInvalid "+name, func(t *testing.T) {
				update(t, db, func(tx *entity.Tx) error {
					for what, r := range map[string]keys.Range[keys.UserID]{
						"a negative limit":      keys.All[keys.UserID]().Limit(-1),
						"a token of no scan":    keys.All[keys.UserID]().Resume("AQ"),
						"a bound that is no id": keys.From(keys.UserID{}),
					} {
						n, err := users.DeleteRange(tx, r)
						wantClass(t, what, err, backend.ErrInvalid)
						if n != 0 {
							t.Errorf("%s deletes %d rows", what, n)
						}
					}
					return nil
				})
				wantDump(t, "after the refusals", s, before)
			})
		})
	}
}

// A loop over an index that deletes a range leaves out what is gone.
func TestDeleteRangeInALoop(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		db, d := withUsers(t, s)
		update(t, db, func(tx *entity.Tx) error {
			var seen []string
			for row, err := range d.byName.Scan(tx, keys.All[keys.String]()) {
				if err != nil {
					return err
				}
				seen = append(seen, row.Value.Name)
				if _, err := d.users.DeleteRange(tx, keys.From(uid("b"))); err != nil {
					return err
				}
			}
			if got := strings.Join(seen, " "); got != "Ada" {
				t.Errorf("the loop saw %s, want Ada", got)
			}
			return nil
		})
	})
}

// A failure after the first row fails the transaction, also when its error is
// ignored; one at the first row doesn't.
func TestDeleteRangeMeetsADamagedRow(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		d := newSchema()
		db, err := entity.Open(t.Context(), s, d.users)
		if err != nil {
			t.Fatal(err)
		}
		update(t, db, func(tx *entity.Tx) error {
			return errors.Join(d.users.Put(tx, uid("a"), ada), d.users.Put(tx, uid("b"), bob))
		})
		raw(t, s, func(tx backend.WriteTx) error { return tx.Put("users", encoded(t, uid("b")), []byte("junk")) })
		before := dumpOf(t, s)
		for from, want := range map[string]int{"a": 1, "b": 0} {
			t.Run(fmt.Sprintf("D12 after %d rows", want), func(t *testing.T) {
				err := updateErr(t, db, func(tx *entity.Tx) error {
					n, err := d.users.DeleteRange(tx, keys.From(uid(from)))
					wantClass(t, "DeleteRange", err, backend.ErrCorrupt)
					if n != want {
						t.Errorf("DeleteRange = %d, want %d", n, want)
					}
					return nil
				})
				if want == 0 && err != nil || want > 0 && !errors.Is(err, backend.ErrCorrupt) {
					t.Errorf("Update = %v after %d rows were deleted", err, want)
				}
				wantDump(t, "after it", s, before)
			})
		}
	})
}

// A range that would have to wait in its midst goes on where it ended.
func TestDeleteRangeNotInMemory(t *testing.T) {
	plain := entity.New[keys.UserID]("users", msgpack.Of[User]())
	for name, users := range map[string]*entity.Store[keys.UserID, User]{"with indexes": newSchema().users, "without indexes": plain} {
		onEngines(t, func(t *testing.T, s backend.Store) {
			t.Run(name, func(t *testing.T) {
				engine := &absent{Store: s}
				db := open(t, engine, users)
				update(t, db, func(tx *entity.Tx) error {
					return errors.Join(users.Put(tx, uid("a"), ada), users.Put(tx, uid("b"), bob), users.Put(tx, uid("c"), carol))
				})
				before := dumpOf(t, s)
				for fails := 1; fails <= 3; fails++ {
					raw(t, s, func(tx backend.WriteTx) error { return restore(tx, before) })
					update(t, db, func(tx *entity.Tx) error {
						tx.SetCached(true)
						engine.n = fails
						n, err := users.DeleteRange(tx, keys.All[keys.UserID]())
						wantClass(t, "DeleteRange", err, backend.ErrNotInMemory)
						tx.SetCached(false)
						rest, err := users.DeleteRange(tx, keys.All[keys.UserID]())
						if n+rest != 3 || rest == 0 {
							t.Errorf("with read %d not in memory %d and then %d rows were deleted, want 3", fails, n, rest)
						}
						return err
					})
					view(t, db, func(tx *entity.Tx) error {
						if n, err := users.Count(tx, keys.All[keys.UserID]()); n != 0 || err != nil {
							t.Errorf("Count = %d, %v, want 0", n, err)
						}
						return nil
					})
				}
			})
		})
	}
}

// Without indexes the engine deletes the range: all of it or nothing, too.
func TestD7_FaultInADeletedRange(t *testing.T) {
	injected := errors.New("injected")
	plain := entity.New[keys.UserID]("users", msgpack.Of[User]())
	onEngines(t, func(t *testing.T, s backend.Store) {
		call, fail := 0, 0
		db := open(t, faults.Inject(s, func(faults.Call) error {
			if call++; call == fail {
				return injected
			}
			return nil
		}), plain)
		update(t, db, func(tx *entity.Tx) error {
			return errors.Join(plain.Put(tx, uid("a"), ada), plain.Put(tx, uid("b"), bob), plain.Put(tx, uid("c"), carol))
		})
		before := dumpOf(t, s)
		failures := 0
		for hit := true; hit; {
			call, fail = 0, fail+1
			err := updateErr(t, db, func(tx *entity.Tx) error {
				n, err := plain.DeleteRange(tx, keys.All[keys.UserID]())
				if err == nil && n != 3 {
					t.Errorf("DeleteRange with call %d failing = %d and no error, want 3", fail, n)
				}
				return nil // its error is ignored
			})
			if hit = call >= fail; !hit {
				break
			}
			if failures++; err != nil && !errors.Is(err, injected) {
				t.Errorf("Update with call %d failing = %v, want the injected error", fail, err)
			}
			wantDump(t, "after the failure", s, before)
		}
		fail = 0
		if failures < 5 {
			t.Errorf("%d calls failed, want at least the catalogue's, the scan's and three that delete", failures)
		}
		view(t, db, func(tx *entity.Tx) error {
			if n, err := plain.Count(tx, keys.All[keys.UserID]()); n != 0 || err != nil {
				t.Errorf("Count = %d, %v after the range was deleted", n, err)
			}
			return nil
		})
	})
}
