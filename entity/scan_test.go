package entity_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

func userRow(user, row string) keys.UserRowID {
	return keys.Must(keys.NewUserRowID(uid(user), keys.Must(keys.RowIDFromString(row))))
}

func TestScan(t *testing.T) {
	notes := entity.New[keys.UserRowID]("notes", msgpack.Of[string]())
	onEngines(t, func(t *testing.T, s backend.Store) {
		db := open(t, s, notes)
		scan := func(t *testing.T, r keys.Range[keys.UserRowID]) string {
			var got []string
			view(t, db, func(tx *entity.Tx) error {
				got = nil
				for row, err := range notes.Scan(tx, r) {
					if err != nil {
						return err
					}
					if row.Value != "of "+row.Key.String() {
						t.Errorf("row %v has the value %q", row.Key, row.Value)
					}
					got = append(got, row.Key.String())
				}
				n, err := notes.Count(tx, r)
				if n != len(got) {
					t.Errorf("Count = %d, and Scan yields %d rows", n, len(got))
				}
				return err
			})
			return strings.Join(got, " ")
		}
		want := func(t *testing.T, r keys.Range[keys.UserRowID], want string) {
			t.Helper()
			if got := scan(t, r); got != want {
				t.Errorf("rows are %q, want %q", got, want)
			}
		}

		t.Run("A scan and a count of a store that nothing was put into are empty", func(t *testing.T) {
			want(t, keys.All[keys.UserRowID](), "")
		})
		update(t, db, func(tx *entity.Tx) error {
			for _, k := range []keys.UserRowID{userRow("bob", "1"), userRow("alice2", "1"), userRow("alice", "2"), userRow("alice", "1"), userRow("alice", "10")} {
				if err := notes.Put(tx, k, "of "+k.String()); err != nil {
					return err
				}
			}
			return nil
		})

		t.Run("B7 a scan yields typed keys in order", func(t *testing.T) {
			want(t, keys.All[keys.UserRowID](), "alice:1 alice:10 alice:2 alice2:1 bob:1")
		})
		t.Run("B6 D3 a prefix doesn't bleed into siblings", func(t *testing.T) {
			want(t, keys.Prefix[keys.UserRowID](uid("alice")), "alice:1 alice:10 alice:2")
		})
		t.Run("reverse", func(t *testing.T) {
			want(t, keys.All[keys.UserRowID]().Reverse(), "bob:1 alice2:1 alice:2 alice:10 alice:1")
		})
		t.Run("B9 limit", func(t *testing.T) {
			want(t, keys.All[keys.UserRowID]().Limit(2), "alice:1 alice:10")
			want(t, keys.Prefix[keys.UserRowID](uid("alice")).Reverse().Limit(1), "alice:2")
		})
		t.Run("ranges", func(t *testing.T) {
			want(t, keys.Between(userRow("alice", "10"), userRow("bob", "1")), "alice:10 alice:2 alice2:1")
			want(t, keys.After(userRow("alice2", "1")), "bob:1")
			want(t, keys.Eq(userRow("alice", "1")), "alice:1")
			want(t, keys.Between(userRow("bob", "1"), userRow("alice", "1")), "")
		})
		t.Run("a range that can't be encoded, or with a negative limit, is ErrInvalid", func(t *testing.T) {
			for _, r := range []keys.Range[keys.UserRowID]{keys.Eq(keys.UserRowID{}), keys.All[keys.UserRowID]().Limit(-1)} {
				view(t, db, func(tx *entity.Tx) error {
					_, err := collect(notes.Scan(tx, r))
					wantClass(t, "Scan", err, backend.ErrInvalid)
					_, err = notes.Count(tx, r)
					wantClass(t, "Count", err, backend.ErrInvalid)
					return nil
				})
			}
		})
		t.Run("B9 the loop can stop early and run again", func(t *testing.T) {
			view(t, db, func(tx *entity.Tx) error {
				rows := notes.Scan(tx, keys.All[keys.UserRowID]())
				for range 2 {
					for row, err := range rows {
						if err != nil || row.Key != userRow("alice", "1") {
							t.Errorf("first row is %v, %v, want alice:1", row, err)
						}
						break
					}
				}
				return nil
			})
		})
		t.Run("D17 a loop that deletes and puts sees the rows as they were", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				n := 0
				for row, err := range notes.Scan(tx, keys.All[keys.UserRowID]()) {
					if err != nil {
						return err
					}
					n++
					if _, err := notes.Delete(tx, row.Key); err != nil {
						return err
					}
					if err := notes.Put(tx, userRow("zoe", row.Key.UserID().String()+row.Key.RowID().String()), "new"); err != nil {
						return err
					}
				}
				if n != 5 {
					t.Errorf("the loop saw %d rows, want the 5 that were there when it began", n)
				}
				if n, err := notes.Count(tx, keys.All[keys.UserRowID]()); n != 5 || err != nil {
					t.Errorf("Count = %d, %v afterwards, want the 5 new rows", n, err)
				}
				return nil
			})
		})
	})
}

