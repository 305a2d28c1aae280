package main

import (
	"context"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/memory"
)

// engine is one of Larder's engines as a store.
type engine struct{ backend.Store }

// items is the table of all pairs.
const items = "items"

func openMemory(string) (store, error) { return engine{memory.New()}, nil }

func (e engine) put(n int, which func(int) int) error {
	return e.Update(context.Background(), func(_ context.Context, tx backend.WriteTx) error {
		var k []byte
		for i := range n {
			i := which(i)
			k = key(k[:0], i)
			if err := tx.Put(items, k, value(i)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (e engine) get(n int, which func(int) int) error {
	return e.View(context.Background(), func(_ context.Context, tx backend.ReadTx) error {
		var k []byte
		for i := range n {
			i := which(i)
			k = key(k[:0], i)
			v, err := tx.Get(items, k)
			if err != nil {
				return err
			}
			if err := verify(v, i); err != nil {
				return err
			}
		}
		return nil
	})
}

func (e engine) scan(from, n int) error {
	return e.View(context.Background(), func(_ context.Context, tx backend.ReadTx) error {
		i := from
		for kv, err := range tx.Scan(items, backend.Range{Start: key(nil, from), End: key(nil, from+n)}) {
			if err != nil {
				return err
			}
			if err := verify(kv.Value, i); err != nil {
				return err
			}
			i++
		}
		return all(i-from, n)
	})
}

func (e engine) delete(n int, which func(int) int) error {
	return e.Update(context.Background(), func(_ context.Context, tx backend.WriteTx) error {
		var k []byte
		for i := range n {
			k = key(k[:0], which(i))
			if existed, err := tx.Delete(items, k); err != nil {
				return err
			} else if !existed {
				return missing(which(i))
			}
		}
		return nil
	})
}

func (e engine) close() error { return e.Close(context.Background()) }
