package entity_test

import (
	"bytes"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

// mute hides what an engine says of its checksums.
type mute struct{ backend.Store }

// vouching is an engine that has looked at checksums of its own.
type vouching struct{ backend.Store }

func (vouching) Checked() bool { return true }

// rawUsers returns the users of a loop, decoded here, and the row that is next
// after each token.
func rawUsers(t *testing.T, rows iter.Seq2[*entity.RawRow, error]) (list []string, tokens []string, err error) {
	for row, err := range rows {
		if err != nil {
			return list, tokens, err
		}
		var u User
		if err := msgpack.Of[User]().Decode(row.Payload, &u); err != nil {
			t.Fatal(err)
		}
		token, err := row.Token()
		if err != nil {
			t.Fatal(err)
		}
		list, tokens = append(list, keys.Fmt(row.Key)+u.Name), append(tokens, token)
	}
	return list, tokens, nil
}

func TestRawReads(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		for name, s := range map[string]backend.Store{"as it is": s, "mute": mute{s}, "vouching": vouching{s}} {
			db, d := withUsers(t, s)
			other := newSchema()
			var kept *entity.Tx
			t.Run("A4 "+name+", raw rows are the rows, in their order, with their tokens", func(t *testing.T) {
				view(t, db, func(tx *entity.Tx) error {
					kept = tx
					want := []string{`("a")Ada`, `("b")Bob`, `("c")Carol`}
					list, tokens, err := rawUsers(t, d.users.ScanRaw(tx, keys.All[keys.UserID]()))
					if err != nil || !slices.Equal(list, want) {
						t.Errorf("ScanRaw = %q, %v, want %q", list, err, want)
					}
					list, _, err = rawUsers(t, d.users.ScanRaw(tx, keys.All[keys.UserID]().Resume(tokens[0])))
					if err != nil || !slices.Equal(list, want[1:]) {
						t.Errorf("ScanRaw after a = %q, %v, want %q", list, err, want[1:])
					}
					want = []string{`("c")Carol`, `("a")Ada`, `("b")Bob`}
					list, tokens, err = rawUsers(t, d.byAge.ScanRaw(tx, keys.All[keys.Int]()))
					if err != nil || !slices.Equal(list, want) {
						t.Errorf("ScanRaw of an index = %q, %v, want %q", list, err, want)
					}
					ks, err := collect(d.byAge.Scan(tx, keys.All[keys.Int]().Resume(tokens[1])))
					if err != nil || !slices.Equal(ks, []keys.UserID{uid("b")}) {
						t.Errorf("Scan after the token of a = %v, %v, want b", ks, err)
					}
					for row, err := range d.users.ScanRaw(tx, keys.Eq(uid("b"))) {
						if err != nil {
							return err
						}
						payload, found, err := d.users.GetRaw(tx, encoded(t, uid("b")))
						if err != nil || !found || !bytes.Equal(payload, row.Payload) {
							t.Errorf("GetRaw = %x, %t, %v, want %x", payload, found, err, row.Payload)
						}
					}
					if payload, found, err := d.users.GetRaw(tx, encoded(t, uid("z"))); err != nil || found {
						t.Errorf("GetRaw of a missing row = %x, %t, %v", payload, found, err)
					}
					_, _, err = d.users.GetRaw(tx, []byte(strings.Repeat("k", keys.MaxPrimaryKey+1)))
					wantClass(t, "GetRaw of a long key", err, backend.ErrTooLarge)
					_, _, err = d.users.GetRaw(tx, nil)
					wantClass(t, "GetRaw of no key", err, backend.ErrInvalid)
					_, _, err = other.users.GetRaw(tx, encoded(t, uid("a")))
					wantClass(t, "GetRaw of another store", err, backend.ErrTableNotFound)
					_, _, err = rawUsers(t, other.users.ScanRaw(tx, keys.All[keys.UserID]()))
					wantClass(t, "ScanRaw of another store", err, backend.ErrTableNotFound)
					_, _, err = rawUsers(t, other.byAge.ScanRaw(tx, keys.All[keys.Int]()))
					wantClass(t, "ScanRaw of another store's index", err, backend.ErrTableNotFound)
					_, _, err = rawUsers(t, d.users.ScanRaw(tx, keys.All[keys.UserID]().Resume("AAAA")))
					wantClass(t, "ScanRaw with a damaged token", err, backend.ErrInvalid)
					return nil
				})
				_, _, err := d.users.GetRaw(kept, encoded(t, uid("a")))
				wantClass(t, "GetRaw after the end", err, backend.ErrTxDone)
				_, _, err = rawUsers(t, d.byAge.ScanRaw(kept, keys.All[keys.Int]()))
				wantClass(t, "ScanRaw after the end", err, backend.ErrTxDone)
			})
		}
	})
}

