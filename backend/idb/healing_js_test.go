//go:build js && wasm

package idb_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"syscall/js"
	"testing"
	"time"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/idb"
)

// A connection that is lost is opened again, and what was on its way happens
// once.
func TestLostConnectionHeals(t *testing.T) {
	for _, kind := range []string{"throws", "aborted", "silent", "closed"} {
		t.Run(kind, func(t *testing.T) {
			name := newName(t)
			s := open(t, name)
			put(t, s, "n", "x")
			ran := 0
			stop := spoil(t, kind, 1)
			err := s.Update(testContext(t), func(_ context.Context, tx backend.WriteTx) error {
				ran++
				b, err := tx.Get("t", []byte("n"))
				if err != nil {
					return err
				}
				return tx.Put("t", []byte("n"), append(slices.Clone(b), 'x'))
			})
			stop()
			if err != nil || ran != 1 {
				t.Errorf("the Update in which it was lost = %v after %d runs, want nil after 1", err, ran)
			}
			wantState(t, s, "2 n=xx")
			put(t, s, "m", "y")
			for _, s := range []*idb.Store{s, open(t, name)} {
				wantState(t, s, "3 m=y n=xx")
			}
		})
	}
}

// When the connection is lost twice, one after the other, it is an error, and
// when it isn't any more, it's gone.
func TestLostAgainAndAgain(t *testing.T) {
	for _, kind := range []string{"throws", "aborted", "closed"} {
		t.Run(kind, func(t *testing.T) {
			s := open(t, newName(t))
			put(t, s, "a", "1")
			stop := spoil(t, kind, 2)
			err := tryPut(testContext(t), s, "b", "2")
			stop()
			if !errors.Is(err, backend.ErrIO) || !strings.Contains(err.Error(), "again and again") {
				t.Errorf("Update = %v, want ErrIO: … again and again", err)
			}
			put(t, s, "c", "3")
			wantState(t, s, "2 a=1 c=3")
		})
	}
}

// An Update whose commit was stored is no error, however often the connection
// is lost.
func TestLostAfterItWasStored(t *testing.T) {
	s := open(t, newName(t))
	stop := spoil(t, "silent", 3)
	for _, key := range []string{"a", "b", "c"} {
		put(t, s, key, "1")
	}
	stop()
	wantState(t, s, "3 a=1 b=1 c=1")
}

// deleteUnseen deletes a database of which no connection is open.
func deleteUnseen(t *testing.T, name string) {
	t.Helper()
	outcome(t, js.Global().Get("indexedDB").Call("deleteDatabase", "larder:"+name), "onsuccess")
}

// closeLink closes the connection of s as the browser does, without the event.
func closeLink(t *testing.T, s *idb.Store) {
	t.Helper()
	proto := js.Global().Get("IDBDatabase").Get("prototype")
	before := proto.Get("transaction")
	spy := js.FuncOf(func(this js.Value, args []js.Value) any {
		proto.Set("transaction", before)
		tx := before.Call("call", this, args[0], args[1], args[2])
		this.Call("close")
		return tx
	})
	defer spy.Release()
	proto.Set("transaction", spy)
	put(t, s, "last", "1")
}

// A database that was deleted while the connection was lost isn't made again.
func TestDeletedWhileLost(t *testing.T) {
	name := newName(t)
	s := open(t, name)
	closeLink(t, s)
	deleteUnseen(t, name)
	if err := tryPut(testContext(t), s, "a", "1"); !errors.Is(err, backend.ErrDeleted) {
		t.Errorf("Update = %v, want ErrDeleted", err)
	}
	if err := s.View(testContext(t), func(context.Context, backend.ReadTx) error { return nil }); !errors.Is(err, backend.ErrDeleted) {
		t.Errorf("a View after it = %v, want ErrDeleted", err)
	}
	names, err := idb.Names(testContext(t))
	if err != nil || slices.Contains(names, name) {
		t.Errorf("the databases are %v, %v, want without %s", names, err, name)
	}
}

// Nothing is written to another database that was made in the place of one.
func TestReplacedWhileLost(t *testing.T) {
	name := newName(t)
	s := open(t, name)
	closeLink(t, s)
	deleteUnseen(t, name)
	other := open(t, name)
	put(t, other, "new", "1")
	if err := tryPut(testContext(t), s, "a", "1"); !errors.Is(err, backend.ErrDeleted) {
		t.Errorf("Update = %v, want ErrDeleted", err)
	}
	wantState(t, open(t, name), "1 new=1")
}

// The browser's word that it has closed the connection makes the Store look
// whether its database is still there.
func TestCloseEventIsLookedInto(t *testing.T) {
	name := newName(t)
	s := open(t, name)
	var db js.Value
	proto := js.Global().Get("IDBDatabase").Get("prototype")
	before := proto.Get("transaction")
	spy := js.FuncOf(func(this js.Value, args []js.Value) any {
		db = this
		return before.Call("call", this, args[0], args[1], args[2])
	})
	proto.Set("transaction", spy)
	put(t, s, "a", "1")
	proto.Set("transaction", before)
	spy.Release()
	handler := db.Get("onclose")
	db.Call("close")
	deleteUnseen(t, name)
	handler.Invoke(js.Null())
	if err := s.Wait(testContext(t)); !errors.Is(err, backend.ErrDeleted) {
		t.Errorf("Wait = %v, want ErrDeleted", err)
	}
	err := s.View(testContext(t), func(context.Context, backend.ReadTx) error { return nil })
	if !errors.Is(err, backend.ErrDeleted) {
		t.Errorf("a View = %v, want ErrDeleted", err)
	}
	if err := s.Close(testContext(t)); err != nil {
		t.Errorf("Close: %v", err)
	}
	if err := s.Wait(testContext(t)); !errors.Is(err, backend.ErrDeleted) {
		t.Errorf("Wait after Close = %v, want ErrDeleted as before", err)
	}
}

