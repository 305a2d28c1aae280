//go:build !wasm

package larder_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/larderdb/larder"
	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/bolt"
	"github.com/larderdb/larder/backend/memory"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

func databaseName(t *testing.T) string { return filepath.Join(t.TempDir(), "app.db") }

func TestA30_EnginesAreStores(t *testing.T) {
	for name, s := range map[string]any{
		"memory": new(memory.Store),
		"bolt":   new(bolt.Store),
	} {
		t.Run("A30 "+name, func(t *testing.T) {
			if _, ok := s.(backend.Store); !ok {
				t.Errorf("%T is no backend.Store", s)
			}
		})
	}
}

func TestFiles(t *testing.T) {
	name := databaseName(t)

	t.Run("a file that is open is ErrLocked, for Open and for Delete", func(t *testing.T) {
		db := open(t, name, withNotes)
		put(t, db, "1", "kept")
		_, err := larder.Open(t.Context(), name, withNotes)
		wantClass(t, "Open", err, backend.ErrLocked)
		wantClass(t, "Delete", larder.Delete(t.Context(), name), backend.ErrLocked)
		if got, _ := get(t, db, "1"); got != "kept" {
			t.Errorf("Get = %q after the refused Delete, want kept", got)
		}
		closeDB(t, db)
	})

	t.Run("Delete removes the file", func(t *testing.T) {
		if err := larder.Delete(t.Context(), name); err != nil {
			t.Fatalf("Delete: %v", err)
		}
		if _, err := os.Stat(name); !os.IsNotExist(err) {
			t.Errorf("Stat = %v after Delete, want that there is no file", err)
		}
	})

	t.Run("Delete leaves a file that is no database", func(t *testing.T) {
		other := filepath.Join(t.TempDir(), "letter.txt")
		if err := os.WriteFile(other, []byte("Dear Ada, this is not a database."), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := larder.Delete(t.Context(), other); err == nil {
			t.Errorf("Delete of a letter succeeded")
		}
		if b, err := os.ReadFile(other); err != nil || len(b) != 33 {
			t.Errorf("the letter is %q, %v, want it as it was", b, err)
		}
	})

	t.Run("an empty name, a directory and a missing directory are refused", func(t *testing.T) {
		dir := t.TempDir()
		for _, name := range []string{"", dir, filepath.Join(dir, "missing", "app.db")} {
			db, err := larder.Open(t.Context(), name, withNotes)
			var e *backend.Error
			if db != nil || !errors.As(err, &e) {
				t.Errorf("Open(%q) = %v, %v, want a backend.Error", name, db, err)
			}
		}
	})

	t.Run("Names is ErrUnsupported", func(t *testing.T) {
		_, err := larder.Names(t.Context())
		wantClass(t, "Names", err, backend.ErrUnsupported)
	})
}

// A database in a file is there when the program runs again.
func ExampleOpen_file() {
	dir, err := os.MkdirTemp("", "larder")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	type Visit struct{ Count int }
	visits := entity.New[keys.UserID]("visits", msgpack.Of[Visit]())
	run := func(ctx context.Context) error {
		db, err := larder.Open(ctx, filepath.Join(dir, "app.db"), &larder.Options{Stores: []entity.Definition{visits}})
		if err != nil {
			return err
		}
		err = db.Update(ctx, func(ctx context.Context, tx *larder.Tx) error {
			alice := keys.Must(keys.NewUserID("alice"))
			v, found, err := visits.Get(tx, alice)
			if err != nil {
				return err
			}
			v.Count++
			fmt.Println(v.Count, found)
			return visits.Put(tx, alice, v)
		})
		return errors.Join(err, db.Close(ctx))
	}
	for range 2 {
		if err := run(context.Background()); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// 1 false
	// 2 true
}
