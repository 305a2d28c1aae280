//go:build js && wasm

package idb_test

import (
	"context"
	"fmt"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/idb"
)

func ExampleOpen() {
	ctx := context.Background()
	// What was put before a reload is there after it.
	for load := range 2 {
		s, err := idb.Open(ctx, "fruit", nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		if load == 0 {
			err = s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
				return tx.Put("fruit", []byte("apple"), []byte("ripe"))
			})
			if err != nil {
				fmt.Println(err)
			}
		}
		err = s.View(ctx, func(_ context.Context, tx backend.ReadTx) error {
			value, err := tx.Get("fruit", []byte("apple"))
			fmt.Printf("the apple is %s\n", value)
			return err
		})
		if err != nil {
			fmt.Println(err)
		}
		if err := s.Close(ctx); err != nil {
			fmt.Println(err)
		}
	}
	if err := idb.Delete(ctx, "fruit"); err != nil {
		fmt.Println(err)
	}
	// Output:
	// the apple is ripe
	// the apple is ripe
}
