package entity_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/faults"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

// wantUser reports the row of id unless it is as want.
func wantUser(t testing.TB, tx *entity.Tx, d schema, id string, want User) {
	t.Helper()
	if got, found, err := d.users.Get(tx, uid(id)); err != nil || !found || !equalUsers(got, want) {
		t.Errorf("Get(%s) = %+v, %v, %v, want %+v", id, got, found, err, want)
	}
}

// wantNames reports by_name unless it holds "name=id" of all rows.
func wantNames(t testing.TB, tx *entity.Tx, d schema, want string) {
	t.Helper()
	var names []string
	for e, err := range d.byName.Keys(tx, keys.All[keys.String]()) {
		if err != nil {
			t.Errorf("Keys: %v", err)
			break
		}
		names = append(names, e.IndexKey.String()+"="+e.Key.String())
	}
	if got := strings.Join(names, " "); got != want {
		t.Errorf("by_name holds %s, want %s", got, want)
	}
}

func TestUpdate(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		db, d := withUsers(t, s)

		t.Run("A27 B3 B25 D8 the row is changed, and its entries move", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				return d.users.Update(tx, uid("a"), func(u *User) error {
					if !equalUsers(*u, ada) {
						t.Errorf("the function gets %+v, want %+v", *u, ada)
					}
					u.Name, u.Age, u.Tags[0] = "Augusta", 37, "lady"
					return nil
				})
			})
			view(t, db, func(tx *entity.Tx) error {
				wantUser(t, tx, d, "a", User{Name: "Augusta", Team: "math", Tags: []string{"lady", "count"}, Age: 37})
				wantNames(t, tx, d, "Augusta=a Bob=b Carol=c")
				if got := list(t, d.byTag.Scan(tx, keys.Eq(keys.String("poet")))); got != "" {
					t.Errorf("the old tag still finds %s", got)
				}
				return nil
			})
			update(t, db, func(tx *entity.Tx) error { return d.users.Put(tx, uid("a"), ada) })
		})

		before := dumpOf(t, s)
		t.Run("a missing key is ErrNotFound, and the function isn't called", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				err := d.users.Update(tx, uid("nobody"), func(*User) error {
					t.Error("the function was called")
					return nil
				})
				wantClass(t, "Update", err, backend.ErrNotFound)
				if want := `update users ("nobody"): not found: the key has no value`; err == nil || err.Error() != want {
					t.Errorf("the error reads %q, want %q", err, want)
				}
				return nil
			})
			wantDump(t, "after it", s, before)
		})

		t.Run("the function's error is returned, and nothing is written", func(t *testing.T) {
			mine := errors.New("mine")
			update(t, db, func(tx *entity.Tx) error {
				err := d.users.Update(tx, uid("a"), func(u *User) error {
					u.Name = "Other"
					return mine
				})
				if !errors.Is(err, mine) || err.Error() != `update users ("a"): mine` {
					t.Errorf("Update = %v, want the function's error with its place", err)
				}
				err = d.users.Upsert(tx, uid("n"), func(u *User, _ bool) error { return mine })
				if !errors.Is(err, mine) || err.Error() != `upsert users ("n"): mine` {
					t.Errorf("Upsert = %v, want the function's error with its place", err)
				}
				wantUser(t, tx, d, "a", ada)
				return nil
			})
			wantDump(t, "after it", s, before)
		})

		t.Run("B25 D6 D10 a rename to a taken name changes nothing, and the old name still works", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				rename := func(u *User) error {
					u.Name = "Bob"
					return nil
				}
				wantClass(t, "Update", d.users.Update(tx, uid("a"), rename), backend.ErrUnique)
				upsert := func(u *User, _ bool) error { return rename(u) }
				wantClass(t, "Upsert", d.users.Upsert(tx, uid("a"), upsert), backend.ErrUnique)
				wantClass(t, "Upsert of a new row", d.users.Upsert(tx, uid("n"), upsert), backend.ErrUnique)
				return nil
			})
			wantDump(t, "after it", s, before)
		})

		t.Run("the value is the function's to keep", func(t *testing.T) {
			var kept []*User
			keep := func(u *User) error {
				kept = append(kept, u)
				return nil
			}
			update(t, db, func(tx *entity.Tx) error {
				for _, id := range []string{"a", "b"} {
					if err := d.users.Update(tx, uid(id), keep); err != nil {
						return err
					}
				}
				kept[0].Name = "not written any more"
				wantUser(t, tx, d, "c", carol)
				return d.users.Update(tx, uid("c"), keep)
			})
			if !equalUsers(*kept[1], bob) || !equalUsers(*kept[2], carol) {
				t.Errorf("the values are %+v and %+v later, want %+v and %+v", *kept[1], *kept[2], bob, carol)
			}
			wantDump(t, "after it", s, before)
		})

		t.Run("D8 a function that writes other rows, and this one", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				err := d.users.Update(tx, uid("a"), func(u *User) error {
					u.Name = "Ada II"
					return errors.Join(
						d.users.Put(tx, uid("n"), User{Name: "New"}),
						d.users.Put(tx, uid("a"), User{Name: "in between", Tags: []string{"between"}}))
				})
				if err != nil {
					return err
				}
				wantNames(t, tx, d, "Ada II=a Bob=b Carol=c New=n")
				err = d.users.Update(tx, uid("b"), func(u *User) error {
					u.Name = "Bob II"
					_, err := d.users.Delete(tx, uid("b"))
					return err
				})
				if err != nil {
					return err
				}
				wantNames(t, tx, d, "Ada II=a Bob II=b Carol=c New=n")
				return d.users.Upsert(tx, uid("m"), func(u *User, existed bool) error {
					u.Name = "M"
					return d.users.Put(tx, uid("m"), User{Name: "in between"})
				})
			})
			view(t, db, func(tx *entity.Tx) error {
				wantNames(t, tx, d, "Ada II=a Bob II=b Carol=c M=m New=n")
				return nil
			})
			if err := entity.Verify(t.Context(), db); err != nil {
				t.Errorf("Verify: %v", err)
			}
		})
	})
}

