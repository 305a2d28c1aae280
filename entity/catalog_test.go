package entity_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/faults"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

// Definitions of one store by successive releases of a program.
type release struct {
	users *entity.Store[keys.UserID, User]
	byAge *entity.Index[keys.Int, keys.UserID, User]
}

func ageIndex() *entity.Index[keys.Int, keys.UserID, User] {
	return entity.NewIndex("by_age", func(_ keys.UserID, u *User) keys.Int { return keys.Int(u.Age) })
}

func withoutIndex() release {
	return release{users: entity.New[keys.UserID]("users", msgpack.Of[User]())}
}

func withIndex(x *entity.Index[keys.Int, keys.UserID, User]) release {
	return release{users: entity.New[keys.UserID]("users", msgpack.Of[User](), x), byAge: x}
}

func fill(t testing.TB, db *entity.DB, r release, n int) {
	t.Helper()
	update(t, db, func(tx *entity.Tx) error {
		return r.users.PutMany(tx, func(yield func(keys.UserID, User) bool) {
			for i := range n {
				id := uid(string(rune('a'+i/676%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i%26)))
				if !yield(id, User{Name: id.String(), Age: n - i}) {
					return
				}
			}
		})
	})
}

// TestCatalogue shows what happens to a tab with older code.
func TestCatalogue(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		old := withoutIndex()
		oldTab, err := entity.Open(t.Context(), s, old.users)
		if err != nil {
			t.Fatal(err)
		}
		fill(t, oldTab, old, 1500)

		t.Run("opening with what the catalogue knows writes nothing and reads no row", func(t *testing.T) {
			before := dumpOf(t, s)
			watched := faults.Inject(s, func(c faults.Call) error {
				if c.Table == "users" {
					t.Errorf("Open does a %s of the rows' table", c.Op)
				}
				return nil
			})
			if _, err := entity.Open(t.Context(), watched, withoutIndex().users); err != nil {
				t.Fatal(err)
			}
			wantDump(t, "after the second Open", s, before)
		})

		next := withIndex(ageIndex())
		newTab := open(t, s, next.users)
		t.Run("B26 an index that is new is built from the rows that there are", func(t *testing.T) {
			view(t, newTab, func(tx *entity.Tx) error {
				n, last := 0, keys.Int(0)
				for e, err := range next.byAge.Keys(tx, keys.All[keys.Int]()) {
					if err != nil {
						return err
					}
					if n++; e.IndexKey <= last {
						t.Errorf("age %d comes after %d", e.IndexKey, last)
					}
					last = e.IndexKey
				}
				if n != 1500 {
					t.Errorf("the index has %d entries, want 1500", n)
				}
				return nil
			})
		})

		t.Run("code older than the catalogue gets ErrSchemaNewer and writes nothing", func(t *testing.T) {
			before := dumpOf(t, s)
			ran := false
			spoil := func(_ context.Context, tx *entity.Tx) error {
				ran = true
				return old.users.Put(tx, uid("spoiler"), ada)
			}
			wantClass(t, "Update of the open tab", oldTab.Update(t.Context(), spoil), backend.ErrSchemaNewer)
			wantClass(t, "View of the open tab", oldTab.View(t.Context(), spoil), backend.ErrSchemaNewer)
			if ran {
				t.Errorf("the old code's closure ran")
			}
			_, err := entity.Open(t.Context(), s, withoutIndex().users)
			wantClass(t, "Open with old code", err, backend.ErrSchemaNewer)
			wantClass(t, "Verify with old code", entity.Verify(t.Context(), oldTab), backend.ErrSchemaNewer)
			wantDump(t, "after the old code's attempts", s, before)
		})

		t.Run("a store that other code defines doesn't concern this code", func(t *testing.T) {
			other := entity.New[keys.UserID]("others", msgpack.Of[User]())
			open(t, s, other)
			update(t, newTab, func(tx *entity.Tx) error { return next.users.Put(tx, uid("zz"), ada) })
		})
	})
}