// A page in the back-forward cache has no connection and no lock, so that
// others need not wait for it, and goes on when it is shown again.
func TestBackForwardCache(t *testing.T) {
	name := newName(t)
	s := open(t, name)
	put(t, s, "a", "1")
	dispatchPersisted("pagehide")
	dispatchPersisted("pageshow")
	put(t, s, "b", "2")

	dispatchPersisted("pagehide")
	// One that the browser was about to grant takes it a moment.
	ctx := testContext(t)
	for held := locksOf(name); len(held) > 0; held = locksOf(name) {
		if ctx.Err() != nil {
			t.Fatalf("a sleeping page holds the locks %v", held)
		}
		giveTurn()
	}
	deleted := make(chan error, 1)
	go func() { deleted <- tryPut(testContext(t), s, "c", "3") }()
	giveTurn()
	select {
	case err := <-deleted:
		t.Errorf("an Update of a sleeping page = %v, want it to wait", err)
	default:
	}
	deleteUnseen(t, name) // would hang if there were a connection
	dispatchPersisted("pageshow")
	if err := <-deleted; !errors.Is(err, backend.ErrDeleted) {
		t.Errorf("Update = %v, want ErrDeleted", err)
	}
}

// dispatchPersisted tells the page that it enters the back-forward cache, pagehide,
// or leaves it, pageshow.
func dispatchPersisted(name string) {
	e := js.Global().Get("Event").New(name)
	e.Set("persisted", true)
	js.Global().Call("dispatchEvent", e)
}

// locksOf returns the names of the locks of a database that are held.
func locksOf(name string) (names []string) {
	locks := awaitPromise(js.Global().Get("navigator").Get("locks").Call("query")).Get("held")
	for i := range locks.Length() {
		if held := locks.Index(i).Get("name").String(); strings.HasPrefix(held, "larder:"+name+":") {
			names = append(names, held)
		}
	}
	return names
}

// A browser that never answers is an error after a while, and when it answers
// after all, its connection is closed.
func TestOpenHangs(t *testing.T) {
	name := newName(t)
	s := open(t, name)
	closeLink(t, s)
	// A connection that doesn't heed that the database is to be deleted keeps
	// what comes after waiting.
	raw := openRaw(t, name)
	deletion := js.Global().Get("indexedDB").Call("deleteDatabase", "larder:"+name)
	restore := idb.SetOpenPatience(100 * time.Millisecond)
	err := tryPut(testContext(t), s, "a", "1")
	restore()
	if !errors.Is(err, backend.ErrIO) || !strings.Contains(err.Error(), "hasn't opened the database") {
		t.Errorf("Update = %v, want ErrIO: the browser hasn't opened the database …", err)
	}
	raw.close()
	outcome(t, deletion, "onsuccess")
	if err := tryPut(testContext(t), s, "a", "1"); !errors.Is(err, backend.ErrDeleted) {
		t.Errorf("Update = %v, want ErrDeleted", err)
	}
	deleteUnseen(t, name) // would hang if a connection that came too late were open
}

// What doesn't fit is an ErrQuota that says how much there is, and leaves the
// store as it was.
func TestQuota(t *testing.T) {
	navigator := js.Global().Get("navigator")
	before := js.Global().Get("Object").Call("getOwnPropertyDescriptor", navigator, "storage")
	estimate := js.FuncOf(func(js.Value, []js.Value) any {
		return js.Global().Get("Promise").Call("resolve", map[string]any{"usage": 900, "quota": 1000})
	})
	defer estimate.Release()
	js.Global().Get("Object").Call("defineProperty", navigator, "storage", map[string]any{
		"value": map[string]any{"estimate": estimate}, "configurable": true,
	})
	defer func() {
		navigator.Delete("storage")
		if !before.IsUndefined() {
			js.Global().Get("Object").Call("defineProperty", navigator, "storage", before)
		}
	}()
	for kind, times := range map[string]int{"full": 1, "aborted": 2} {
		t.Run(kind, func(t *testing.T) {
			s := open(t, newName(t))
			put(t, s, "a", "1")
			stop := spoil(t, kind, times)
			err := tryPut(testContext(t), s, "b", "2")
			stop()
			var q *backend.QuotaError
			if !errors.Is(err, backend.ErrQuota) || !errors.As(err, &q) || *q != (backend.QuotaError{Used: 900, Allowed: 1000}) {
				t.Errorf("Update = %v, want ErrQuota: 900 of 1000 bytes are used", err)
			}
			wantState(t, s, "1 a=1")
			put(t, s, "c", "3")
			wantState(t, s, "2 a=1 c=3")
		})
	}
}

// Persist and Persisted say what the browser does, or that it can't be asked.
func TestPersist(t *testing.T) {
	for what, ask := range map[string]func(context.Context) (bool, error){"Persist": idb.Persist, "Persisted": idb.Persisted} {
		if _, err := ask(testContext(t)); err != nil && !errors.Is(err, backend.ErrUnsupported) {
			t.Errorf("%s = %v, want nil or ErrUnsupported", what, err)
		}
	}
}
