package entity_test

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

// TestBadInput gives every operation what it must refuse. Each refusal is of
// its class, names what it is about, and leaves the database as it was.
func TestBadInput(t *testing.T) {
	byHead := entity.NewMultiIndex("by_head", func(_ keys.Bytes, b *[]byte) iter.Seq[keys.Bytes] {
		return func(yield func(keys.Bytes) bool) {
			if len(*b) > 0 && len(*b) < 2000 {
				yield(keys.Bytes(*b))
			}
		}
	})
	blobs := entity.New[keys.Bytes]("blobs", msgpack.Of[[]byte](), byHead)
	unknown := entity.New[keys.Bytes]("unknown", msgpack.Of[[]byte]())
	onEngines(t, func(t *testing.T, s backend.Store) {
		d := newSchema()
		db := open(t, s, d.users, blobs)
		update(t, db, func(tx *entity.Tx) error {
			return errors.Join(d.users.Put(tx, uid("a"), ada), blobs.Put(tx, "k", []byte("v")))
		})
		before := dumpOf(t, s)

		for _, c := range []struct {
			name  string
			class backend.Class
			says  string
			do    func(tx *entity.Tx) error
		}{
			{"an empty key", backend.ErrInvalid, "put users", func(tx *entity.Tx) error { return d.users.Put(tx, keys.UserID{}, bob) }},
			{"an oversized primary key", backend.ErrTooLarge, "blobs", func(tx *entity.Tx) error {
				return blobs.Put(tx, keys.Bytes(strings.Repeat("k", keys.MaxPrimaryKey)), nil)
			}},
			{"Get of an oversized key", backend.ErrTooLarge, "get blobs", func(tx *entity.Tx) error {
				_, _, err := blobs.Get(tx, keys.Bytes(strings.Repeat("k", keys.MaxPrimaryKey)))
				return err
			}},
			{"Delete of an empty key", backend.ErrInvalid, "delete users", func(tx *entity.Tx) error {
				_, err := d.users.Delete(tx, keys.UserID{})
				return err
			}},
			{"an oversized index key", backend.ErrTooLarge, "index by_head", func(tx *entity.Tx) error {
				return blobs.Put(tx, "big", make([]byte, entity.MaxIndexKey))
			}},
			{"a value that can't be encoded", backend.ErrInvalid, "Name: text is not valid UTF-8", func(tx *entity.Tx) error {
				return d.users.Put(tx, uid("x"), User{Name: "\xff"})
			}},
			{"an oversized value", backend.ErrTooLarge, "blobs", func(tx *entity.Tx) error {
				return blobs.Put(tx, "big", make([]byte, backend.MaxValue))
			}},
			{"a duplicate unique value", backend.ErrUnique, `row ("a") has the index key ("Ada")`, func(tx *entity.Tx) error {
				return d.users.Put(tx, uid("x"), ada)
			}},
			{"an unknown store", backend.ErrTableNotFound, "opened without", func(tx *entity.Tx) error { return unknown.Put(tx, "k", nil) }},
			{"an unknown index", backend.ErrTableNotFound, "index by_name", func(tx *entity.Tx) error {
				_, _, err := newSchema().byName.Get(tx, "Ada")
				return err
			}},
		} {
			t.Run(c.name, func(t *testing.T) {
				update(t, db, func(tx *entity.Tx) error {
					err := c.do(tx)
					wantClass(t, "in the transaction", err, c.class)
					if err != nil && !strings.Contains(err.Error(), c.says) {
						t.Errorf("the error is %q, want it to say %q", err, c.says)
					}
					return nil
				})
				wantDump(t, "after the refusal", s, before)
			})
		}

		t.Run("a value of no bytes is a value", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				if err := blobs.Put(tx, "empty", []byte{}); err != nil {
					return err
				}
				if got, found, err := blobs.Get(tx, "empty"); !found || len(got) != 0 || err != nil {
					t.Errorf("Get(empty) = %x, %v, %v, want an empty value", got, found, err)
				}
				_, err := blobs.Delete(tx, "empty")
				return err
			})
		})

		t.Run("keys at the limits are stored, scanned in pages and deleted", func(t *testing.T) {
			// Each element has a byte before it and one after it.
			longest := func(last string) keys.Bytes {
				return keys.Bytes(strings.Repeat("\xff", keys.MaxPrimaryKey-2-len(last)) + last)
			}
			value := []byte(strings.Repeat("\xff", entity.MaxIndexKey-2))
			update(t, db, func(tx *entity.Tx) error {
				return errors.Join(blobs.Put(tx, longest("a"), value), blobs.Put(tx, longest("b"), value))
			})
			view(t, db, func(tx *entity.Tx) error {
				for _, r := range []keys.Range[keys.Bytes]{keys.Eq(keys.Bytes(value)), keys.Eq(keys.Bytes(value)).Reverse()} {
					var got []string
					for token := ""; ; {
						page := 0
						for row, err := range byHead.Scan(tx, r.Limit(1).Resume(token)) {
							if err != nil {
								return err
							}
							page++
							got = append(got, string(row.Key[len(row.Key)-1:]))
							if token, err = row.Token(); err != nil {
								return err
							}
						}
						if page == 0 {
							break
						}
					}
					slices.Sort(got)
					if s := strings.Join(got, " "); s != "a b" {
						t.Errorf("the pages hold %s, want a b", s)
					}
				}
				return nil
			})
			update(t, db, func(tx *entity.Tx) error {
				n, err := blobs.DeleteMany(tx, slices.Values([]keys.Bytes{longest("a"), longest("b")}))
				if n != 2 {
					t.Errorf("DeleteMany = %d, want 2", n)
				}
				return err
			})
			wantDump(t, "after all were deleted", s, before)
		})

		t.Run("an empty transaction writes nothing and takes no commit number", func(t *testing.T) {
			var versions [2]uint64
			for i := range versions {
				update(t, db, func(tx *entity.Tx) error { return d.users.PutMany(tx, maps.All(map[keys.UserID]User{})) })
				view(t, db, func(tx *entity.Tx) error {
					versions[i] = tx.ReadVersion()
					return nil
				})
			}
			if versions[0] != versions[1] {
				t.Errorf("the version is %d and then %d, want the same", versions[0], versions[1])
			}
			wantDump(t, "after empty transactions", s, before)
		})

		t.Run("an oversized transaction", func(t *testing.T) {
			err := db.Update(t.Context(), func(_ context.Context, tx *entity.Tx) error {
				for i := range 5 {
					if err := blobs.Put(tx, keys.Bytes(rune('0'+i)), make([]byte, backend.MaxValue-100)); err != nil {
						wantClass(t, "Put", err, backend.ErrTooLarge)
						return nil
					}
				}
				return nil
			})
			wantClass(t, "Update", err, backend.ErrTooLarge)
			wantDump(t, "after the oversized transaction", s, before)
		})

		t.Run("a write in a View is ErrReadOnly", func(t *testing.T) {
			view(t, db, func(tx *entity.Tx) error {
				wantClass(t, "Put", d.users.Put(tx, uid("x"), bob), backend.ErrReadOnly)
				wantClass(t, "Insert", d.users.Insert(tx, uid("x"), bob), backend.ErrReadOnly)
				_, err := d.users.Delete(tx, uid("a"))
				wantClass(t, "Delete", err, backend.ErrReadOnly)
				return nil
			})
		})

		t.Run("a nested transaction is ErrNestedTx", func(t *testing.T) {
			err := db.Update(t.Context(), func(ctx context.Context, tx *entity.Tx) error {
				wantClass(t, "nested View", db.View(ctx, func(context.Context, *entity.Tx) error { return nil }), backend.ErrNestedTx)
				return db.Update(ctx, func(context.Context, *entity.Tx) error { return nil })
			})
			wantClass(t, "nested Update", err, backend.ErrNestedTx)
		})

		t.Run("a transaction that has ended is ErrTxDone", func(t *testing.T) {
			var kept *entity.Tx
			update(t, db, func(tx *entity.Tx) error {
				kept = tx
				return nil
			})
			_, _, err := d.users.Get(kept, uid("a"))
			wantClass(t, "Get", err, backend.ErrTxDone)
			wantClass(t, "Put", d.users.Put(kept, uid("a"), ada), backend.ErrTxDone)
			_, err = collect(d.users.Scan(kept, keys.All[keys.UserID]()))
			wantClass(t, "Scan", err, backend.ErrTxDone)
		})

		t.Run("a panic rolls back and goes on", func(t *testing.T) {
			func() {
				defer func() {
					if got := recover(); got != "mine" {
						t.Errorf("recovered %v, want the closure's own panic", got)
					}
				}()
				_ = db.Update(t.Context(), func(_ context.Context, tx *entity.Tx) error {
					if err := d.users.Put(tx, uid("x"), bob); err != nil {
						t.Errorf("Put: %v", err)
					}
					panic("mine")
				})
			}()
			wantDump(t, "after the panic", s, before)
		})
	})
}

