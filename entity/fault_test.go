package entity_test

import (
	"context"
	"errors"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/faults"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/keys"
)

// TestD7_FaultBetweenWrites fails each call of a transaction in turn, in a
// program that stops at errors and in one that ignores them.
func TestD7_FaultBetweenWrites(t *testing.T) {
	renamed := ada
	renamed.Name, renamed.Age, renamed.Tags = "Augusta", 37, []string{"poet", "lady"}
	rename := func(u *User) error {
		*u = renamed
		return nil
	}
	for name, work := range map[string]func(d schema, tx *entity.Tx) error{
		"Put, Insert and Delete": func(d schema, tx *entity.Tx) error {
			_, err := d.users.Delete(tx, uid("c"))
			return errors.Join(
				d.users.Put(tx, uid("a"), renamed),
				d.users.Insert(tx, uid("n"), User{Name: "New", Tags: []string{"x"}}),
				err,
			)
		},
		"Update, Upsert and Take": func(d schema, tx *entity.Tx) error {
			_, _, err := d.users.Take(tx, uid("b"))
			return errors.Join(
				err,
				d.users.Update(tx, uid("a"), rename),
				d.users.Upsert(tx, uid("c"), func(u *User, _ bool) error { u.Tags = []string{"y"}; return nil }),
				d.users.Upsert(tx, uid("n"), func(u *User, _ bool) error { u.Name = "New"; return nil }),
			)
		},
		"DeleteRange and Upsert": func(d schema, tx *entity.Tx) error {
			_, err := d.users.DeleteRange(tx, keys.All[keys.UserID]())
			return errors.Join(err, d.users.Upsert(tx, uid("a"), func(u *User, _ bool) error { return rename(u) }))
		},
		"Swap": func(d schema, tx *entity.Tx) error {
			return errors.Join(d.users.Swap(tx, uid("a"), 2, renamed), d.users.Swap(tx, uid("b"), 2, User{Name: "Robert"}))
		},
	} {
		t.Run("D7 "+name+", errors are returned", func(t *testing.T) { eachCallFails(t, work, false) })
		t.Run("D7 "+name+", errors are ignored", func(t *testing.T) { eachCallFails(t, work, true) })
	}
}

// eachCallFails runs work, which makes Ada Augusta, aged 37.
func eachCallFails(t *testing.T, work func(d schema, tx *entity.Tx) error, ignore bool) {
	injected := errors.New("injected")
	onEngines(t, func(t *testing.T, s backend.Store) {
		db, d := withRevisions(t, s)
		before := dumpOf(t, s)
		for n, hit := int64(1), true; hit; n++ {
			hit = false
			nth := faults.Nth(n, injected)
			faulty := faults.Inject(s, func(c faults.Call) error {
				err := nth(c)
				hit = hit || err != nil
				return err
			})
			fdb, err := entity.Open(t.Context(), faulty, d.users)
			if errors.Is(err, injected) {
				continue
			}
			if err != nil {
				t.Fatalf("Open with call %d failing: %v", n, err)
			}
			err = fdb.Update(t.Context(), func(_ context.Context, tx *entity.Tx) error {
				if err := work(d, tx); err != nil && !ignore {
					return err
				}
				return nil
			})
			switch {
			case errors.Is(err, injected):
				wantDump(t, "after the failed transaction", s, before)
			case err != nil:
				t.Fatalf("Update with call %d failing = %v, want the injected error", n, err)
			case !ignore:
				// No call failed: the whole transaction is through.
				view(t, db, func(tx *entity.Tx) error {
					if row, found, err := d.byName.Get(tx, "Augusta"); !found || row.Value.Age != 37 {
						t.Errorf("Get(Augusta) = %v, %v, %v after the transaction", row, found, err)
					}
					return nil
				})
			default:
				// An error that was ignored before anything was written
				// leaves the rest of the transaction, which is sound.
				if err := entity.Verify(t.Context(), db); err != nil {
					t.Fatalf("after ignoring the failure of call %d: %v", n, err)
				}
				raw(t, s, func(tx backend.WriteTx) error { return restore(tx, before) })
			}
		}
	})
}

// restore makes the database what it was.
func restore(tx backend.WriteTx, to dump) error {
	names, err := tx.Tables()
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := backend.DeleteRange(tx, name, backend.Range{}); err != nil {
			return err
		}
	}
	for table, pairs := range to {
		for key, value := range pairs {
			if err := tx.Put(table, []byte(key), []byte(value)); err != nil {
				return err
			}
		}
	}
	return nil
}

// TestFaultyScans fails each call of reads in turn: every failure is reported.
func TestFaultyScans(t *testing.T) {
	injected := errors.New("injected")
	onEngines(t, func(t *testing.T, s backend.Store) {
		_, d := withUsers(t, s)
		for n, failed := int64(1), true; failed; n++ {
			faulty := faults.Inject(s, faults.Nth(n, injected))
			fdb, err := entity.Open(t.Context(), faulty, d.users)
			if errors.Is(err, injected) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			err = fdb.View(t.Context(), func(_ context.Context, tx *entity.Tx) error {
				a, err1 := collect(d.users.Scan(tx, keys.All[keys.UserID]()))
				b, err2 := collect(d.byTag.Scan(tx, keys.All[keys.String]()))
				c, err3 := d.byAge.Count(tx, keys.All[keys.Int]())
				_, found, err4 := d.byName.Get(tx, "Bob")
				if err := errors.Join(err1, err2, err3, err4); err != nil {
					return err
				}
				if len(a) != 3 || len(b) != 3 || c != 3 || !found {
					t.Errorf("with call %d failing, reads gave %d, %d, %d rows and %v, and no error", n, len(a), len(b), c, found)
				}
				return nil
			})
			failed = errors.Is(err, injected)
			if err != nil && !failed {
				t.Fatalf("View = %v, want the injected error", err)
			}
		}
	})
}