// A row's own checksum is looked at with each read, but for raw ones where the
// engine vouches for what it hands out. Its form always is.
func TestRawReadsOfDamagedRows(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		key := encoded(t, uid("c"))
		d := newSchema()
		db := func(s backend.Store) *entity.DB {
			db, err := entity.Open(t.Context(), s, d.users) // that isn't sound in the end
			if err != nil {
				t.Fatal(err)
			}
			return db
		}
		quiet, loud := db(mute{s}), db(vouching{s})
		update(t, quiet, func(tx *entity.Tx) error { return d.users.Put(tx, uid("c"), carol) })
		good := []byte(dumpOf(t, s)["users"][string(key)])
		bit := bytes.Clone(good)
		bit[len(bit)-1] ^= 1
		for _, c := range []struct {
			name  string
			db    *entity.DB
			frame []byte
			fails bool
		}{
			{"a bit", quiet, bit, true},
			{"a bit, with an engine that vouches", loud, bit, false},
			{"a version to come, with an engine that vouches", loud, append([]byte{1, 9}, good[2:]...), true},
			{"the end, with an engine that vouches", loud, good[:5], true},
			{"everything, with an engine that vouches", loud, []byte{}, true},
		} {
			t.Run("A4 "+c.name, func(t *testing.T) {
				raw(t, s, func(tx backend.WriteTx) error { return tx.Put("users", key, bytes.Clone(c.frame)) })
				check := func(what string, payload []byte, err error) {
					t.Helper()
					switch {
					case c.fails:
						wantClass(t, what, err, backend.ErrCorrupt)
						var e *entity.Error
						if !errors.As(err, &e) || e.Store != "users" {
							t.Errorf("%s = %v, want it to name the store", what, err)
						}
					case err != nil || !bytes.Equal(payload, c.frame[len(c.frame)-len(payload):]) || len(payload) == 0:
						t.Errorf("%s = %x, %v, want what the engine has", what, payload, err)
					}
				}
				view(t, c.db, func(tx *entity.Tx) error {
					payload, _, err := d.users.GetRaw(tx, key)
					check("GetRaw", payload, err)
					for row, err := range d.users.ScanRaw(tx, keys.All[keys.UserID]()) {
						if err != nil {
							row = new(entity.RawRow)
						}
						check("ScanRaw", row.Payload, err)
					}
					for row, err := range d.byAge.ScanRaw(tx, keys.All[keys.Int]()) {
						if err != nil {
							row = new(entity.RawRow)
						}
						check("ScanRaw of an index", row.Payload, err)
					}
					_, _, err = d.users.Get(tx, uid("c"))
					wantClass(t, "Get", err, backend.ErrCorrupt)
					return nil
				})
				wantClass(t, "Verify", entity.Verify(t.Context(), c.db), backend.ErrCorrupt)
			})
		}
	})
}

// Keys that are sized lead to the rows as others do.
func TestAnIndexOfSizedKeys(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		byAge := entity.NewIndex("by_age", func(_ keys.UserID, u *User) keys.Element {
			return keys.Must(keys.ElementOf(keys.Int(u.Age)))
		})
		users := entity.New[keys.UserID]("users", msgpack.Of[User](), byAge)
		db, err := entity.Open(t.Context(), s, users) // that isn't sound in the end
		if err != nil {
			t.Fatal(err)
		}
		update(t, db, func(tx *entity.Tx) error {
			return errors.Join(users.Put(tx, uid("a"), ada), users.Put(tx, uid("b"), bob), users.Put(tx, uid("c"), carol))
		})
		t.Run("A4 in their order", func(t *testing.T) {
			view(t, db, func(tx *entity.Tx) error {
				want := []string{`("c")Carol`, `("a")Ada`, `("b")Bob`}
				list, _, err := rawUsers(t, byAge.ScanRaw(tx, keys.All[keys.Element]()))
				if err != nil || !slices.Equal(list, want) {
					t.Errorf("ScanRaw = %q, %v, want %q", list, err, want)
				}
				return nil
			})
		})
		t.Run("A4 an entry that begins with none is ErrCorrupt", func(t *testing.T) {
			raw(t, s, func(tx backend.WriteTx) error { return tx.Put("_index/1", []byte{0x02, 'x'}, []byte{1}) })
			view(t, db, func(tx *entity.Tx) error {
				_, _, err := rawUsers(t, byAge.ScanRaw(tx, keys.All[keys.Element]()))
				wantClass(t, "ScanRaw", err, backend.ErrCorrupt)
				_, err = collect(byAge.Scan(tx, keys.All[keys.Element]()))
				wantClass(t, "Scan", err, backend.ErrCorrupt)
				return nil
			})
		})
	})
}
