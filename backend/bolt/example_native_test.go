//go:build !wasm

package bolt_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/bolt"
)

func ExampleOpen() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "fruit")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "fruit.db")

	// What is put before a store is closed is there when it is opened again.
	for _, name := range []string{"pear", "apple"} {
		s, err := bolt.Open(ctx, path, nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		err = s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
			if err := tx.Put("fruit", []byte(name), []byte("ripe")); err != nil {
				return err
			}
			for kv, err := range tx.Scan("fruit", backend.Range{}) {
				if err != nil {
					return err
				}
				fmt.Printf("%s is %s\n", kv.Key, kv.Value)
			}
			return nil
		})
		if err != nil {
			fmt.Println(err)
		}
		if err := s.Close(ctx); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// pear is ripe
	// apple is ripe
	// pear is ripe
}