// TestCorruptRow damages a stored value.
func TestCorruptRow(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		d := newSchema()
		db, err := entity.Open(t.Context(), s, d.users)
		if err != nil {
			t.Fatal(err)
		}
		update(t, db, func(tx *entity.Tx) error {
			return errors.Join(d.users.Put(tx, uid("a"), ada), d.users.Put(tx, uid("b"), bob))
		})
		key := encoded(t, uid("b"))
		good := []byte(dumpOf(t, s)["users"][string(key)])
		for name, bad := range map[string][]byte{
			"a changed byte":         append(append([]byte{}, good[:len(good)-1]...), good[len(good)-1]^1),
			"an empty value":         {},
			"a cut value":            good[:len(good)-1],
			"an unknown format":      append([]byte{0x7F}, good[1:]...),
			"a frame without a body": {0x01, 0x01, 0, 0, 0},
			"no version":             {0x01, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80},
		} {
			t.Run("A4 "+name+" is ErrCorrupt, and is never passed over", func(t *testing.T) {
				raw(t, s, func(tx backend.WriteTx) error { return tx.Put("users", key, append([]byte{}, bad...)) })
				before := dumpOf(t, s)
				view(t, db, func(tx *entity.Tx) error {
					_, _, err := d.users.Get(tx, uid("b"))
					wantClass(t, "Get", err, backend.ErrCorrupt)
					var e *entity.Error
					if !errors.As(err, &e) || e.Store != "users" || e.Key != `("b")` {
						t.Errorf("the error is %v, want it to name store and key", err)
					}
					ks, err := collect(d.users.Scan(tx, keys.All[keys.UserID]()))
					wantClass(t, "Scan", err, backend.ErrCorrupt)
					if len(ks) != 1 {
						t.Errorf("Scan yielded %v before its error, want a", ks)
					}
					_, err = collect(d.byAge.Scan(tx, keys.All[keys.Int]()))
					wantClass(t, "Scan of an index", err, backend.ErrCorrupt)
					return nil
				})
				update(t, db, func(tx *entity.Tx) error {
					wantClass(t, "Put over it", d.users.Put(tx, uid("b"), carol), backend.ErrCorrupt)
					_, err := d.users.Delete(tx, uid("b"))
					wantClass(t, "Delete", err, backend.ErrCorrupt)
					return nil
				})
				wantClass(t, "Verify", entity.Verify(t.Context(), db), backend.ErrCorrupt)
				wantDump(t, "after all refusals", s, before)
			})
		}
	})
}

