package faults_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/faults"
	"github.com/larderdb/larder/backend/memory"
)

// The second put of an Update fails: nothing of the Update is there.
func ExampleInject() {
	puts := 0
	s := faults.Inject(memory.New(), func(c faults.Call) error {
		if c.Op != "put" {
			return nil
		}
		if puts++; puts == 2 {
			return backend.ErrQuota
		}
		return nil
	})
	ctx := context.Background()
	err := s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
		return errors.Join(
			tx.Put("letters", []byte("a"), []byte("alpha")),
			tx.Put("letters", []byte("b"), []byte("beta")),
		)
	})
	fmt.Println(err)
	err = s.View(ctx, func(_ context.Context, tx backend.ReadTx) error {
		_, err := tx.Get("letters", []byte("a"))
		return err
	})
	fmt.Println(backend.IsNotFound(err))
	// Output:
	// storage quota exceeded
	// true
}

func ExampleNth() {
	s := faults.Inject(memory.New(), faults.Nth(3, errors.New("the disk is on fire")))
	for range 4 {
		fmt.Println(s.View(context.Background(), func(context.Context, backend.ReadTx) error { return nil }))
	}
	// Output:
	// <nil>
	// <nil>
	// the disk is on fire
	// <nil>
}
