package memory_test

import (
	"context"
	"fmt"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/memory"
)

func ExampleNew() {
	ctx := context.Background()
	s := memory.New()
	defer s.Close(ctx)

	err := s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
		for _, name := range []string{"pear", "apple", "plum"} {
			if err := tx.Put("fruit", []byte(name), []byte("ripe")); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}

	err = s.View(ctx, func(_ context.Context, tx backend.ReadTx) error {
		for kv, err := range tx.Scan("fruit", backend.Prefix([]byte("p"))) {
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
	// Output:
	// pear is ripe
	// plum is ripe
}
