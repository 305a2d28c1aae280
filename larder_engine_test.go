//go:build !wasip1

package larder_test

import (
	"testing"

	"github.com/larderdb/larder"
	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
)

// The platform's engine keeps a database under its name until it is deleted.
func TestA16_A26_OneLineOpensTheEngineOfThePlatform(t *testing.T) {
	name := databaseName(t)
	db := open(t, name, withNotes)
	put(t, db, "1", "kept")
	closeDB(t, db)

	t.Run("A16 a database that is opened again holds what was put", func(t *testing.T) {
		db := open(t, name, withNotes)
		if got, found := get(t, db, "1"); got != "kept" || !found {
			t.Errorf("Get = %q, %v, want kept", got, found)
		}
		closeDB(t, db)
	})

	t.Run("an Open that fails lets go of the database", func(t *testing.T) {
		_, err := larder.Open(t.Context(), name, &larder.Options{Stores: []entity.Definition{notes, notes}})
		wantClass(t, "Open with a store twice", err, backend.ErrInvalid)
		closeDB(t, open(t, name, nil))
	})

	t.Run("a database that was deleted is new when it is opened", func(t *testing.T) {
		for range 2 { // deleting what isn't there is no error
			if err := larder.Delete(t.Context(), name); err != nil {
				t.Fatalf("Delete: %v", err)
			}
		}
		db := open(t, name, withNotes)
		if got, found := get(t, db, "1"); found {
			t.Errorf("Get = %q after Delete, want nothing", got)
		}
	})
}
