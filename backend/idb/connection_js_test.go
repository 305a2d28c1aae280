//go:build js && wasm

package idb_test

import (
	"context"
	"errors"
	"strings"
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

// A root of another database id, wherever it came from, is another database.
func TestDatabaseReplaced(t *testing.T) {
	name, other := newName(t), newName(t)
	s := open(t, name)
	put(t, s, "a", "1")
	open(t, other)
	raw, rawOther := openRaw(t, name), openRaw(t, other)
	defer raw.close()
	defer rawOther.close()
	raw.do("root", "put", rawOther.do("root", "get", 0), 0)
	if err := tryPut(testContext(t), s, "b", "2"); !errors.Is(err, backend.ErrDeleted) {
		t.Errorf("Update = %v, want ErrDeleted", err)
	}
	if n := raw.do("log", "count").Int(); n != 1 {
		t.Errorf("the log has %d records, want the 1 from before", n)
	}
}

// A connection that the browser closes ends in an error, not in silence.
func TestConnectionLost(t *testing.T) {
	s := open(t, newName(t))
	put(t, s, "a", "1")
	// Every connection begins its transactions on one that is closed.
	other := newName(t)
	closeStore(t, open(t, other))
	raw := openRaw(t, other)
	raw.close()
	proto := js.Global().Get("IDBDatabase").Get("prototype")
	before := proto.Get("transaction")
	proto.Set("transaction", before.Call("bind", raw.db))
	err := tryPut(testContext(t), s, "b", "2")
	proto.Set("transaction", before)
	const want = "commit: storage failure: the connection to the database was lost; open it again: InvalidStateError: "
	if !errors.Is(err, backend.ErrIO) || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("Update = %v, want %s…", err, want)
	}
	put(t, s, "c", "3")
	wantState(t, s, "2 a=1 c=3")
}

// When the browser closes the connection, what waits for it fails, and so
// does what comes after.
func TestConnectionClosedByTheBrowser(t *testing.T) {
	name := newName(t)
	s := open(t, name)
	put(t, s, "a", "1")
	// The store's connection shows itself in its next transaction.
	proto := js.Global().Get("IDBDatabase").Get("prototype")
	before := proto.Get("transaction")
	var db js.Value
	spy := js.FuncOf(func(this js.Value, args []js.Value) any {
		db = this
		return before.Call("call", this, args[0], args[1], args[2])
	})
	proto.Set("transaction", spy)
	put(t, s, "b", "2")
	proto.Set("transaction", before)
	spy.Release()

	ctx := testContext(t)
	err := s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
		db.Call("onclose", js.Null())
		return tx.Put("t", []byte("c"), []byte("3"))
	})
	const want = "the browser closed the connection to the database; open it again"
	for what, err := range map[string]error{
		"the Update in which it happened": err,
		"an Update after it":              tryPut(ctx, s, "d", "4"),
		"a View after it":                 s.View(ctx, func(context.Context, backend.ReadTx) error { return nil }),
	} {
		if !errors.Is(err, backend.ErrIO) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s = %v, want ErrIO with %q", what, err, want)
		}
	}
	wantState(t, open(t, name), "2 a=1 b=2")
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
