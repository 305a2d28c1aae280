// Command todo keeps a list of things to do: it adds three, finds them by an
// index and by a unique index, marks one as done, and says what there is.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/larderdb/larder"
	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

// A Todo is one thing to do.
type Todo struct {
	Title string
	Slug  string
	Due   time.Time
	Done  bool
}

// The definitions: a store of todos under a user's row ids, and two indexes.
var (
	ByDue  = entity.NewIndex("by_due", func(_ keys.UserRowID, t *Todo) keys.Time { return keys.TimeOf(t.Due) })
	BySlug = entity.NewUnique("by_slug", func(_ keys.UserRowID, t *Todo) keys.String { return keys.String(t.Slug) })
	Todos  = entity.New[keys.UserRowID]("todos", msgpack.Of[Todo](), ByDue, BySlug)
)

func main() {
	name := "todo.db"
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	if err := run(context.Background(), name); err != nil {
		fmt.Fprintln(os.Stderr, "todo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, name string) error {
	db, err := larder.Open(ctx, name, &larder.Options{Stores: []entity.Definition{Todos}})
	if err != nil {
		return err
	}
	err = errors.Join(add(ctx, db), duplicate(ctx, db), list(ctx, db), finish(ctx, db, "milk"))
	return errors.Join(err, db.Close(ctx))
}

// add puts three todos in one transaction, all of them or none. The closure may
// run again, so it prints nothing itself.
func add(ctx context.Context, db *larder.DB) error {
	alice := keys.Must(keys.NewUserID("alice"))
	day := time.Date(2026, time.November, 22, 0, 0, 0, 0, time.UTC)
	var report []string
	err := db.Update(ctx, func(ctx context.Context, tx *larder.Tx) error {
		report = nil
		for i, todo := range []Todo{
			{Title: "Buy milk", Slug: "milk", Due: day.AddDate(0, 0, 3)},
			{Title: "Call Bob", Slug: "bob", Due: day.AddDate(0, 0, 2)},
			{Title: "Write to Carol", Slug: "carol", Due: day.AddDate(0, 0, 1)},
		} {
			row, err := keys.RowIDFromString(fmt.Sprintf("todo_%d", i+1))
			if err != nil {
				return err
			}
			id, err := keys.NewUserRowID(alice, row)
			if err != nil {
				return err
			}
			switch err := Todos.Insert(tx, id, todo); {
			case errors.Is(err, backend.ErrExists):
				report = append(report, id.String()+" is there already")
			case err != nil:
				return err
			default:
				report = append(report, id.String()+" added")
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, line := range report {
		fmt.Println(line)
	}
	return nil
}

// duplicate shows that a refused write changes nothing.
func duplicate(ctx context.Context, db *larder.DB) error {
	id := keys.Must(keys.ParseUserRowID("bob:todo_1"))
	err := db.Update(ctx, func(ctx context.Context, tx *larder.Tx) error {
		return Todos.Put(tx, id, Todo{Title: "Also buy milk", Slug: "milk"})
	})
	if !errors.Is(err, backend.ErrUnique) {
		return fmt.Errorf("the duplicate was not refused: %w", err)
	}
	fmt.Println("refused:", err)
	return nil
}

// list prints the todos in the order in which they are due.
func list(ctx context.Context, db *larder.DB) error {
	return db.View(ctx, func(ctx context.Context, tx *larder.Tx) error {
		for row, err := range ByDue.Scan(tx, keys.All[keys.Time]()) {
			if err != nil {
				return err
			}
			mark := " "
			if row.Value.Done {
				mark = "x"
			}
			fmt.Printf("[%s] %s %s\n", mark, row.Value.Due.Format(time.DateOnly), row.Value.Title)
		}
		return nil
	})
}

// finish finds a todo by its slug and marks it as done.
func finish(ctx context.Context, db *larder.DB, slug keys.String) error {
	var title string
	err := db.Update(ctx, func(ctx context.Context, tx *larder.Tx) error {
		row, found, err := BySlug.Get(tx, slug)
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("there is no %s", slug)
		}
		title = row.Value.Title
		row.Value.Done = true
		return Todos.Put(tx, row.Key, row.Value)
	})
	if err == nil {
		fmt.Println("done:", title)
	}
	return err
}
