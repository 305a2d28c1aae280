package entity_test

import (
	"errors"
	"math"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/keys"
)

// newRevised is newSchema with revisions.
func newRevised() schema {
	d := newSchema()
	d.users = d.users.WithRevisions()
	return d
}

// withRevisions opens a database with revisions, with ada, bob and carol under
// the keys a, b, c.
func withRevisions(t testing.TB, s backend.Store) (*entity.DB, schema) {
	t.Helper()
	d := newRevised()
	db := open(t, s, d.users)
	update(t, db, func(tx *entity.Tx) error {
		return errors.Join(d.users.Put(tx, uid("a"), ada), d.users.Put(tx, uid("b"), bob), d.users.Put(tx, uid("c"), carol))
	})
	return db, d
}

// revision returns the revision of a row, which exists.
func revision(t testing.TB, tx *entity.Tx, d schema, id string) uint64 {
	t.Helper()
	row, found, err := d.users.GetRow(tx, uid(id))
	if err != nil || !found {
		t.Fatalf("GetRow(%s) = %v, %v, want a row", id, found, err)
	}
	return row.Revision
}

func TestRevisions(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		db, d := withRevisions(t, s)
		var first uint64
		view(t, db, func(tx *entity.Tx) error {
			first = tx.ReadVersion()
			return nil
		})

		t.Run("the revision is the commit's number, however the row is read", func(t *testing.T) {
			view(t, db, func(tx *entity.Tx) error {
				row, found, err := d.users.GetRow(tx, uid("a"))
				if err != nil || !found || row.Key != uid("a") || !equalUsers(row.Value, ada) || row.Revision != first {
					t.Errorf("GetRow(a) = %+v, %v, %v, want revision %d of %+v", row, found, err, first, ada)
				}
				if row, found, err := d.users.GetRow(tx, uid("nobody")); row != nil || found || err != nil {
					t.Errorf("GetRow(nobody) = %v, %v, %v, want nothing and no error", row, found, err)
				}
				n := 0
				see := func(row *entity.Row[keys.UserID, User], err error) bool {
					if n++; err != nil || row.Revision != first {
						t.Errorf("row %d is %+v, %v, want revision %d", n, row, err, first)
					}
					return true
				}
				d.users.Scan(tx, keys.All[keys.UserID]())(see)
				d.byName.Scan(tx, keys.All[keys.String]())(see)
				d.users.GetMany(tx, func(yield func(keys.UserID) bool) { yield(uid("b")) })(see)
				if n != 7 {
					t.Errorf("the loops yielded %d rows, want 7", n)
				}
				row, _, err = d.byName.Get(tx, "Bob")
				see(row, err)
				return nil
			})
		})

		t.Run("a row that the transaction has written has none yet", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				if err := d.users.Put(tx, uid("a"), ada); err != nil {
					return err
				}
				if got := revision(t, tx, d, "a"); got != math.MaxUint64 {
					t.Errorf("the revision is %d in its transaction, want %d", got, uint64(math.MaxUint64))
				}
				if got := revision(t, tx, d, "b"); got != first {
					t.Errorf("the revision of another row is %d, want %d", got, first)
				}
				return nil
			})
		})

		t.Run("an equal put is a new revision, and other rows keep theirs", func(t *testing.T) {
			view(t, db, func(tx *entity.Tx) error {
				if got := revision(t, tx, d, "a"); got != first+1 || got != tx.ReadVersion() {
					t.Errorf("the revision is %d after another put, want %d", got, first+1)
				}
				if got := revision(t, tx, d, "b"); got != first {
					t.Errorf("the revision of another row is %d, want %d", got, first)
				}
				return nil
			})
		})
	})
}

