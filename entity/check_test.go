package entity_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/keys"
)

// newChecked is newRevised with a check: names aren't empty, ages not negative.
func newChecked() schema {
	d := newRevised()
	d.users = d.users.WithCheck(func(_ keys.UserID, u *User) error {
		var name, age error
		if u.Name == "" {
			name = entity.Refuse("name", "is empty")
		}
		if u.Age < 0 {
			age = entity.Refuse("age", "is negative")
		}
		return errors.Join(name, age)
	})
	return d
}

func TestCheck(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		d := newChecked()
		db := open(t, s, d.users)
		update(t, db, func(tx *entity.Tx) error { return d.users.Put(tx, uid("a"), ada) })
		before := dumpOf(t, s)
		unnamed := User{Age: 1}
		for name, c := range map[string]struct {
			op, id string
			write  func(tx *entity.Tx) error
		}{
			"Put":    {"put", "a", func(tx *entity.Tx) error { return d.users.Put(tx, uid("a"), unnamed) }},
			"Insert": {"insert", "n", func(tx *entity.Tx) error { return d.users.Insert(tx, uid("n"), unnamed) }},
			"Update": {"update", "a", func(tx *entity.Tx) error {
				return d.users.Update(tx, uid("a"), func(u *User) error { u.Name = ""; return nil })
			}},
			"Upsert": {"upsert", "n", func(tx *entity.Tx) error {
				return d.users.Upsert(tx, uid("n"), func(*User, bool) error { return nil })
			}},
			"Swap": {"swap", "a", func(tx *entity.Tx) error { return d.users.Swap(tx, uid("a"), 2, unnamed) }},
			"PutMany": {"put", "n", func(tx *entity.Tx) error {
				return d.users.PutMany(tx, maps.All(map[keys.UserID]User{uid("n"): unnamed}))
			}},
		} {
			t.Run(name+" refuses the row, names the field and writes nothing", func(t *testing.T) {
				update(t, db, func(tx *entity.Tx) error {
					err := c.write(tx)
					wantClass(t, name, err, backend.ErrInvalid)
					var field *entity.FieldError
					if !errors.As(err, &field) || field.Field != "name" || field.Reason != "is empty" {
						t.Errorf("errors.As finds %+v, want the field name", field)
					}
					if want := c.op + ` users ("` + c.id + `"): invalid argument: name is empty`; err == nil || err.Error() != want {
						t.Errorf("the error reads %q, want %q", err, want)
					}
					return nil
				})
				wantDump(t, "after the refusal", s, before)
			})
		}
		t.Run("several fields are on one line, and all are found", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				err := d.users.Put(tx, uid("n"), User{Age: -1})
				if want := `put users ("n"): invalid argument: name is empty; age is negative`; err == nil || err.Error() != want {
					t.Errorf("the error reads %q, want %q", err, want)
				}
				var got []string
				for _, f := range entity.FieldErrors(err) {
					got = append(got, f.Field+" "+f.Reason)
				}
				if want := []string{"name is empty", "age is negative"}; !slices.Equal(got, want) {
					t.Errorf("FieldErrors = %q, want %q", got, want)
				}
				return nil
			})
		})
		t.Run("a batch whose second row is refused is refused as a whole", func(t *testing.T) {
			err := updateErr(t, db, func(tx *entity.Tx) error {
				err := d.users.PutMany(tx, func(yield func(keys.UserID, User) bool) {
					_ = yield(uid("m"), User{Name: "M"}) && yield(uid("n"), unnamed)
				})
				wantClass(t, "PutMany", err, backend.ErrInvalid)
				return nil
			})
			wantClass(t, "Update", err, backend.ErrInvalid)
			wantDump(t, "after the refusal", s, before)
		})
		t.Run("what it accepts is written", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				if err := d.users.Put(tx, uid("n"), User{Name: "New"}); err != nil {
					return err
				}
				_, err := d.users.Delete(tx, uid("n"))
				return err
			})
		})
	})
}

// Rows that are there before the check are read, indexed and deleted.
func TestCheckIsForWhatIsWritten(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		old := withoutIndex()
		db, err := entity.Open(t.Context(), s, old.users)
		if err != nil {
			t.Fatal(err)
		}
		fill(t, db, old, 3)
		next := withIndex(ageIndex())
		checked := next.users.WithCheck(func(keys.UserID, *User) error { return errors.New("nothing is good enough") })
		db = open(t, s, checked)
		update(t, db, func(tx *entity.Tx) error {
			rows, err := collect(next.byAge.Scan(tx, keys.All[keys.Int]()))
			if err != nil || len(rows) != 3 {
				t.Errorf("the index yields %d rows, %v, want those that were there", len(rows), err)
			}
			wantClass(t, "Put", checked.Put(tx, rows[0], ada), backend.ErrInvalid)
			taken, _, err := checked.Take(tx, rows[0])
			if err != nil {
				t.Errorf("Take = %+v, %v", taken, err)
			}
			n, err := checked.DeleteRange(tx, keys.All[keys.UserID]())
			if n != 2 {
				t.Errorf("DeleteRange = %d, want 2", n)
			}
			return err
		})
	})
}

func TestFieldErrorsOfOthers(t *testing.T) {
	for _, err := range []error{nil, errors.New("x"), backend.ErrInvalid, &entity.Error{Err: backend.ErrInvalid}} {
		if got := entity.FieldErrors(err); got != nil {
			t.Errorf("FieldErrors(%v) = %v, want none", err, got)
		}
	}
	class := &backend.Error{Class: backend.ErrTooLarge, Err: entity.Refuse("text", "is long")}
	if got := entity.FieldErrors(class); len(got) != 1 || !strings.HasPrefix(got[0].Error(), "text ") {
		t.Errorf("FieldErrors = %v, want that of the cause", got)
	}
}
