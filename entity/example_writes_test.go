package entity_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/memory"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

func ExampleStore_Update() {
	ctx := context.Background()
	db := openTodos(ctx)
	defer db.Close(ctx)
	err := db.Update(ctx, func(ctx context.Context, tx *entity.Tx) error {
		return Todos.Update(tx, todoID("alice", "1"), func(t *Todo) error {
			t.Due++
			t.Tags = append(t.Tags, "late")
			return nil
		})
	})
	if err != nil {
		log.Fatal(err)
	}
	err = db.View(ctx, func(ctx context.Context, tx *entity.Tx) error {
		todo, _, err := Todos.Get(tx, todoID("alice", "1"))
		fmt.Println(todo.Due, todo.Tags)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: 4 [work late]
}

func ExampleStore_Upsert() {
	counts := entity.New[keys.String]("counts", msgpack.Of[int]())
	ctx := context.Background()
	db, err := entity.Open(ctx, memory.New(), counts)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close(ctx)
	err = db.Update(ctx, func(ctx context.Context, tx *entity.Tx) error {
		for _, word := range []keys.String{"to", "be", "or", "not", "to", "be"} {
			err := counts.Upsert(tx, word, func(n *int, existed bool) error {
				*n++
				return nil
			})
			if err != nil {
				return err
			}
		}
		n, _, err := counts.Get(tx, "be")
		fmt.Println(n)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: 2
}

func ExampleStore_Take() {
	ctx := context.Background()
	db := openTodos(ctx)
	defer db.Close(ctx)
	err := db.Update(ctx, func(ctx context.Context, tx *entity.Tx) error {
		for range 2 {
			todo, existed, err := Todos.Take(tx, todoID("alice", "1"))
			if err != nil {
				return err
			}
			fmt.Println(todo.Title, existed)
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// Write true
	//  false
}

func ExampleStore_DeleteRange() {
	ctx := context.Background()
	db := openTodos(ctx)
	defer db.Close(ctx)
	alice := keys.Must(keys.NewUserID("alice"))
	err := db.Update(ctx, func(ctx context.Context, tx *entity.Tx) error {
		n, err := Todos.DeleteRange(tx, keys.Prefix[keys.UserRowID](alice))
		fmt.Println(n, "deleted")
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: 2 deleted
}

// A store that is too large for one transaction is deleted in several.
func ExampleStore_DeleteRange_inSteps() {
	ctx := context.Background()
	db := openTodos(ctx)
	defer db.Close(ctx)
	for deleted := 1; deleted > 0; {
		err := db.Update(ctx, func(ctx context.Context, tx *entity.Tx) (err error) {
			deleted, err = Todos.DeleteRange(tx, keys.All[keys.UserRowID]().Limit(1000))
			return err
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	err := db.View(ctx, func(ctx context.Context, tx *entity.Tx) error {
		n, err := Todos.Count(tx, keys.All[keys.UserRowID]())
		fmt.Println(n, "left")
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: 0 left
}

// Pages are of one text each; two people edit one.
func ExampleStore_Swap() {
	pages := entity.New[keys.String]("pages", msgpack.Of[string]()).WithRevisions()
	ctx := context.Background()
	db, err := entity.Open(ctx, memory.New(), pages)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close(ctx)
	err = db.Update(ctx, func(ctx context.Context, tx *entity.Tx) error {
		return pages.Insert(tx, "home", "Welcome")
	})
	if err != nil {
		log.Fatal(err)
	}
	// Both read the page, and each saves it later.
	var revision uint64
	err = db.View(ctx, func(ctx context.Context, tx *entity.Tx) error {
		row, found, err := pages.GetRow(tx, "home")
		if found {
			revision = row.Revision
		}
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, text := range []string{"Welcome!", "Hello"} {
		err := db.Update(ctx, func(ctx context.Context, tx *entity.Tx) error {
			return pages.Swap(tx, "home", revision, text)
		})
		switch {
		case errors.Is(err, backend.ErrStale):
			fmt.Println("somebody else was faster: read the page again")
		case err != nil:
			log.Fatal(err)
		default:
			fmt.Println("saved", text)
		}
	}
	// Output:
	// saved Welcome!
	// somebody else was faster: read the page again
}

func ExampleStore_WithRevisions() {
	notes := entity.New[keys.Int]("notes", msgpack.Of[string]()).WithRevisions()
	ctx := context.Background()
	db, err := entity.Open(ctx, memory.New(), notes)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close(ctx)
	revision := uint64(0)
	for range 2 {
		err := db.Update(ctx, func(ctx context.Context, tx *entity.Tx) error { return notes.Put(tx, 1, "the same") })
		if err != nil {
			log.Fatal(err)
		}
		err = db.View(ctx, func(ctx context.Context, tx *entity.Tx) error {
			for row, err := range notes.Scan(tx, keys.All[keys.Int]()) {
				if err != nil {
					return err
				}
				fmt.Println(row.Value, row.Revision > revision)
				revision = row.Revision
			}
			return nil
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// the same true
	// the same true
}

func ExampleStore_GetRow() {
	notes := entity.New[keys.Int]("notes", msgpack.Of[string]()).WithRevisions()
	ctx := context.Background()
	db, err := entity.Open(ctx, memory.New(), notes)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close(ctx)
	err = db.Update(ctx, func(ctx context.Context, tx *entity.Tx) error { return notes.Put(tx, 7, "seven") })
	if err != nil {
		log.Fatal(err)
	}
	err = db.View(ctx, func(ctx context.Context, tx *entity.Tx) error {
		row, found, err := notes.GetRow(tx, 7)
		if found {
			fmt.Println(row.Key, row.Value, row.Revision == tx.ReadVersion())
		}
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: 7 seven true
}

// CheckedTodos refuses todos without a title and those due before today.
var CheckedTodos = entity.New[keys.Int]("checked", msgpack.Of[Todo]()).WithCheck(func(_ keys.Int, t *Todo) error {
	var title, due error
	if t.Title == "" {
		title = entity.Refuse("title", "is empty")
	}
	if t.Due < 0 {
		due = entity.Refuse("due", "is in the past")
	}
	return errors.Join(title, due)
})

func ExampleStore_WithCheck() {
	ctx := context.Background()
	db, err := entity.Open(ctx, memory.New(), CheckedTodos)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close(ctx)
	err = db.Update(ctx, func(ctx context.Context, tx *entity.Tx) error {
		return CheckedTodos.Put(tx, 1, Todo{Due: -1})
	})
	fmt.Println(err)
	var field *entity.FieldError
	if errors.As(err, &field) {
		fmt.Println("first:", field.Field)
	}
	// Output:
	// put checked (1): invalid argument: title is empty; due is in the past
	// first: title
}

func ExampleFieldErrors() {
	ctx := context.Background()
	db, err := entity.Open(ctx, memory.New(), CheckedTodos)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close(ctx)
	err = db.Update(ctx, func(ctx context.Context, tx *entity.Tx) error {
		return CheckedTodos.Put(tx, 1, Todo{Due: -1})
	})
	for _, field := range entity.FieldErrors(err) {
		fmt.Printf("%s: %s\n", field.Field, field.Reason)
	}
	// Output:
	// title: is empty
	// due: is in the past
}

func ExampleRefuse() {
	err := entity.Refuse("title", "is empty")
	fmt.Println(err)
	// Output: title is empty
}

func ExampleNewSequence() {
	invoices := entity.New[keys.Uint]("invoices", msgpack.Of[string]())
	numbers := entity.NewSequence("invoices")
	ctx := context.Background()
	db, err := entity.Open(ctx, memory.New(), invoices)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close(ctx)
	for _, text := range []string{"a chair", "a table"} {
		number, err := numbers.Next(ctx, db) // before the Update, not in it
		if err != nil {
			log.Fatal(err)
		}
		err = db.Update(ctx, func(ctx context.Context, tx *entity.Tx) error {
			return invoices.Insert(tx, keys.Uint(number), text)
		})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(number, text)
	}
	// Output:
	// 1 a chair
	// 2 a table
}
