package stringstore_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/memory"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/entity/entitytest"
	"github.com/larderdb/larder/entity/stringstore"
	"github.com/larderdb/larder/keys"
)

type User struct {
	Name string
	Age  int
}

func update(t testing.TB, db *entity.DB, fn func(tx *entity.Tx) error) {
	t.Helper()
	if err := db.Update(t.Context(), func(_ context.Context, tx *entity.Tx) error { return fn(tx) }); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

// show returns rows as text.
func show(rows []stringstore.Row[User]) string {
	var s []string
	for _, row := range rows {
		s = append(s, fmt.Sprintf("%s=%s,%d", row.Key, row.Value.Name, row.Value.Age))
	}
	return strings.Join(s, " ")
}

func TestB44_TheMethods(t *testing.T) {
	def := entity.New[keys.String]("users", msgpack.Of[User]())
	users := stringstore.Of(def)
	db := entitytest.New(t, def)

	t.Run("B44 put, get and delete", func(t *testing.T) {
		update(t, db, func(tx *entity.Tx) error {
			if _, found, err := users.Get(tx, "a"); found || err != nil {
				t.Errorf("Get of a missing key = %v, %v, want none and no error", found, err)
			}
			if err := errors.Join(users.Put(tx, "a", User{"Ada", 36}), users.Put(tx, "a", User{"Ada", 37})); err != nil {
				return err
			}
			if u, found, err := users.Get(tx, "a"); u != (User{"Ada", 37}) || !found || err != nil {
				t.Errorf("Get = %v, %v, %v, want the second value", u, found, err)
			}
			if err := errors.Join(users.Delete(tx, "a"), users.Delete(tx, "a")); err != nil {
				t.Errorf("Delete, and again = %v, want nil", err)
			}
			if _, found, err := users.Get(tx, "a"); found || err != nil {
				t.Errorf("Get of a deleted key = %v, %v, want none and no error", found, err)
			}
			return nil
		})
	})
	t.Run("B44 scan by prefix and of all", func(t *testing.T) {
		update(t, db, func(tx *entity.Tx) error {
			for i, key := range []string{"red/b", "red/a", "red", "blue/c", "rec"} {
				if err := users.Put(tx, key, User{"N", i}); err != nil {
					return err
				}
			}
			for prefix, want := range map[string]string{
				"red/": "red/a=N,1 red/b=N,0",
				"red":  "red=N,2 red/a=N,1 red/b=N,0",
				"r":    "rec=N,4 red=N,2 red/a=N,1 red/b=N,0",
				"x":    "",
				"":     "blue/c=N,3 rec=N,4 red=N,2 red/a=N,1 red/b=N,0",
			} {
				if rows, err := users.ScanPrefix(tx, prefix); show(rows) != want || err != nil {
					t.Errorf("ScanPrefix(%q) = %s, %v, want %s", prefix, show(rows), err, want)
				}
			}
			rows, err := users.ScanAll(tx)
			if want := "blue/c=N,3 rec=N,4 red=N,2 red/a=N,1 red/b=N,0"; show(rows) != want || err != nil {
				t.Errorf("ScanAll = %s, %v, want %s", show(rows), err, want)
			}
			return nil
		})
	})
	t.Run("B44 any texts come back by any prefix", func(t *testing.T) {
		texts := rapid.StringOfN(rapid.SampledFrom([]rune{0, 'a', 'b', 'ÿ', '\U0010FFFF'}), 0, 4, -1)
		rapid.Check(t, func(rt *rapid.T) {
			model := rapid.MapOf(texts, rapid.Int()).Draw(rt, "rows")
			prefix := texts.Draw(rt, "prefix")
			var want []string
			for _, key := range slices.Sorted(maps.Keys(model)) {
				if strings.HasPrefix(key, prefix) {
					want = append(want, key)
				}
			}
			db := entitytest.New(rt, def)
			update(t, db, func(tx *entity.Tx) error {
				for key, age := range model {
					if err := users.Put(tx, key, User{key, age}); err != nil {
						return err
					}
				}
				rows, err := users.ScanPrefix(tx, prefix)
				var got []string
				for _, row := range rows {
					got = append(got, row.Key)
					if row.Value != (User{row.Key, model[row.Key]}) {
						rt.Errorf("the value of %q is %v", row.Key, row.Value)
					}
				}
				if !slices.Equal(got, want) {
					rt.Errorf("ScanPrefix(%q) = %q, want %q", prefix, got, want)
				}
				return err
			})
		})
	})
}

// refused reports an error that isn't of class ErrInvalid or doesn't name the
// store.
func refused(t *testing.T, what string, err error) {
	t.Helper()
	var e *entity.Error
	if !errors.Is(err, backend.ErrInvalid) || errors.Is(err, backend.ErrCorrupt) || !errors.As(err, &e) || e.Store == "" || e.Op == "" {
		t.Errorf("%s: the error is %v, want an ErrInvalid that names operation and store", what, err)
	}
}

func TestB44_Refusals(t *testing.T) {
	ids := entity.New[keys.UserID]("ids", msgpack.Of[User]())
	bytes := entity.New[keys.RowID]("bytes", msgpack.Of[User]())
	pairs := entity.New[keys.T2[keys.String, keys.Int]]("pairs", msgpack.Of[User]())
	all := map[string]stringstore.Store[User]{"ids": stringstore.Of(ids), "bytes": stringstore.Of(bytes), "pairs": stringstore.Of(pairs)}
	db := entitytest.New(t, ids, bytes, pairs)
	entitytest.Load(t, db, bytes, map[keys.RowID]User{keys.Must(keys.RowIDFromString("a")): {}})
	entitytest.Load(t, db, pairs, map[keys.T2[keys.String, keys.Int]]User{{A: "a", B: 1}: {}})

	refuse := func(t *testing.T, s stringstore.Store[User], key string) {
		t.Helper()
		update(t, db, func(tx *entity.Tx) error {
			refused(t, "Put", s.Put(tx, key, User{}))
			_, _, err := s.Get(tx, key)
			refused(t, "Get", err)
			refused(t, "Delete", s.Delete(tx, key))
			return nil
		})
	}
	for name, key := range map[string]string{"an empty id": "", "a control character": "a\n", "an id that is too long": strings.Repeat("a", 121), "no UTF-8": "\xff"} {
		t.Run("B44 "+name+" is ErrInvalid", func(t *testing.T) { refuse(t, all["ids"], key) })
	}
	for _, name := range []string{"bytes", "pairs"} {
		t.Run("B44 a store of "+name+" is ErrInvalid in all methods", func(t *testing.T) {
			refuse(t, all[name], "a")
			update(t, db, func(tx *entity.Tx) error {
				_, err := all[name].ScanAll(tx)
				refused(t, "ScanAll", err)
				_, err = all[name].ScanPrefix(tx, "a")
				refused(t, "ScanPrefix", err)
				return nil
			})
		})
	}
	t.Run("B44 a prefix that is not UTF-8 is ErrInvalid", func(t *testing.T) {
		update(t, db, func(tx *entity.Tx) error {
			_, err := all["ids"].ScanPrefix(tx, "\xff")
			if !errors.Is(err, backend.ErrInvalid) {
				t.Errorf("ScanPrefix = %v, want ErrInvalid", err)
			}
			return nil
		})
	})
	t.Run("B44 a row that can't be read is an error of the scan", func(t *testing.T) {
		db := entitytest.New(t, ids)
		broken := map[string][]byte{"ids": {9, 9}}
		err := db.Backend().Update(t.Context(), func(_ context.Context, tx backend.WriteTx) error {
			return tx.Put("ids", keyOf(t, "a"), broken["ids"])
		})
		if err != nil {
			t.Fatal(err)
		}
		update(t, db, func(tx *entity.Tx) error {
			if err := all["ids"].Put(tx, "b", User{}); err != nil {
				return err
			}
			rows, err := all["ids"].ScanAll(tx)
			if rows != nil || !errors.Is(err, backend.ErrCorrupt) {
				t.Errorf("ScanAll = %v, %v, want no rows and ErrCorrupt", rows, err)
			}
			return all["ids"].Put(tx, "a", User{}) // sound again
		})
	})
}

func keyOf(t testing.TB, key string) []byte {
	t.Helper()
	b, err := keys.String(key).AppendKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// rowsOf returns all pairs of a store's table.
func rowsOf(t testing.TB, s backend.Store, table string) map[string]string {
	t.Helper()
	pairs := map[string]string{}
	err := s.View(t.Context(), func(_ context.Context, tx backend.ReadTx) error {
		for kv, err := range tx.Scan(table, backend.Range{}) {
			if err != nil {
				return err
			}
			pairs[string(kv.Key)] = string(kv.Value)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("View: %v", err)
	}
	return pairs
}

func TestB49_BothReadWhatTheOtherWrote(t *testing.T) {
	texts := entity.New[keys.String]("users", msgpack.Of[User]())
	ids := entity.New[keys.UserID]("users", msgpack.Of[User]())
	ada := keys.Must(keys.NewUserID("ada"))
	byString := func(t testing.TB, s backend.Store) {
		db := entitytest.Open(t, s, texts)
		update(t, db, func(tx *entity.Tx) error { return stringstore.Of(texts).Put(tx, "ada", User{"Ada", 36}) })
	}
	byID := func(t testing.TB, s backend.Store) {
		db := entitytest.Open(t, s, ids)
		update(t, db, func(tx *entity.Tx) error { return ids.Put(tx, ada, User{"Ada", 36}) })
	}

	t.Run("B49 what the string-keyed form wrote is read under ids", func(t *testing.T) {
		s := memory.New()
		byString(t, s)
		db := entitytest.Open(t, s, ids)
		if got, want := entitytest.Dump(t, db, ids), `("ada") {"Name":"Ada","Age":36}`+"\n"; got != want {
			t.Errorf("the rows are %s, want %s", got, want)
		}
	})
	t.Run("B49 what was written under ids is read by the string-keyed form", func(t *testing.T) {
		s := memory.New()
		byID(t, s)
		db := entitytest.Open(t, s, texts)
		update(t, db, func(tx *entity.Tx) error {
			rows, err := stringstore.Of(texts).ScanAll(tx)
			if got := show(rows); got != "ada=Ada,36" {
				t.Errorf("ScanAll = %s, %v, want the row", got, err)
			}
			return err
		})
	})
	t.Run("B49 the bytes are the same", func(t *testing.T) {
		s1, s2 := memory.New(), memory.New()
		byString(t, s1)
		byID(t, s2)
		for _, table := range []string{"users", "_catalog"} {
			if got, want := rowsOf(t, s1, table), rowsOf(t, s2, table); len(got) == 0 || !maps.Equal(got, want) {
				t.Errorf("%s is %x where strings were used, want %x as with ids", table, got, want)
			}
		}
	})
}

func TestB48_BothInOneTransaction(t *testing.T) {
	byName := entity.NewUnique("by_name", func(_ keys.UserID, u *User) keys.String { return keys.String(u.Name) })
	ids := entity.New[keys.UserID]("users", msgpack.Of[User](), byName)
	old := stringstore.Of(ids)
	db := entitytest.New(t, ids)
	ada, bob := keys.Must(keys.NewUserID("ada")), keys.Must(keys.NewUserID("bob"))

	t.Run("B48 each sees what the other wrote", func(t *testing.T) {
		update(t, db, func(tx *entity.Tx) error {
			if err := errors.Join(old.Put(tx, "ada", User{"Ada", 36}), ids.Put(tx, bob, User{"Bob", 20})); err != nil {
				return err
			}
			if u, found, err := ids.Get(tx, ada); u.Age != 36 || !found {
				t.Errorf("the new Get = %v, %v, %v, want Ada", u, found, err)
			}
			if u, found, err := old.Get(tx, "bob"); u.Age != 20 || !found {
				t.Errorf("the old Get = %v, %v, %v, want Bob", u, found, err)
			}
			return nil
		})
	})
	t.Run("B48 what is written by strings keeps the indexes", func(t *testing.T) {
		update(t, db, func(tx *entity.Tx) error {
			if err := old.Put(tx, "eve", User{"Ada", 1}); !errors.Is(err, backend.ErrUnique) {
				t.Errorf("Put of a second Ada = %v, want ErrUnique", err)
			}
			if err := old.Delete(tx, "ada"); err != nil {
				return err
			}
			if _, found, err := byName.Get(tx, "Ada"); found || err != nil {
				t.Errorf("the index has Ada: %v, %v, after she was deleted", found, err)
			}
			return nil
		})
	})
}