// TestCatalogueChanges opens a database with changed definitions.
func TestCatalogueChanges(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		first := withIndex(ageIndex())
		db := open(t, s, first.users)
		fill(t, db, first, 700)

		refused := func(name string, class backend.Class, says string, users entity.Definition) {
			t.Run(name, func(t *testing.T) {
				before := dumpOf(t, s)
				_, err := entity.Open(t.Context(), s, users)
				wantClass(t, "Open", err, class)
				if err != nil && !strings.Contains(err.Error(), says) {
					t.Errorf("the error is %q, want it to say %q", err, says)
				}
				wantDump(t, "after the refused Open", s, before)
			})
		}
		refused("another specification of an index is ErrInvalid and says what to do", backend.ErrInvalid, "raise the index's version",
			withIndex(ageIndex().WithSchema(1, "path: age")).users)
		refused("an index that became unique is ErrInvalid", backend.ErrInvalid, "raise the index's version",
			entity.New[keys.UserID]("users", msgpack.Of[User](), entity.NewUnique("by_age", func(_ keys.UserID, u *User) keys.Int { return keys.Int(u.Age) })))
		refused("another specification of a store is ErrInvalid and says what to do", backend.ErrInvalid, "use another name",
			withIndex(ageIndex()).users.WithSchema(1, "key: id"))
		refused("another codec is ErrSchemaNewer", backend.ErrSchemaNewer, `"msgpack"`,
			entity.New[keys.UserID]("users", otherCodec{}, ageIndex()))

		second := withIndex(entity.NewIndex("by_age", func(_ keys.UserID, u *User) keys.Int { return -keys.Int(u.Age) }).WithSchema(2, ""))
		t.Run("an index of a higher version is built anew, under a new id", func(t *testing.T) {
			db := open(t, s, second.users)
			view(t, db, func(tx *entity.Tx) error {
				for e, err := range second.byAge.Keys(tx, keys.All[keys.Int]()) {
					if err != nil || e.IndexKey != -700 {
						t.Errorf("the first entry is %v, %v, want the key -700", e, err)
					}
					break
				}
				if n, err := second.byAge.Count(tx, keys.All[keys.Int]()); n != 700 || err != nil {
					t.Errorf("the index has %d entries, %v, want 700", n, err)
				}
				return nil
			})
			if d := dumpOf(t, s); d["_index/1"] != nil || len(d["_index/2"]) != 700 {
				t.Errorf("index 1 has %d entries and index 2 has %d, want the table gone and 700", len(d["_index/1"]), len(d["_index/2"]))
			}
		})
		refused("code with the lower version is ErrSchemaNewer", backend.ErrSchemaNewer, "version 2", withIndex(ageIndex()).users)
		wantClass(t, "a transaction of code with the lower version", db.View(t.Context(), func(context.Context, *entity.Tx) error { return nil }), backend.ErrSchemaNewer)

		t.Run("a store of a higher version drops the indexes that it lacks", func(t *testing.T) {
			third := release{users: withoutIndex().users.WithSchema(2, "")}
			db := open(t, s, third.users)
			update(t, db, func(tx *entity.Tx) error { return third.users.Put(tx, uid("new"), ada) })
			if d := dumpOf(t, s); d["_index/2"] != nil {
				t.Errorf("the dropped index still has a table of %d entries", len(d["_index/2"]))
			}
			view(t, db, func(tx *entity.Tx) error {
				if n, err := third.users.Count(tx, keys.All[keys.UserID]()); n != 701 || err != nil {
					t.Errorf("the store has %d rows, %v, want 701: those of both versions", n, err)
				}
				_, err := collect(third.users.Scan(tx, keys.All[keys.UserID]()))
				return err
			})
		})
		refused("a store of the lower version is ErrSchemaNewer", backend.ErrSchemaNewer, "version 2", second.users)

		t.Run("an id is never used again", func(t *testing.T) {
			open(t, s, entity.New[keys.UserID]("users", msgpack.Of[User](), ageIndex()).WithSchema(3, ""))
			if d := dumpOf(t, s); len(d["_index/3"]) != 701 {
				t.Errorf("index 3 has %d entries, want 701", len(d["_index/3"]))
			}
		})
	})
}

// otherCodec has another name than msgpack.
type otherCodec struct{ msgpack.Codec[User] }

func (otherCodec) Name() string { return "other" }

