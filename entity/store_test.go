package entity_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

func TestStore(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		db, d := withUsers(t, s)

		t.Run("A4 B3 B4 B8 a value that was put is got back equal", func(t *testing.T) {
			view(t, db, func(tx *entity.Tx) error {
				got, found, err := d.users.Get(tx, uid("a"))
				if err != nil || !found || !equalUsers(got, ada) {
					t.Errorf("Get(a) = %+v, %v, %v, want %+v", got, found, err, ada)
				}
				return nil
			})
		})

		t.Run("B4 a missing key is no error", func(t *testing.T) {
			view(t, db, func(tx *entity.Tx) error {
				got, found, err := d.users.Get(tx, uid("nobody"))
				if err != nil || found || !equalUsers(got, User{}) {
					t.Errorf("Get(nobody) = %+v, %v, %v, want nothing and no error", got, found, err)
				}
				return nil
			})
		})

		t.Run("B3 Put replaces", func(t *testing.T) {
			older := ada
			older.Age = 37
			update(t, db, func(tx *entity.Tx) error { return d.users.Put(tx, uid("a"), older) })
			view(t, db, func(tx *entity.Tx) error {
				if got, _, _ := d.users.Get(tx, uid("a")); got.Age != 37 {
					t.Errorf("Age is %d after the second Put, want 37", got.Age)
				}
				if n, err := d.users.Count(tx, keys.All[keys.UserID]()); n != 3 || err != nil {
					t.Errorf("Count = %d, %v, want 3 rows", n, err)
				}
				return nil
			})
			update(t, db, func(tx *entity.Tx) error { return d.users.Put(tx, uid("a"), ada) })
		})

		t.Run("Insert over a row is ErrExists and changes nothing", func(t *testing.T) {
			before := dumpOf(t, s)
			update(t, db, func(tx *entity.Tx) error {
				wantClass(t, "Insert(a)", d.users.Insert(tx, uid("a"), carol), backend.ErrExists)
				return nil
			})
			wantDump(t, "after the refused Insert", s, before)
			update(t, db, func(tx *entity.Tx) error {
				if err := d.users.Insert(tx, uid("d"), User{Name: "Dan"}); err != nil {
					t.Errorf("Insert of a new key: %v", err)
				}
				wantClass(t, "Insert of a key that the transaction inserted", d.users.Insert(tx, uid("d"), User{Name: "Eve"}), backend.ErrExists)
				_, err := d.users.Delete(tx, uid("d"))
				return err
			})
		})

		t.Run("B5 Delete is idempotent and says whether the row existed", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				for i, want := range []bool{true, false} {
					if got, err := d.users.Delete(tx, uid("c")); got != want || err != nil {
						t.Errorf("Delete number %d = %v, %v, want %v", i+1, got, err, want)
					}
				}
				return d.users.Put(tx, uid("c"), carol)
			})
		})

		t.Run("a transaction reads its own writes, and a failed one leaves nothing", func(t *testing.T) {
			before := dumpOf(t, s)
			mine := errors.New("mine")
			err := db.Update(t.Context(), func(_ context.Context, tx *entity.Tx) error {
				if err := d.users.Put(tx, uid("x"), User{Name: "X"}); err != nil {
					return err
				}
				if _, found, err := d.users.Get(tx, uid("x")); !found || err != nil {
					t.Errorf("Get in the transaction that put it = %v, %v, want found", found, err)
				}
				return mine
			})
			if err != mine {
				t.Errorf("Update = %v, want the closure's own error", err)
			}
			wantDump(t, "after the failed Update", s, before)
		})

		t.Run("A27 B9 GetMany yields in the order of the keys and leaves out what is missing", func(t *testing.T) {
			view(t, db, func(tx *entity.Tx) error {
				got := list(t, d.users.GetMany(tx, slices.Values([]keys.UserID{uid("c"), uid("nobody"), uid("a"), uid("c")})))
				if want := "c a c"; got != want {
					t.Errorf("GetMany(c nobody a c) = %s, want %s", got, want)
				}
				return nil
			})
		})
	})
}