// TestPages walks a store and an index in pages, by tokens.
func TestPages(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		d := newSchema()
		db := open(t, s, d.users)
		var all []string
		update(t, db, func(tx *entity.Tx) error {
			for i := range 23 {
				id := "u" + string(rune('a'+i))
				all = append(all, id)
				if err := d.users.Put(tx, uid(id), User{Name: id, Age: i / 5, Tags: []string{"x", "y"}}); err != nil {
					return err
				}
			}
			return nil
		})
		// walk returns the rows of the pages that page returns.
		walk := func(page func(tx *entity.Tx, token string) (ids []string, next string, err error)) []string {
			var ids []string
			token, more := "", true
			for more {
				view(t, db, func(tx *entity.Tx) error {
					got, next, err := page(tx, token)
					ids, token, more = append(ids, got...), next, len(got) > 0
					return err
				})
			}
			return ids
		}
		pageOf := func(rows func(yield func(*entity.Row[keys.UserID, User], error) bool)) (ids []string, next string, err error) {
			for row, err := range rows {
				if err != nil {
					return nil, "", err
				}
				ids = append(ids, row.Key.String())
				if next, err = row.Token(); err != nil {
					return nil, "", err
				}
			}
			return ids, next, nil
		}
		reversed := func(s []string) []string {
			var r []string
			for i := len(s) - 1; i >= 0; i-- {
				r = append(r, s[i])
			}
			return r
		}
		want := func(t *testing.T, got, want []string) {
			t.Helper()
			if strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("pages hold %v, want %v", got, want)
			}
		}

		t.Run("a store in pages, both ways", func(t *testing.T) {
			r := keys.All[keys.UserID]().Limit(4)
			want(t, walk(func(tx *entity.Tx, token string) ([]string, string, error) {
				return pageOf(d.users.Scan(tx, r.Resume(token)))
			}), all)
			want(t, walk(func(tx *entity.Tx, token string) ([]string, string, error) {
				return pageOf(d.users.Scan(tx, r.Reverse().Resume(token)))
			}), reversed(all))
		})
		t.Run("an index whose pages end between rows of the same index key, both ways", func(t *testing.T) {
			r := keys.All[keys.Int]().Limit(3)
			want(t, walk(func(tx *entity.Tx, token string) ([]string, string, error) {
				return pageOf(d.byAge.Scan(tx, r.Resume(token)))
			}), all)
			want(t, walk(func(tx *entity.Tx, token string) ([]string, string, error) {
				return pageOf(d.byAge.Scan(tx, r.Reverse().Resume(token)))
			}), reversed(all))
		})
		t.Run("a row that is in a multi-valued index twice has two tokens", func(t *testing.T) {
			r := keys.All[keys.String]().Limit(5)
			want(t, walk(func(tx *entity.Tx, token string) ([]string, string, error) {
				return pageOf(d.byTag.Scan(tx, r.Resume(token)))
			}), append(append([]string{}, all...), all...))
		})
		t.Run("Keys and Scan of an index take each other's tokens", func(t *testing.T) {
			view(t, db, func(tx *entity.Tx) error {
				var token string
				for e, err := range d.byAge.Keys(tx, keys.All[keys.Int]().Limit(7)) {
					if err != nil {
						return err
					}
					if token, err = e.Token(); err != nil {
						return err
					}
				}
				ids, _, err := pageOf(d.byAge.Scan(tx, keys.All[keys.Int]().Resume(token)))
				want(t, ids, all[7:])
				return err
			})
		})
		t.Run("a token works after its row is gone, and Count takes it", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				_, token, err := pageOf(d.users.Scan(tx, keys.All[keys.UserID]().Limit(3)))
				if err != nil {
					return err
				}
				if _, err := d.users.Delete(tx, uid(all[2])); err != nil {
					return err
				}
				r := keys.All[keys.UserID]().Resume(token)
				ids, _, err := pageOf(d.users.Scan(tx, r))
				want(t, ids, all[3:])
				if n, err := d.users.Count(tx, r); n != len(all)-3 || err != nil {
					t.Errorf("Count = %d, %v, want %d", n, err, len(all)-3)
				}
				return err
			})
		})
	})
}

