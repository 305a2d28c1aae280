package entity_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log"
	"slices"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/memory"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

// A Todo belongs to a user. Due counts days.
type Todo struct {
	Title string
	Slug  string
	Due   int
	Tags  []string
}

var (
	ByDue  = entity.NewIndex("by_due", func(_ keys.UserRowID, t *Todo) keys.Int { return keys.Int(t.Due) })
	BySlug = entity.NewUnique("by_slug", func(_ keys.UserRowID, t *Todo) keys.String { return keys.String(t.Slug) })
	ByTag  = entity.NewMultiIndex("by_tag", func(_ keys.UserRowID, t *Todo) iter.Seq[keys.String] {
		return func(yield func(keys.String) bool) {
			for _, tag := range t.Tags {
				if !yield(keys.String(tag)) {
					return
				}
			}
		}
	})
	Todos = entity.New[keys.UserRowID]("todos", msgpack.Of[Todo](), ByDue, BySlug, ByTag)
)

// openTodos returns a database of three todos.
func openTodos(ctx context.Context) *entity.DB {
	db, err := entity.Open(ctx, memory.New(), Todos)
	if err != nil {
		log.Fatal(err)
	}
	err = db.Update(ctx, func(ctx context.Context, tx *entity.Tx) error {
		return errors.Join(
			Todos.Put(tx, todoID("alice", "1"), Todo{"Write", "write", 3, []string{"work"}}),
			Todos.Put(tx, todoID("alice", "2"), Todo{"Rest", "rest", 1, nil}),
			Todos.Put(tx, todoID("bob", "1"), Todo{"Read", "read", 2, []string{"fun", "work"}}),
		)
	})
	if err != nil {
		log.Fatal(err)
	}
	return db
}

func todoID(user, row string) keys.UserRowID { return userRow(user, row) }

func ExampleOpen() {
	ctx := context.Background()
	db, err := entity.Open(ctx, memory.New(), Todos)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close(ctx)
	id := todoID("alice", "1")
	err = db.Update(ctx, func(ctx context.Context, tx *entity.Tx) error {
		return Todos.Put(tx, id, Todo{Title: "Write", Slug: "write", Due: 3})
	})
	if err != nil {
		log.Fatal(err)
	}
	err = db.View(ctx, func(ctx context.Context, tx *entity.Tx) error {
		todo, found, err := Todos.Get(tx, id)
		fmt.Println(todo.Title, found)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: Write true
}

func ExampleStore_Scan() {
	ctx := context.Background()
	db := openTodos(ctx)
	defer db.Close(ctx)
	alice := keys.Must(keys.NewUserID("alice"))
	err := db.View(ctx, func(ctx context.Context, tx *entity.Tx) error {
		for row, err := range Todos.Scan(tx, keys.Prefix[keys.UserRowID](alice)) {
			if err != nil {
				return err
			}
			fmt.Println(row.Key, row.Value.Title)
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// alice:1 Write
	// alice:2 Rest
}

// A page ends with a token, from which the next one goes on.
func ExampleRow_Token() {
	ctx := context.Background()
	db := openTodos(ctx)
	defer db.Close(ctx)
	token := ""
	for range 2 {
		err := db.View(ctx, func(ctx context.Context, tx *entity.Tx) error {
			for row, err := range ByDue.Scan(tx, keys.All[keys.Int]().Limit(2).Resume(token)) {
				if err != nil {
					return err
				}
				fmt.Print(row.Value.Title, " ")
				if token, err = row.Token(); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("- end of page")
	}
	// Output:
	// Rest Read - end of page
	// Write - end of page
}

func ExampleNewIndex() {
	ctx := context.Background()
	db := openTodos(ctx)
	defer db.Close(ctx)
	err := db.View(ctx, func(ctx context.Context, tx *entity.Tx) error {
		for row, err := range ByDue.Scan(tx, keys.UpTo(keys.Int(2)).Reverse()) {
			if err != nil {
				return err
			}
			fmt.Println(row.Value.Due, row.Value.Title)
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// 2 Read
	// 1 Rest
}

func ExampleNewMultiIndex() {
	ctx := context.Background()
	db := openTodos(ctx)
	defer db.Close(ctx)
	err := db.View(ctx, func(ctx context.Context, tx *entity.Tx) error {
		for entry, err := range ByTag.Keys(tx, keys.All[keys.String]()) {
			if err != nil {
				return err
			}
			fmt.Println(entry.IndexKey, entry.Key)
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// fun bob:1
	// work alice:1
	// work bob:1
}

func ExampleNewUnique() {
	ctx := context.Background()
	db := openTodos(ctx)
	defer db.Close(ctx)
	err := db.Update(ctx, func(ctx context.Context, tx *entity.Tx) error {
		row, _, err := BySlug.Get(tx, "read")
		if err != nil {
			return err
		}
		fmt.Println(row.Key)
		return Todos.Put(tx, todoID("carol", "1"), Todo{Slug: "read"})
	})
	fmt.Println(errors.Is(err, backend.ErrUnique))
	fmt.Println(err)
	// Output:
	// bob:1
	// true
	// put todos ("carol", b"1"), index by_slug: unique index violation: row ("bob", b"1") has the index key ("read")
}

func ExampleNewMultiUnique() {
	type Account struct{ Names []string }
	byName := entity.NewMultiUnique("by_name", func(_ keys.UserID, a *Account) iter.Seq[keys.String] {
		return func(yield func(keys.String) bool) {
			for _, name := range a.Names {
				if !yield(keys.String(name)) {
					return
				}
			}
		}
	})
	accounts := entity.New[keys.UserID]("accounts", msgpack.Of[Account](), byName)
	ctx := context.Background()
	db, err := entity.Open(ctx, memory.New(), accounts)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close(ctx)
	err = db.Update(ctx, func(ctx context.Context, tx *entity.Tx) error {
		if err := accounts.Put(tx, uid("u1"), Account{[]string{"ada", "augusta"}}); err != nil {
			return err
		}
		row, found, err := byName.Get(tx, "augusta")
		fmt.Println(row.Key, found)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: u1 true
}

func ExampleNew() {
	names := entity.New[keys.UserName]("names", msgpack.Of[string]())
	fmt.Println(names.Name())
	// Output: names
}

func ExampleStore_GetMany() {
	ctx := context.Background()
	db := openTodos(ctx)
	defer db.Close(ctx)
	ids := []keys.UserRowID{todoID("bob", "1"), todoID("nobody", "1"), todoID("alice", "1")}
	err := db.View(ctx, func(ctx context.Context, tx *entity.Tx) error {
		for row, err := range Todos.GetMany(tx, slices.Values(ids)) {
			if err != nil {
				return err
			}
			fmt.Println(row.Key, row.Value.Title)
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// bob:1 Read
	// alice:1 Write
}

func ExampleVerify() {
	ctx := context.Background()
	db := openTodos(ctx)
	defer db.Close(ctx)
	fmt.Println(entity.Verify(ctx, db))
	// Output: <nil>
}