func TestBatches(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		d := newSchema()
		db := open(t, s, d.users)

		t.Run("B9 A28 PutMany puts all rows", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				return d.users.PutMany(tx, maps.All(map[keys.UserID]User{uid("a"): ada, uid("b"): bob, uid("c"): carol}))
			})
			view(t, db, func(tx *entity.Tx) error {
				if got := list(t, d.users.Scan(tx, keys.All[keys.UserID]())); got != "a b c" {
					t.Errorf("rows are %s, want a b c", got)
				}
				return nil
			})
		})

		t.Run("B9 D12 a batch that fails in its midst leaves nothing, even if its error is ignored", func(t *testing.T) {
			before := dumpOf(t, s)
			err := db.Update(t.Context(), func(_ context.Context, tx *entity.Tx) error {
				err := d.users.PutMany(tx, func(yield func(keys.UserID, User) bool) {
					_ = yield(uid("x"), User{Name: "X"}) && yield(uid("y"), User{Name: "Ada"}) && yield(uid("z"), User{Name: "Z"})
				})
				wantClass(t, "PutMany with a name that is taken", err, backend.ErrUnique)
				return nil
			})
			wantClass(t, "Update", err, backend.ErrUnique)
			wantDump(t, "after the failed batch", s, before)
		})

		t.Run("B9 a batch whose first row fails has written nothing, and the transaction can go on", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				err := d.users.PutMany(tx, func(yield func(keys.UserID, User) bool) { yield(uid("y"), User{Name: "Ada"}) })
				wantClass(t, "PutMany", err, backend.ErrUnique)
				return nil
			})
		})

		t.Run("B25 D12 two rows of one batch under one unique key leave nothing", func(t *testing.T) {
			before := dumpOf(t, s)
			err := db.Update(t.Context(), func(_ context.Context, tx *entity.Tx) error {
				return d.users.PutMany(tx, func(yield func(keys.UserID, User) bool) {
					_ = yield(uid("x"), User{Name: "Twin"}) && yield(uid("y"), User{Name: "Twin"})
				})
			})
			wantClass(t, "Update", err, backend.ErrUnique)
			var e *entity.Error
			if !errors.As(err, &e) || e.Index != "by_name" || e.Key != `("y")` {
				t.Errorf("the error is %v, want it to name by_name and the second row", err)
			}
			wantDump(t, "after the failed batch", s, before)
		})

		t.Run("B9 a batch may put the same row twice: the last counts", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				err := d.users.PutMany(tx, func(yield func(keys.UserID, User) bool) {
					_ = yield(uid("x"), User{Name: "First", Tags: []string{"t1"}}) && yield(uid("x"), User{Name: "Second", Tags: []string{"t2"}})
				})
				if _, found, err := d.byName.Get(tx, "First"); found || err != nil {
					t.Errorf("Get(First) = %v, %v, want nothing", found, err)
				}
				if row, found, err := d.byName.Get(tx, "Second"); !found || err != nil || row.Key != uid("x") {
					t.Errorf("Get(Second) = %v, %v, %v, want row x", row, found, err)
				}
				_, deleteErr := d.users.Delete(tx, uid("x"))
				return errors.Join(err, deleteErr)
			})
		})

		t.Run("B25 two rows exchange their unique keys by way of a third", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				ada, bob := ada, bob
				ada.Name, bob.Name = bob.Name, ada.Name
				// Each Put is checked by itself, so none of the two can be the first.
				wantClass(t, "Put of the first", d.users.Put(tx, uid("a"), ada), backend.ErrUnique)
				spare := ada
				spare.Name = "spare"
				return errors.Join(d.users.Put(tx, uid("a"), spare), d.users.Put(tx, uid("b"), bob), d.users.Put(tx, uid("a"), ada))
			})
			view(t, db, func(tx *entity.Tx) error {
				for name, id := range map[keys.String]string{"Ada": "b", "Bob": "a"} {
					if row, found, err := d.byName.Get(tx, name); !found || err != nil || row.Key != uid(id) {
						t.Errorf("Get(%s) = %v, %v, %v, want row %s", name, row, found, err, id)
					}
				}
				if _, found, err := d.byName.Get(tx, "spare"); found || err != nil {
					t.Errorf("Get(spare) = %v, %v, want nothing", found, err)
				}
				return nil
			})
		})

		t.Run("B9 DeleteMany deletes what a scan of the same transaction finds", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				n, err := d.users.DeleteMany(tx, func(yield func(keys.UserID) bool) {
					for e, err := range d.byAge.Keys(tx, keys.Eq(keys.Int(36))) {
						if err != nil || !yield(e.Key) {
							return
						}
					}
				})
				if n != 2 {
					t.Errorf("DeleteMany = %d, want 2", n)
				}
				return err
			})
			view(t, db, func(tx *entity.Tx) error {
				if got := list(t, d.users.Scan(tx, keys.All[keys.UserID]())); got != "c" {
					t.Errorf("rows are %s, want c", got)
				}
				return nil
			})
		})
	})
}

