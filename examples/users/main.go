// Command users keeps users: a provider, which is a small type around a store
// with the rules about what is in it. docs/ENTITYSTORE_PATTERN.md is about it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/larderdb/larder"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/keys"
)

func main() {
	name := "users.db"
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	if err := run(context.Background(), name); err != nil {
		fmt.Fprintln(os.Stderr, "users:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, name string) error {
	users := NewUsers()
	db, err := larder.Open(ctx, name, &larder.Options{Stores: []entity.Definition{users.Definition()}})
	if err != nil {
		return err
	}
	// Each step is a transaction; what is refused is printed and changes nothing.
	try := func(what string, fn func(tx *larder.Tx) error) {
		err := db.Update(ctx, func(_ context.Context, tx *larder.Tx) error { return fn(tx) })
		if err != nil {
			fmt.Println(what, "- refused:", err)
		} else {
			fmt.Println(what)
		}
	}
	u1, u2 := keys.Must(keys.NewUserID("u1")), keys.Must(keys.NewUserID("u2"))
	ada, bob := keys.Must(keys.NewUserName("Ada")), keys.Must(keys.NewUserName("Bob"))
	try("create u1 Ada", func(tx *larder.Tx) error { return users.Create(tx, u1, User{Name: ada}) })
	try("create u2 Bob", func(tx *larder.Tx) error { return users.Create(tx, u2, User{Name: bob}) })
	try("rename u2 Ada", func(tx *larder.Tx) error { return users.Rename(tx, u2, ada) })
	try("delete u1", func(tx *larder.Tx) error { return users.Delete(tx, u1, time.Unix(1_800_000_000, 0)) })
	try("rename u2 Ada", func(tx *larder.Tx) error { return users.Rename(tx, u2, ada) })
	err = db.View(ctx, func(_ context.Context, tx *larder.Tx) error {
		for row, err := range users.List(tx) {
			if err != nil {
				return err
			}
			fmt.Println(row.Key, row.Value.Name)
		}
		return nil
	})
	return errors.Join(err, db.Close(ctx))
}