func TestUpsert(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		db, d := withUsers(t, s)
		t.Run("B3 a missing row begins as the zero value, and an existing one as it is", func(t *testing.T) {
			for n, want := range []bool{false, true, true} {
				update(t, db, func(tx *entity.Tx) error {
					return d.users.Upsert(tx, uid("n"), func(u *User, existed bool) error {
						if existed != want || u.Age != n || !existed && !equalUsers(*u, User{}) {
							t.Errorf("call %d gets %+v, %v, want age %d, %v", n+1, *u, existed, n, want)
						}
						u.Name = "New"
						u.Age++
						return nil
					})
				})
			}
			view(t, db, func(tx *entity.Tx) error {
				wantUser(t, tx, d, "n", User{Name: "New", Age: 3})
				wantNames(t, tx, d, "Ada=a Bob=b Carol=c New=n")
				return nil
			})
		})
	})
}

func TestTake(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		db, d := withUsers(t, s)
		t.Run("B5 D9 the row comes back once, and its entries are gone", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				got, existed, err := d.users.Take(tx, uid("a"))
				if err != nil || !existed || !equalUsers(got, ada) {
					t.Errorf("Take(a) = %+v, %v, %v, want %+v", got, existed, err, ada)
				}
				for _, id := range []string{"a", "nobody"} {
					got, existed, err = d.users.Take(tx, uid(id))
					if err != nil || existed || !equalUsers(got, User{}) {
						t.Errorf("Take(%s) = %+v, %v, %v, want nothing and no error", id, got, existed, err)
					}
				}
				return nil
			})
			view(t, db, func(tx *entity.Tx) error {
				wantNames(t, tx, d, "Bob=b Carol=c")
				if got := list(t, d.byTag.Scan(tx, keys.All[keys.String]())); got != "b" {
					t.Errorf("by_tag finds %s, want b alone", got)
				}
				return nil
			})
		})
	})
}

// TestOneRead shows that no row is read twice, and none written needlessly.
func TestOneRead(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		var calls []string
		counted := faults.Inject(s, func(c faults.Call) error {
			if (c.Op == "get" || c.Op == "put" || c.Op == "delete") && c.Table != "_catalog" {
				calls = append(calls, c.Op+" "+c.Table)
			}
			return nil
		})
		db, d := withUsers(t, counted)
		for _, c := range []struct {
			name string
			call func(tx *entity.Tx) error
			want []string
		}{
			{"Update", func(tx *entity.Tx) error {
				return d.users.Update(tx, uid("a"), func(u *User) error { u.Tags = []string{"poet"}; return nil })
			}, []string{"get users", "put users", "delete _index/3"}},
			{"Upsert", func(tx *entity.Tx) error {
				return d.users.Upsert(tx, uid("n"), func(u *User, _ bool) error { u.Name = "New"; return nil })
			}, []string{"get users", "put users", "put _index/1", "put _index/2"}},
			{"Take", func(tx *entity.Tx) error {
				_, _, err := d.users.Take(tx, uid("n"))
				return err
			}, []string{"get users", "delete users", "delete _index/1", "delete _index/2"}},
			{"Take of a missing row", func(tx *entity.Tx) error {
				_, _, err := d.users.Take(tx, uid("n"))
				return err
			}, []string{"get users"}},
			{"DeleteRange", func(tx *entity.Tx) error {
				_, err := d.users.DeleteRange(tx, keys.Eq(uid("c")))
				return err
			}, []string{"delete users", "delete _index/1", "delete _index/2"}},
		} {
			t.Run("B27 "+c.name, func(t *testing.T) {
				calls = nil
				update(t, db, c.call)
				if !slices.Equal(calls, c.want) {
					t.Errorf("%s made the calls %q, want %q", c.name, calls, c.want)
				}
			})
		}
	})
}

