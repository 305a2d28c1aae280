//go:build js && wasm

package idb_test

import (
	"context"
	"errors"
	"syscall/js"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/idb"
)

// Whoever has a database open when it is deleted learns of it, and doesn't
// write into the one that comes after it.
func TestDeletedWhileOpen(t *testing.T) {
	name := newName(t)
	s := open(t, name)
	put(t, s, "a", "1")
	ran := 0
	err := s.Update(testContext(t), func(_ context.Context, tx backend.WriteTx) error {
		ran++
		if err := idb.Delete(testContext(t), name); err != nil {
			t.Errorf("Delete: %v", err)
		}
		put(t, open(t, name), "new", "1")
		return tx.Put("t", []byte("b"), []byte("2"))
	})
	if !errors.Is(err, backend.ErrDeleted) || ran != 1 {
		t.Errorf("the Update in which the database was deleted = %v after %d runs, want ErrDeleted after 1", err, ran)
	}
	if err := tryPut(testContext(t), s, "c", "3"); !errors.Is(err, backend.ErrDeleted) {
		t.Errorf("an Update after it = %v, want ErrDeleted", err)
	}
	if err := s.View(testContext(t), func(context.Context, backend.ReadTx) error { return nil }); !errors.Is(err, backend.ErrDeleted) {
		t.Errorf("a View after it = %v, want ErrDeleted", err)
	}
	if err := s.Flush(testContext(t)); !errors.Is(err, backend.ErrDeleted) {
		t.Errorf("Flush after it = %v, want ErrDeleted", err)
	}
	wantState(t, open(t, name), "1 new=1")
}

// Commits under way when the deletion begins either have happened or say that
// they have not; none hangs.
func TestDeletedInTheMiddleOfCommits(t *testing.T) {
	name := newName(t)
	s := open(t, name)
	put(t, s, "a", "1")
	done := make(chan error)
	go func() {
		for {
			if err := tryPut(testContext(t), s, "a", "2"); err != nil {
				done <- err
				return
			}
		}
	}()
	giveTurn()
	if err := idb.Delete(testContext(t), name); err != nil {
		t.Errorf("Delete: %v", err)
	}
	if err := <-done; !errors.Is(err, backend.ErrDeleted) {
		t.Errorf("Update = %v, want ErrDeleted", err)
	}
}

func TestDurability(t *testing.T) {
	name := newName(t)
	for _, c := range []struct {
		store, tx backend.Durability
		want      string
	}{
		{backend.Default, backend.Default, "relaxed"},
		{backend.Strict, backend.Default, "strict"},
		{backend.Default, backend.Strict, "strict"},
		{backend.Strict, backend.Relaxed, "relaxed"},
	} {
		s, err := idb.Open(testContext(t), name, &idb.Options{Durability: c.store})
		if err != nil {
			t.Fatal(err)
		}
		proto := js.Global().Get("IDBDatabase").Get("prototype")
		before := proto.Get("transaction")
		got := ""
		spy := js.FuncOf(func(this js.Value, args []js.Value) any {
			if len(args) < 3 {
				return before.Call("call", this, args[0], args[1])
			}
			got = args[2].Get("durability").String()
			return before.Call("call", this, args[0], args[1], args[2])
		})
		proto.Set("transaction", spy)
		err = tryPut(backend.WithTxOptions(testContext(t), backend.TxOptions{Durability: c.tx}), s, "a", "1")
		proto.Set("transaction", before)
		spy.Release()
		if err != nil || got != c.want {
			t.Errorf("a store of durability %d commits one of %d as %q, %v, want %q", c.store, c.tx, got, err, c.want)
		}
		if err := backend.Flush(testContext(t), s); err != nil {
			t.Errorf("Flush: %v", err)
		}
		closeStore(t, s)
	}
}
