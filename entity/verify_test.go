package entity_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

// TestVerify damages a sound database in every way that Verify knows.
func TestVerify(t *testing.T) {
	entry := func(t *testing.T, name, id string) []byte { return encoded(t, keys.String(name), uid(id)) }
	for _, c := range []struct {
		name   string
		damage func(t *testing.T, tx backend.WriteTx) error
		says   []string
	}{
		{"a row without its entry", func(t *testing.T, tx backend.WriteTx) error {
			_, err := tx.Delete("_index/1", entry(t, "Ada", "a"))
			return err
		}, []string{`verify users ("Ada", "a"), index by_name: corrupt data: the row has no such entry`}},
		{"an entry without its row", func(t *testing.T, tx backend.WriteTx) error {
			return tx.Put("_index/1", entry(t, "Ghost", "g"), []byte{1})
		}, []string{`verify users ("Ghost", "g"), index by_name: corrupt data: the entry's row is missing`}},
		{"an entry that its row doesn't have", func(t *testing.T, tx backend.WriteTx) error {
			return tx.Put("_index/1", entry(t, "Eve", "a"), []byte{1})
		}, []string{`verify users ("Eve", "a"), index by_name: corrupt data: the entry's row doesn't have this index key`}},
		{"a row that is gone", func(t *testing.T, tx backend.WriteTx) error {
			_, err := tx.Delete("users", encoded(t, uid("a")))
			return err
		}, []string{`("Ada", "a"), index by_name`, `(36, "a"), index by_age`, `("count", "a"), index by_tag`, `("poet", "a"), index by_tag`, `("math", 36, "a"), index by_team`}},
		{"two rows under one unique key", func(t *testing.T, tx backend.WriteTx) error {
			return tx.Put("_index/1", entry(t, "Ada", "b"), []byte{1})
		}, []string{"two rows have this key in a unique index", "the entry's row doesn't have this index key"}},
		{"an entry of another value", func(t *testing.T, tx backend.WriteTx) error {
			return tx.Put("_index/1", entry(t, "Ada", "a"), []byte{2})
		}, []string{`("Ada", "a"), index by_name: corrupt data: the entry has an unknown value`}},
		{"an entry that is no key", func(t *testing.T, tx backend.WriteTx) error {
			return tx.Put("_index/1", []byte{0xEE}, []byte{1})
		}, []string{"verify users (…0xee), index by_name: decode key: corrupt data"}},
		{"a damaged row", func(t *testing.T, tx backend.WriteTx) error {
			return tx.Put("users", encoded(t, uid("a")), []byte("junk"))
		}, []string{`verify users ("a"): corrupt data: frame has an unknown format`}},
		{"a row under a key that is none", func(t *testing.T, tx backend.WriteTx) error {
			v, err := tx.Get("users", encoded(t, uid("a")))
			if err != nil {
				return err
			}
			return tx.Put("users", encoded(t, keys.Int(7)), append([]byte{}, v...))
		}, []string{"verify users (7): decode key: corrupt data"}},
		{"a table of an unknown index", func(t *testing.T, tx backend.WriteTx) error {
			return tx.Put("_index/99", []byte{1}, []byte{1})
		}, []string{"verify _index/99: corrupt data: the catalogue doesn't know this table"}},
		{"a damaged row of a store without a definition", func(t *testing.T, tx backend.WriteTx) error {
			return tx.Put("others", encoded(t, uid("a")), []byte("junk"))
		}, []string{`verify others ("a"): corrupt data`}},
	} {
		onEngines(t, func(t *testing.T, s backend.Store) {
			t.Run(c.name, func(t *testing.T) {
				d := newSchema()
				db, err := entity.Open(t.Context(), s, d.users)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := entity.Open(t.Context(), s, entity.New[keys.UserID]("others", msgpack.Of[User]())); err != nil {
					t.Fatal(err)
				}
				update(t, db, func(tx *entity.Tx) error {
					return errors.Join(d.users.Put(tx, uid("a"), ada), d.users.Put(tx, uid("b"), bob))
				})
				if err := entity.Verify(t.Context(), db); err != nil {
					t.Fatalf("Verify of a sound database = %v", err)
				}
				raw(t, s, func(tx backend.WriteTx) error { return c.damage(t, tx) })
				err = entity.Verify(t.Context(), db)
				wantClass(t, "Verify", err, backend.ErrCorrupt)
				if err == nil {
					return
				}
				for _, says := range c.says {
					if !strings.Contains(err.Error(), says) {
						t.Errorf("Verify = %v\nwant it to say %s", err, says)
					}
				}
				if n := strings.Count(err.Error(), "\n") + 1; n != len(c.says) {
					t.Errorf("Verify has %d findings, want %d:\n%v", n, len(c.says), err)
				}
			})
		})
	}
}

// TestVerifyFindings shows that a thousand findings don't fill the memory.
func TestVerifyFindings(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		r := withIndex(ageIndex())
		db, err := entity.Open(t.Context(), s, r.users)
		if err != nil {
			t.Fatal(err)
		}
		fill(t, db, r, 1000)
		raw(t, s, func(tx backend.WriteTx) error { return tx.DropTable("_index/1") })
		err = entity.Verify(t.Context(), db)
		wantClass(t, "Verify", err, backend.ErrCorrupt)
		if err != nil && strings.Count(err.Error(), "\n")+1 != 100 {
			t.Errorf("Verify has %d findings, want the first 100", strings.Count(err.Error(), "\n")+1)
		}
	})
}

// TestCorruptCatalogue damages the catalogue.
func TestCorruptCatalogue(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, tx backend.WriteTx) error{
		"an unreadable head": func(t *testing.T, tx backend.WriteTx) error {
			return tx.Put("_catalog", headKey, []byte{1, 2, 3})
		},
		"a missing head": func(t *testing.T, tx backend.WriteTx) error {
			_, err := tx.Delete("_catalog", headKey)
			return err
		},
		"a record of an unknown kind": func(t *testing.T, tx backend.WriteTx) error {
			v, err := tx.Get("_catalog", headKey)
			if err != nil {
				return err
			}
			return tx.Put("_catalog", encoded(t, keys.String("strange")), append([]byte{}, v...))
		},
		"a missing store record": func(t *testing.T, tx backend.WriteTx) error {
			_, err := tx.Delete("_catalog", encoded(t, keys.String("store"), keys.String("users")))
			return err
		},
		"an index under two names": func(t *testing.T, tx backend.WriteTx) error {
			v, err := tx.Get("_catalog", encoded(t, keys.String("index"), keys.String("users"), keys.String("by_age")))
			if err != nil {
				return err
			}
			return tx.Put("_catalog", encoded(t, keys.String("index"), keys.String("users"), keys.String("by_eye")), append([]byte{}, v...))
		},
	} {
		onEngines(t, func(t *testing.T, s backend.Store) {
			t.Run(name, func(t *testing.T) {
				d := newSchema()
				if _, err := entity.Open(t.Context(), s, d.users); err != nil {
					t.Fatal(err)
				}
				raw(t, s, func(tx backend.WriteTx) error { return damage(t, tx) })
				before := dumpOf(t, s)
				_, err := entity.Open(t.Context(), s, d.users)
				wantClass(t, "Open", err, backend.ErrCorrupt)
				wantDump(t, "after the refused Open", s, before)
			})
		})
	}
}