func TestClosed(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			d := newSchema()
			s := e.open(t)
			db, err := entity.Open(t.Context(), s, d.users)
			if err != nil {
				t.Fatal(err)
			}
			canceled, cancel := context.WithCancel(t.Context())
			cancel()
			if err := db.Wait(canceled); err != context.Canceled {
				t.Errorf("Wait for an open one with a canceled context = %v, want it back", err)
			}
			waited := make(chan error, 1)
			go func() { waited <- db.Wait(t.Context()) }()
			if err := db.Close(t.Context()); err != nil {
				t.Fatalf("Close: %v", err)
			}
			wantClass(t, "Wait", <-waited, backend.ErrClosed)
			nothing := func(context.Context, *entity.Tx) error { return nil }
			wantClass(t, "View", db.View(t.Context(), nothing), backend.ErrClosed)
			wantClass(t, "Update", db.Update(t.Context(), nothing), backend.ErrClosed)
			_, err = entity.Open(t.Context(), s, d.users)
			wantClass(t, "Open", err, backend.ErrClosed)
			if err := db.Close(t.Context()); err != nil {
				t.Errorf("the second Close = %v, want nil", err)
			}
			wantClass(t, "Wait after it", db.Wait(t.Context()), backend.ErrClosed)
		})
	}
}