// A userStore adds a program's own methods to a store, as programs do.
type userStore struct {
	*entity.Store[keys.UserID, User]
}

// TestEmbeddedStore opens a store within a type of the program's own.
func TestEmbeddedStore(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		d := newSchema()
		users := userStore{d.users}
		db := open(t, s, users)
		update(t, db, func(tx *entity.Tx) error { return users.Put(tx, uid("a"), ada) })
		view(t, db, func(tx *entity.Tx) error {
			row, found, err := d.byName.Get(tx, "Ada")
			if err != nil || !found || row.Key != uid("a") {
				t.Errorf("Get(Ada) = %v, %v, %v, want row a", row, found, err)
			}
			return nil
		})
	})
}

// TestB2_Names shows what a definition says about itself, and what its
// database is.
func TestB2_Names(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		db, d := withUsers(t, s)
		if got := d.users.Name(); got != "users" {
			t.Errorf("the store's name is %q, want users", got)
		}
		if got := d.byName.Name(); got != "by_name" {
			t.Errorf("the index's name is %q, want by_name", got)
		}
		if db.Backend() != s {
			t.Errorf("Backend is not the store that the database was opened on")
		}
		if _, ok := dumpOf(t, s)["users"][string(encoded(t, uid("a")))]; !ok {
			t.Errorf("the engine's table %q has no row under the key's own encoding", "users")
		}
	})
}

// TestSeveralStores shows that one transaction reaches several stores of
// several key and value types.
func TestSeveralStores(t *testing.T) {
	type job struct{ State string }
	names := entity.New[keys.UserName]("names", msgpack.Of[string]())
	jobs := entity.New[keys.JobID]("jobs", msgpack.Of[job]())
	onEngines(t, func(t *testing.T, s backend.Store) {
		d := newSchema()
		db := open(t, s, d.users, names, jobs)
		name, id := keys.Must(keys.NewUserName("ada")), keys.Must(keys.NewJobID("job_1"))

		t.Run("A38 B1 A20 several stores of different types in one transaction", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				return errors.Join(d.users.Put(tx, uid("a"), ada), names.Put(tx, name, "a"), jobs.Put(tx, id, job{"running"}))
			})
			view(t, db, func(tx *entity.Tx) error {
				who, _, err1 := names.Get(tx, name)
				what, _, err2 := jobs.Get(tx, id)
				if who != "a" || what.State != "running" {
					t.Errorf("Get = %q, %q, want a, running", who, what.State)
				}
				return errors.Join(err1, err2)
			})
		})

		t.Run("A25 the same keys in two stores are two rows", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				same := keys.Must(keys.NewJobID("ada"))
				return jobs.Put(tx, same, job{"queued"})
			})
			view(t, db, func(tx *entity.Tx) error {
				who, found, err := names.Get(tx, name)
				if who != "a" || !found {
					t.Errorf("names has %q, %v under ada after jobs got a row of that key, want a", who, found)
				}
				return err
			})
		})
	})
}

// TestA29_SameProgramOnEveryEngine runs one program on every engine and
// compares what it leaves, to the byte.
func TestA29_SameProgramOnEveryEngine(t *testing.T) {
	var first dump
	onEngines(t, func(t *testing.T, s backend.Store) {
		db, d := withUsers(t, s)
		for i := range 50 {
			update(t, db, func(tx *entity.Tx) error {
				u := User{Name: strings.Repeat("n", i+1), Age: i % 7, Tags: []string{"t" + string(rune('a'+i%5))}}
				if err := d.users.Put(tx, uid("u"+string(rune('A'+i))), u); err != nil {
					return err
				}
				_, err := d.users.Delete(tx, uid("u"+string(rune('A'+i/2))))
				return err
			})
		}
		if first == nil {
			first = dumpOf(t, s)
		}
		wantDump(t, "compared with the first engine", s, first)
	})
	onEngines(t, func(t *testing.T, s backend.Store) {
		t.Run("A29 what one engine exports, another imports", func(t *testing.T) {
			raw(t, s, func(tx backend.WriteTx) error { return restore(tx, first) })
			d := newSchema()
			db := open(t, s, d.users)
			view(t, db, func(tx *entity.Tx) error {
				if row, found, err := d.byName.Get(tx, "Bob"); !found || err != nil || row.Key != uid("b") {
					t.Errorf("Get(Bob) = %v, %v, want row b", row, err)
				}
				return nil
			})
		})
	})
}
