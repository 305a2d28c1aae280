package larder_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"testing"

	"github.com/larderdb/larder"
	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

type note struct{ Text string }

var notes = entity.New[keys.RowID]("notes", msgpack.Of[note]())

func put(t *testing.T, db *larder.DB, id, text string) {
	t.Helper()
	err := db.Update(t.Context(), func(_ context.Context, tx *larder.Tx) error {
		return notes.Put(tx, keys.Must(keys.RowIDFromString(id)), note{text})
	})
	if err != nil {
		t.Fatalf("Put: %v", err)
	}
}

func get(t *testing.T, db *larder.DB, id string) (text string, found bool) {
	t.Helper()
	err := db.View(t.Context(), func(_ context.Context, tx *larder.Tx) error {
		n, ok, err := notes.Get(tx, keys.Must(keys.RowIDFromString(id)))
		text, found = n.Text, ok
		return err
	})
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	return text, found
}

func open(t *testing.T, name string, o *larder.Options) *larder.DB {
	t.Helper()
	db, err := larder.Open(t.Context(), name, o)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { closeDB(t, db) })
	return db
}

func closeDB(t *testing.T, db *larder.DB) {
	t.Helper()
	if err := db.Close(context.Background()); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func wantClass(t *testing.T, what string, err error, class backend.Class) {
	t.Helper()
	if !errors.Is(err, class) {
		t.Errorf("%s: error is %v, want one of class %q", what, err, class)
	}
}

var withNotes = &larder.Options{Stores: []entity.Definition{notes}}

func TestMemory(t *testing.T) {
	o := &larder.Options{Stores: []entity.Definition{notes}, Memory: true}
	first, second := open(t, "same", o), open(t, "same", o)
	put(t, first, "1", "one")
	if got, _ := get(t, first, "1"); got != "one" {
		t.Errorf("Get = %q, want one", got)
	}
	if _, found := get(t, second, "1"); found {
		t.Errorf("two databases in memory share a row")
	}
}

func ExampleOpen() {
	type Todo struct{ Title string }
	todos := entity.New[keys.RowID]("todos", msgpack.Of[Todo]())

	ctx := context.Background()
	db, err := larder.Open(ctx, "app.db", &larder.Options{
		Stores: []entity.Definition{todos},
		Memory: true, // without it: a file natively, IndexedDB in a browser
	})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close(ctx)

	id, err := keys.RowIDFromString("todo_1")
	if err != nil {
		log.Fatal(err)
	}
	err = db.Update(ctx, func(ctx context.Context, tx *larder.Tx) error {
		return todos.Put(tx, id, Todo{Title: "write"})
	})
	if err != nil {
		log.Fatal(err)
	}
	err = db.View(ctx, func(ctx context.Context, tx *larder.Tx) error {
		todo, found, err := todos.Get(tx, id)
		fmt.Println(todo.Title, found)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: write true
}