// TestTokens gives scans tokens that aren't theirs.
func TestTokens(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		d := newSchema()
		other := entity.New[keys.UserID]("others", msgpack.Of[User]())
		db := open(t, s, d.users, other)
		update(t, db, func(tx *entity.Tx) error {
			return errors.Join(d.users.Put(tx, uid("a"), ada), other.Put(tx, uid("a"), ada))
		})
		all := keys.All[keys.UserID]()
		var own string
		var row *entity.Row[keys.UserID, User]
		view(t, db, func(tx *entity.Tx) (err error) {
			for row, err = range d.users.Scan(tx, all) {
				if err == nil {
					own, err = row.Token()
				}
			}
			return err
		})
		if strings.ContainsFunc(own, func(r rune) bool {
			return !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", r)
		}) {
			t.Errorf("token %q has characters that base64url doesn't have", own)
		}
		changed := []byte(own)
		changed[len(changed)-2] ^= 1
		view(t, db, func(tx *entity.Tx) error {
			scans := []struct {
				name string
				err  error
			}{
				{"another store", errOf(other.Scan(tx, all.Resume(own)))},
				{"an index", errOf(d.byAge.Scan(tx, keys.All[keys.Int]().Resume(own)))},
				{"the other direction", errOf(d.users.Scan(tx, all.Reverse().Resume(own)))},
				{"a changed token", errOf(d.users.Scan(tx, all.Resume(string(changed))))},
				{"a cut token", errOf(d.users.Scan(tx, all.Resume(own[:len(own)-4])))},
				{"not base64url", errOf(d.users.Scan(tx, all.Resume("!!!")))},
				{"a long token", errOf(d.users.Scan(tx, all.Resume(strings.Repeat("A", 5000))))},
			}
			for _, c := range scans {
				wantClass(t, c.name, c.err, backend.ErrInvalid)
			}
			return nil
		})
		if _, err := row.Token(); !errors.Is(err, backend.ErrTxDone) {
			t.Errorf("Token after the transaction = %v, want ErrTxDone", err)
		}
		view(t, db, func(tx *entity.Tx) error {
			for row, err := range d.users.GetMany(tx, func(yield func(keys.UserID) bool) { yield(uid("a")) }) {
				if err != nil {
					return err
				}
				_, err = row.Token()
				wantClass(t, "Token of a row of GetMany", err, backend.ErrInvalid)
			}
			return nil
		})
	})
}

// errOf returns the error that ends a scan.
func errOf[K keys.Key[K], V any](rows func(func(*entity.Row[K, V], error) bool)) error {
	_, err := collect(rows)
	return err
}

// TestD18_ScanErrors shows that the end of a context ends a scan with its
// error, once.
func TestD18_ScanErrors(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		d := newSchema()
		db := open(t, s, d.users)
		update(t, db, func(tx *entity.Tx) error {
			for i := range 3000 {
				name := strings.Repeat("x", i/100+1) + string(rune('0'+i%10)) + string(rune('a'+i/10%10))
				if err := d.users.Put(tx, uid(name), User{Name: name}); err != nil {
					return err
				}
			}
			return nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		rows, ends := 0, 0
		err := db.View(ctx, func(ctx context.Context, tx *entity.Tx) error {
			for row, err := range d.users.Scan(tx, keys.All[keys.UserID]()) {
				if err != nil {
					ends++
					if row != nil || !errors.Is(err, context.Canceled) {
						t.Errorf("the loop ended with %v, %v, want no row and the context's error", row, err)
					}
					continue
				}
				if rows++; rows == 10 {
					cancel()
				}
			}
			return nil
		})
		if err != nil || ends != 1 || rows > 10+1024 {
			t.Errorf("View = %v after %d rows and %d errors, want nil, at most 1034 and one", err, rows, ends)
		}
	})
}