// TestBuild interrupts the building of an index.
func TestBuild(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		first := withoutIndex()
		db, err := entity.Open(t.Context(), s, first.users)
		if err != nil {
			t.Fatal(err)
		}
		fill(t, db, first, 2000)
		next := withIndex(ageIndex())
		killed := errors.New("killed")
		unfinishedKey := encoded(t, keys.String("index"), keys.String("users"), keys.String("by_age"))
		var unfinished string // the index's record while it is being built

		t.Run("a build that is killed goes on at the next Open", func(t *testing.T) {
			commits := 0
			dying := faults.Inject(s, func(c faults.Call) error {
				if c.Op == "commit" {
					if commits++; commits == 4 { // the registration and two steps are through
						return killed
					}
				}
				return nil
			})
			if _, err := entity.Open(t.Context(), dying, next.users); !errors.Is(err, killed) {
				t.Fatalf("Open = %v, want the injected error", err)
			}
			d := dumpOf(t, s)
			half := len(d["_index/1"])
			unfinished = d["_catalog"][string(unfinishedKey)]
			if half == 0 || half >= 2000 {
				t.Fatalf("the index has %d entries after the kill, want some and not all", half)
			}
			puts := 0
			counted := faults.Inject(s, func(c faults.Call) error {
				if c.Op == "put" && c.Table == "_index/1" {
					puts++
				}
				return nil
			})
			open(t, counted, next.users)
			if puts != 2000-half {
				t.Errorf("the next Open wrote %d entries, want the %d that were missing", puts, 2000-half)
			}
		})

		t.Run("an index that isn't finished can't be read", func(t *testing.T) {
			db := open(t, s, next.users)
			ready := dumpOf(t, s)["_catalog"]
			other := entity.New[keys.UserID]("others", msgpack.Of[User]())
			raw(t, s, func(tx backend.WriteTx) error { return tx.Put("_catalog", unfinishedKey, []byte(unfinished)) })
			open(t, s, other) // raises the epoch, so that db reads the catalogue again
			view(t, db, func(tx *entity.Tx) error {
				_, err := collect(next.byAge.Scan(tx, keys.All[keys.Int]()))
				wantClass(t, "Scan", err, backend.ErrUnsupported)
				return nil
			})
			raw(t, s, func(tx backend.WriteTx) error {
				return tx.Put("_catalog", unfinishedKey, []byte(ready[string(unfinishedKey)]))
			})
		})

		t.Run("two handles that open at once both succeed", func(t *testing.T) {
			third := withIndex(ageIndex().WithSchema(3, ""))
			errs := make(chan error, 2)
			for range 2 {
				go func() {
					_, err := entity.Open(t.Context(), s, third.users)
					errs <- err
				}()
			}
			for range 2 {
				if err := <-errs; err != nil {
					t.Errorf("Open = %v", err)
				}
			}
			db := open(t, s, third.users)
			view(t, db, func(tx *entity.Tx) error {
				if n, err := third.byAge.Count(tx, keys.All[keys.Int]()); n != 2000 || err != nil {
					t.Errorf("the index has %d entries, %v, want 2000", n, err)
				}
				return nil
			})
		})
	})
}

// TestBuildRefused gives a new index rows that it can't have.
func TestBuildRefused(t *testing.T) {
	tooLong := entity.NewIndex("by_name", func(_ keys.UserID, u *User) keys.String { return keys.String(strings.Repeat(u.Name, 300)) })
	notText := entity.NewIndex("by_name", func(_ keys.UserID, u *User) keys.String { return "\xff" })
	unique := entity.NewUnique("by_team", func(_ keys.UserID, u *User) keys.String { return keys.String(u.Team) })
	onEngines(t, func(t *testing.T, s backend.Store) {
		old := withoutIndex()
		db := open(t, s, old.users)
		fill(t, db, old, 600)
		before := dumpOf(t, s)
		for _, c := range []struct {
			name  string
			class backend.Class
			index entity.IndexOf[keys.UserID, User]
		}{
			{"B25 duplicates are ErrUnique", backend.ErrUnique, unique},
			{"long index keys are ErrTooLarge", backend.ErrTooLarge, tooLong},
			{"index keys without an encoding are ErrInvalid", backend.ErrInvalid, notText},
		} {
			t.Run(c.name+", and the rows can be changed by the old code", func(t *testing.T) {
				_, err := entity.Open(t.Context(), s, entity.New[keys.UserID]("users", msgpack.Of[User](), c.index))
				wantClass(t, "Open", err, c.class)
				var e *entity.Error
				if !errors.As(err, &e) || e.Store != "users" || e.Index == "" || e.Key == "" {
					t.Errorf("the error is %v, want it to name the store, the index and the row", err)
				}
				update(t, db, func(tx *entity.Tx) error { return old.users.Put(tx, uid("x"), ada) })
				update(t, db, func(tx *entity.Tx) error {
					_, err := old.users.Delete(tx, uid("x"))
					return err
				})
				after := dumpOf(t, s)
				delete(after["_catalog"], string(headKey))
				delete(before["_catalog"], string(headKey))
				wantEqualDumps(t, "after the refused build", after, before)
			})
		}
	})
}

// headKey is the key of the catalogue's head, which holds the epoch.
var headKey = []byte("\x02head\x00")