func TestSwap(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		db, d := withRevisions(t, s)
		older, oldest := ada, ada
		older.Age, oldest.Age = 37, 38
		var first uint64
		view(t, db, func(tx *entity.Tx) error {
			first = revision(t, tx, d, "a")
			return nil
		})

		t.Run("B3 D8 the first of two who saw the row swaps it, the second is told", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error { return d.users.Swap(tx, uid("a"), first, older) })
			before := dumpOf(t, s)
			update(t, db, func(tx *entity.Tx) error {
				err := d.users.Swap(tx, uid("a"), first, oldest)
				wantClass(t, "Swap", err, backend.ErrStale)
				if want := `swap users ("a"): changed since it was read: the row's revision is 3, not 2`; err == nil || err.Error() != want {
					t.Errorf("the error reads %q, want %q", err, want)
				}
				if backend.IsRetryable(err) {
					t.Error("the same Swap is said to be worth another try")
				}
				return nil
			})
			wantDump(t, "after the refusal", s, before)
			view(t, db, func(tx *entity.Tx) error {
				wantUser(t, tx, d, "a", older)
				if got := list(t, d.byAge.Scan(tx, keys.Eq(keys.Int(36)))); got != "b" {
					t.Errorf("the old age finds %s, want b alone", got)
				}
				return nil
			})
		})

		t.Run("what the transaction itself wrote is known by its own revision", func(t *testing.T) {
			var mine uint64
			update(t, db, func(tx *entity.Tx) error {
				before := revision(t, tx, d, "b")
				if err := d.users.Put(tx, uid("b"), bob); err != nil {
					return err
				}
				mine = revision(t, tx, d, "b")
				wantClass(t, "Swap of what was there", d.users.Swap(tx, uid("b"), before, bob), backend.ErrStale)
				return d.users.Swap(tx, uid("b"), mine, bob)
			})
			update(t, db, func(tx *entity.Tx) error {
				err := d.users.Swap(tx, uid("b"), mine, bob)
				wantClass(t, "Swap after the commit", err, backend.ErrStale)
				if want := `swap users ("b"): changed since it was read: the row's revision is 4, not of a running transaction`; err == nil || err.Error() != want {
					t.Errorf("the error reads %q, want %q", err, want)
				}
				return nil
			})
		})

		t.Run("a row that is gone, or was never there, is stale", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				of := revision(t, tx, d, "c")
				if _, err := d.users.Delete(tx, uid("c")); err != nil {
					return err
				}
				wantClass(t, "Swap of a deleted row", d.users.Swap(tx, uid("c"), of, carol), backend.ErrStale)
				wantClass(t, "Swap of no row", d.users.Swap(tx, uid("nobody"), 0, carol), backend.ErrStale)
				if err := d.users.Insert(tx, uid("c"), carol); err != nil {
					return err
				}
				wantClass(t, "Swap of a row that was made anew", d.users.Swap(tx, uid("c"), of, carol), backend.ErrStale)
				return nil
			})
		})

		t.Run("B25 D6 D10 a swap to a taken name changes nothing", func(t *testing.T) {
			before := dumpOf(t, s)
			update(t, db, func(tx *entity.Tx) error {
				taken := ada
				taken.Name = "Bob"
				wantClass(t, "Swap", d.users.Swap(tx, uid("a"), revision(t, tx, d, "a"), taken), backend.ErrUnique)
				return nil
			})
			wantDump(t, "after the refusal", s, before)
		})
	})
}

