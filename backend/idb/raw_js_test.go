//go:build js && wasm

package idb_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"syscall/js"
	"testing"
	"time"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/idb"
)

// testContext ends a test that hangs.
func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// newName returns the name of a database that doesn't exist and is deleted
// when the test ends.
func newName(t *testing.T) string {
	name := fmt.Sprintf("test-%x", rand.Uint64())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := idb.Delete(ctx, name); err != nil {
			t.Errorf("Delete: %v", err)
		}
	})
	return name
}

// open opens a store that is closed when the test ends.
func open(t *testing.T, name string) *idb.Store {
	t.Helper()
	s, err := idb.Open(testContext(t), name, nil)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { closeStore(t, s) })
	return s
}

func closeStore(t *testing.T, s backend.Store) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// put commits pairs of the table "t", written as key, value, key, value.
func put(t *testing.T, s backend.Store, pairs ...string) {
	t.Helper()
	if err := tryPut(testContext(t), s, pairs...); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

func tryPut(ctx context.Context, s backend.Store, pairs ...string) error {
	return s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
		for i := 0; i < len(pairs); i += 2 {
			if err := tx.Put("t", []byte(pairs[i]), []byte(pairs[i+1])); err != nil {
				return err
			}
		}
		return nil
	})
}

// state returns the version and the pairs of a View.
func state(t *testing.T, ctx context.Context, s backend.Store) string {
	t.Helper()
	out := ""
	err := s.View(ctx, func(_ context.Context, tx backend.ReadTx) error {
		out = fmt.Sprint(tx.ReadVersion())
		tables, err := tx.Tables()
		for _, table := range tables {
			for kv, err := range tx.Scan(table, backend.Range{}) {
				if err != nil {
					return err
				}
				out += fmt.Sprintf(" %s=%.20s", kv.Key, kv.Value)
			}
		}
		return err
	})
	if err != nil {
		t.Fatalf("View: %v", err)
	}
	return out
}

func wantState(t *testing.T, s backend.Store, want string) {
	t.Helper()
	if got := state(t, testContext(t), s); got != want {
		t.Errorf("the store holds %s, want %s", got, want)
	}
}

func fresh(t *testing.T) context.Context {
	return backend.WithTxOptions(testContext(t), backend.TxOptions{Fresh: true})
}

// A rawDB is a database opened by hand, as damage or another program would
// see it.
type rawDB struct {
	t  *testing.T
	db js.Value
}

func openRaw(t *testing.T, name string) rawDB {
	t.Helper()
	req := js.Global().Get("indexedDB").Call("open", "larder:"+name)
	return rawDB{t, outcome(t, req, "onsuccess")}
}

// outcome waits for an event of a request or transaction and returns the
// request's result.
func outcome(t *testing.T, target js.Value, event string) js.Value {
	t.Helper()
	done := make(chan bool, 1)
	good := js.FuncOf(func(js.Value, []js.Value) any { done <- true; return nil })
	bad := js.FuncOf(func(js.Value, []js.Value) any { done <- false; return nil })
	target.Set(event, good)
	target.Set("onerror", bad)
	defer good.Release()
	defer bad.Release()
	select {
	case ok := <-done:
		if !ok {
			t.Fatalf("IndexedDB failed: %s", target.Get("error").Call("toString"))
		}
	case <-testContext(t).Done():
		t.Fatal("IndexedDB doesn't answer")
	}
	return target.Get("result")
}

// do calls a method of an object store in a transaction of its own.
func (r rawDB) do(store, method string, args ...any) js.Value {
	r.t.Helper()
	tx := r.db.Call("transaction", store, "readwrite")
	req := tx.Call("objectStore", store).Call(method, args...)
	outcome(r.t, tx, "oncomplete")
	return req.Get("result")
}

// close lets go of the database, which can't be deleted before.
func (r rawDB) close() { r.db.Call("close") }

func bytesOf(v js.Value) []byte {
	b := make([]byte, v.Length())
	js.CopyBytesToGo(b, v)
	return b
}

func jsBytes(b []byte) js.Value {
	v := js.Global().Get("Uint8Array").New(len(b))
	js.CopyBytesToJS(v, b)
	return v
}

// checkpoint returns the number of the checkpoint that the root names, and
// the commit that it goes up to, 0 when there is none.
func (r rawDB) checkpoint() (number, commit uint64) {
	r.t.Helper()
	b := bytesOf(r.do("root", "get", 0))
	return binary.BigEndian.Uint64(b[18:]), binary.BigEndian.Uint64(b[26:])
}

// awaitCheckpoint waits until there is another checkpoint than number.
func (r rawDB) awaitCheckpoint(number uint64) {
	r.t.Helper()
	ctx := testContext(r.t)
	for ctx.Err() == nil {
		if n, _ := r.checkpoint(); n != number {
			return
		}
	}
	r.t.Fatal("there was no checkpoint")
}