// writes are the calls of this package that write, each on row b.
func writes(d schema) map[string]func(tx *entity.Tx) error {
	return map[string]func(tx *entity.Tx) error{
		"Update": func(tx *entity.Tx) error { return d.users.Update(tx, uid("b"), func(*User) error { return nil }) },
		"Upsert": func(tx *entity.Tx) error { return d.users.Upsert(tx, uid("b"), func(*User, bool) error { return nil }) },
		"Take": func(tx *entity.Tx) error {
			_, _, err := d.users.Take(tx, uid("b"))
			return err
		},
		"DeleteRange": func(tx *entity.Tx) error {
			_, err := d.users.DeleteRange(tx, keys.Eq(uid("b")))
			return err
		},
		"Swap": func(tx *entity.Tx) error { return d.users.Swap(tx, uid("b"), 2, bob) },
	}
}

func TestRefusedWrites(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		d := newSchema()
		d.users = d.users.WithRevisions()
		db, err := entity.Open(t.Context(), s, d.users)
		if err != nil {
			t.Fatal(err)
		}
		update(t, db, func(tx *entity.Tx) error {
			return errors.Join(d.users.Put(tx, uid("a"), ada), d.users.Put(tx, uid("b"), bob))
		})
		other := newSchema()
		other.users = other.users.WithRevisions()
		for name, write := range writes(d) {
			t.Run(name+" in a View, after the end, of a store that wasn't opened", func(t *testing.T) {
				before := dumpOf(t, s)
				var kept *entity.Tx
				view(t, db, func(tx *entity.Tx) error {
					wantClass(t, "in a View", write(tx), backend.ErrReadOnly)
					return nil
				})
				update(t, db, func(tx *entity.Tx) error {
					kept = tx
					wantClass(t, "of another store", writes(other)[name](tx), backend.ErrTableNotFound)
					return nil
				})
				wantClass(t, "after the end", write(kept), backend.ErrTxDone)
				wantDump(t, "after the refusals", s, before)
			})
		}
		t.Run("A4 a damaged row is ErrCorrupt to each of them, and stays", func(t *testing.T) {
			raw(t, s, func(tx backend.WriteTx) error {
				return tx.Put("users", encoded(t, uid("b")), []byte{2, 1, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 3, 4, 5})
			})
			before := dumpOf(t, s)
			update(t, db, func(tx *entity.Tx) error {
				for name, write := range writes(d) {
					err := write(tx)
					wantClass(t, name, err, backend.ErrCorrupt)
					var e *entity.Error
					if !errors.As(err, &e) || e.Store != "users" || e.Key != `("b")` {
						t.Errorf("%s = %v, want it to name store and key", name, err)
					}
				}
				_, found, err := d.users.GetRow(tx, uid("b"))
				wantClass(t, "GetRow", err, backend.ErrCorrupt)
				if found {
					t.Error("GetRow found the damaged row")
				}
				return nil
			})
			wantDump(t, "after all refusals", s, before)
		})
	})
}

func TestUpdateWithoutIndexes(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		plain := entity.New[keys.UserID]("plain", msgpack.Of[User]())
		db := open(t, s, plain)
		var gone, last User
		update(t, db, func(tx *entity.Tx) error {
			for range 3 {
				if err := plain.Upsert(tx, uid("n"), func(u *User, _ bool) error { u.Age++; return nil }); err != nil {
					return err
				}
			}
			err := plain.Update(tx, uid("n"), func(u *User) error { u.Age *= 2; return nil })
			if err != nil {
				return err
			}
			if gone, _, err = plain.Take(tx, uid("n")); err != nil {
				return err
			}
			var found bool
			if last, found, err = plain.Get(tx, uid("n")); found {
				t.Errorf("the row that was taken is %+v", last)
			}
			return err
		})
		if gone.Age != 6 {
			t.Errorf("the age is %d, want 6", gone.Age)
		}
		if err := db.View(t.Context(), func(_ context.Context, tx *entity.Tx) error {
			n, err := plain.Count(tx, keys.All[keys.UserID]())
			if n != 0 {
				t.Errorf("%d rows are left, want none", n)
			}
			return err
		}); err != nil {
			t.Error(err)
		}
	})
}