// TestBadDefinitions opens an empty database with definitions that can't be.
func TestBadDefinitions(t *testing.T) {
	store := func(name string, x ...entity.IndexOf[keys.UserID, User]) entity.Definition {
		return entity.New[keys.UserID](name, msgpack.Of[User](), x...)
	}
	shared := ageIndex()
	var none *entity.Store[keys.UserID, User]
	var noIndex *entity.Index[keys.Int, keys.UserID, User]
	cases := []struct {
		name  string
		class backend.Class
		defs  []entity.Definition
	}{
		{"two stores of one name", backend.ErrInvalid, []entity.Definition{store("s"), store("s")}},
		{"an empty name", backend.ErrInvalid, []entity.Definition{store("")}},
		{"a reserved name", backend.ErrInvalid, []entity.Definition{store("_s")}},
		{"a name that isn't UTF-8", backend.ErrInvalid, []entity.Definition{store("\xff")}},
		{"a long name", backend.ErrTooLarge, []entity.Definition{store(strings.Repeat("n", 129))}},
		{"a nil definition", backend.ErrInvalid, []entity.Definition{nil}},
		{"a nil store", backend.ErrInvalid, []entity.Definition{none}},
		{"a zero store", backend.ErrInvalid, []entity.Definition{&entity.Store[keys.UserID, User]{}}},
		{"no codec", backend.ErrInvalid, []entity.Definition{entity.New[keys.UserID, User]("s", nil)}},
		{"a store of version 0", backend.ErrInvalid, []entity.Definition{withoutIndex().users.WithSchema(0, "")}},
		{"an index of version 0", backend.ErrInvalid, []entity.Definition{store("s", ageIndex().WithSchema(0, ""))}},
		{"two indexes of one name", backend.ErrInvalid, []entity.Definition{store("s", ageIndex(), ageIndex())}},
		{"an index of two stores", backend.ErrInvalid, []entity.Definition{store("s", shared), store("t", shared)}},
		{"an index with a reserved name", backend.ErrInvalid, []entity.Definition{store("s", entity.NewIndex("_i", func(keys.UserID, *User) keys.Int { return 0 }))}},
		{"a nil index", backend.ErrInvalid, []entity.Definition{store("s", nil)}},
		{"a nil pointer as an index", backend.ErrInvalid, []entity.Definition{store("s", noIndex)}},
		{"a zero index", backend.ErrInvalid, []entity.Definition{store("s", &entity.Unique[keys.Int, keys.UserID, User]{})}},
	}
	onEngines(t, func(t *testing.T, s backend.Store) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				_, err := entity.Open(t.Context(), s, c.defs...)
				wantClass(t, "Open", err, c.class)
				if d := dumpOf(t, s); len(d) > 0 {
					t.Errorf("the database has tables after the refused Open: %v", d)
				}
			})
		}
	})
}