// Rows of a store that begins to have revisions, and one that no longer has.
func TestRevisionsComeAndGo(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		plain, d := newSchema(), newRevised()
		without, err := entity.Open(t.Context(), s, plain.users)
		if err != nil {
			t.Fatal(err)
		}
		update(t, without, func(tx *entity.Tx) error {
			return errors.Join(plain.users.Put(tx, uid("a"), ada), plain.users.Put(tx, uid("b"), bob))
		})
		with := open(t, s, d.users)
		t.Run("rows of before have revision 0, and can be swapped by it once", func(t *testing.T) {
			update(t, with, func(tx *entity.Tx) error {
				if got := revision(t, tx, d, "a"); got != 0 {
					t.Errorf("the revision is %d, want 0", got)
				}
				wantClass(t, "Swap by another", d.users.Swap(tx, uid("a"), 1, ada), backend.ErrStale)
				return d.users.Swap(tx, uid("a"), 0, ada)
			})
			update(t, with, func(tx *entity.Tx) error {
				wantClass(t, "the second Swap", d.users.Swap(tx, uid("a"), 0, ada), backend.ErrStale)
				return nil
			})
		})
		t.Run("code without revisions reads all rows and writes them without", func(t *testing.T) {
			update(t, without, func(tx *entity.Tx) error {
				wantUser(t, tx, plain, "a", ada)
				if got := revision(t, tx, plain, "a"); got != 3 {
					t.Errorf("the revision is %d, want 3", got)
				}
				wantClass(t, "Swap", plain.users.Swap(tx, uid("a"), 3, ada), backend.ErrInvalid)
				return plain.users.Update(tx, uid("a"), func(u *User) error { u.Age = 40; return nil })
			})
			view(t, with, func(tx *entity.Tx) error {
				if got := revision(t, tx, d, "a"); got != 0 {
					t.Errorf("the revision is %d, want 0", got)
				}
				wantNames(t, tx, d, "Ada=a Bob=b")
				return nil
			})
		})
		t.Run("tools read rows of both formats", func(t *testing.T) {
			update(t, with, func(tx *entity.Tx) error { return d.users.Put(tx, uid("a"), ada) })
			rows := dumpOf(t, s)["users"]
			payload, err := entity.Payload([]byte(rows[string(encoded(t, uid("a")))]))
			if err != nil {
				t.Fatal(err)
			}
			update(t, without, func(tx *entity.Tx) error { return plain.users.Put(tx, uid("a"), ada) })
			rows = dumpOf(t, s)["users"]
			same, err := entity.Payload([]byte(rows[string(encoded(t, uid("a")))]))
			if err != nil || string(payload) != string(same) || len(payload) == 0 {
				t.Errorf("the payloads are %x and %x, %v, want the same", payload, same, err)
			}
		})
	})
}

// Everything that damages a row of the second format but its revision is seen.
func TestDamagedRevisedRow(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		d := newRevised()
		db, err := entity.Open(t.Context(), s, d.users)
		if err != nil {
			t.Fatal(err)
		}
		update(t, db, func(tx *entity.Tx) error { return d.users.Put(tx, uid("a"), ada) })
		good := dumpOf(t, s)["users"][string(encoded(t, uid("a")))]
		read := func(frame string) (row *entity.Row[keys.UserID, User], err error) {
			raw(t, s, func(tx backend.WriteTx) error { return tx.Put("users", encoded(t, uid("a")), []byte(frame)) })
			view(t, db, func(tx *entity.Tx) error {
				row, _, err = d.users.GetRow(tx, uid("a"))
				return nil
			})
			return row, err
		}
		t.Run("A4 each byte", func(t *testing.T) {
			for i := range good {
				bad := []byte(good)
				bad[i] ^= 0x80
				row, err := read(string(bad))
				if i >= 2 && i < 10 {
					if err != nil || row.Revision == 2 || !equalUsers(row.Value, ada) {
						t.Errorf("with byte %d changed the row is %+v, %v, want another revision of the same", i, row, err)
					}
				} else if !errors.Is(err, backend.ErrCorrupt) {
					t.Errorf("with byte %d changed the error is %v, want ErrCorrupt", i, err)
				}
			}
		})
		t.Run("A4 each length", func(t *testing.T) {
			for n := range good {
				_, err := read(good[:n])
				wantClass(t, "a cut row", err, backend.ErrCorrupt)
			}
		})
		if _, err := read(good); err != nil {
			t.Errorf("the sound row: %v", err)
		}
	})
}
