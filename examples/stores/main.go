// Command stores keeps rows that all users share, and rows that belong to one
// user each, in two stores.
//
// Before, with keys that are strings, both would be written as
//
//	store.Put("shared:doc123", row)
//	store.Put(userID+":"+"todo1", row)
//
// where a user called "a:b" writes over rows of the user "a", where the rows of
// "alice" can't be listed without those of "alice2" by a careless prefix, and
// where any string is a key. Here a key has the type of what it names.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/larderdb/larder"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

// A Row is what both stores hold.
type Row struct{ Text string }

var (
	SharedStore = entity.New[keys.RowID]("shared", msgpack.Of[Row]())
	UserStore   = entity.New[keys.UserRowID]("user", msgpack.Of[Row]())
)

func main() {
	name := "stores.db"
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	if err := run(context.Background(), name); err != nil {
		fmt.Fprintln(os.Stderr, "stores:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, name string) error {
	db, err := larder.Open(ctx, name, &larder.Options{Stores: []entity.Definition{SharedStore, UserStore}})
	if err != nil {
		return err
	}
	return errors.Join(put(ctx, db), list(ctx, db), db.Close(ctx))
}

func put(ctx context.Context, db *larder.DB) error {
	return db.Update(ctx, func(ctx context.Context, tx *larder.Tx) error {
		doc, err := keys.RowIDFromString("doc123")
		if err != nil {
			return err
		}
		if err := SharedStore.Put(tx, doc, Row{"for everybody"}); err != nil {
			return err
		}
		for _, name := range []string{"alice", "alice2", "a:b"} {
			user, err := keys.NewUserID(name)
			if err != nil {
				return err
			}
			todo1, err := keys.RowIDFromString("todo1")
			if err != nil {
				return err
			}
			id, err := keys.NewUserRowID(user, todo1)
			if err != nil {
				return err
			}
			if err := UserStore.Put(tx, id, Row{"of " + name}); err != nil {
				return err
			}
		}
		return nil
	})
}

func list(ctx context.Context, db *larder.DB) error {
	alice, err := keys.NewUserID("alice")
	if err != nil {
		return err
	}
	return db.View(ctx, func(ctx context.Context, tx *larder.Tx) error {
		for row, err := range SharedStore.Scan(tx, keys.All[keys.RowID]()) {
			if err != nil {
				return err
			}
			fmt.Println("shared:", row.Key, row.Value.Text)
		}
		for row, err := range UserStore.Scan(tx, keys.Prefix[keys.UserRowID](alice)) {
			if err != nil {
				return err
			}
			fmt.Println("alice's:", row.Key, row.Value.Text)
		}
		n, err := UserStore.Count(tx, keys.All[keys.UserRowID]())
		fmt.Println("rows of all users:", n)
		return err
	})
}
