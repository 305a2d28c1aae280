//go:build js && wasm

package idb_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"syscall/js"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/idb"
)

// Two Stores on one database share nothing but IndexedDB, as two tabs do.

func TestTabsLoseNoIncrement(t *testing.T) {
	name := newName(t)
	const tabs, each = 3, 40
	increment := func(s backend.Store) error {
		return s.Update(testContext(t), func(_ context.Context, tx backend.WriteTx) error {
			b, err := tx.Get("t", []byte("n"))
			if err != nil && !backend.IsNotFound(err) {
				return err
			}
			n := uint64(0)
			if err == nil {
				n = binary.BigEndian.Uint64(b)
			}
			return tx.Put("t", []byte("n"), binary.BigEndian.AppendUint64(nil, n+1))
		})
	}
	var stores []*idb.Store
	for range tabs {
		stores = append(stores, open(t, name))
	}
	var wg sync.WaitGroup
	for _, s := range stores {
		wg.Go(func() {
			for range each {
				if err := increment(s); err != nil {
					t.Errorf("Update: %v", err)
				}
			}
		})
	}
	wg.Wait()
	for i, s := range append(stores, open(t, name)) {
		err := s.View(fresh(t), func(_ context.Context, tx backend.ReadTx) error {
			b, err := tx.Get("t", []byte("n"))
			if err == nil && binary.BigEndian.Uint64(b) != tabs*each {
				t.Errorf("store %d counts %d increments, want %d", i, binary.BigEndian.Uint64(b), tabs*each)
			}
			if got := tx.ReadVersion(); got != tabs*each {
				t.Errorf("store %d is at commit %d, want %d", i, got, tabs*each)
			}
			return err
		})
		if err != nil {
			t.Errorf("View: %v", err)
		}
	}
}

func TestForeignCommitRunsTheClosureAgain(t *testing.T) {
	name := newName(t)
	here, there := open(t, name), open(t, name)
	put(t, here, "a", "1")
	var saw []string
	err := here.Update(testContext(t), func(ctx context.Context, tx backend.WriteTx) error {
		b, err := tx.Get("t", []byte("b"))
		saw = append(saw, fmt.Sprintf("%d:%s", tx.ReadVersion(), b))
		if backend.IsNotFound(err) {
			put(t, there, "b", "2") // in between
		} else if err != nil {
			return err
		}
		return tx.Put("t", []byte("c"), []byte("3"))
	})
	if err != nil {
		t.Fatalf("Update: %v", err)
	}
	if got, want := strings.Join(saw, " "), "1: 2:2"; got != want {
		t.Errorf("the closure saw %s, want %s", got, want)
	}
	wantState(t, here, "3 a=1 b=2 c=3")
}

// An Update that writes nothing, too, has read the newest state in the end.
func TestUpdateWithoutWritesIsCurrent(t *testing.T) {
	name := newName(t)
	withoutGlobal(t, "BroadcastChannel")
	here, there := open(t, name), open(t, name)
	put(t, there, "a", "1")
	var version uint64
	err := here.Update(testContext(t), func(_ context.Context, tx backend.WriteTx) error {
		version = tx.ReadVersion()
		return nil
	})
	if err != nil || version != 1 {
		t.Errorf("the Update read version %d, %v, want 1, nil", version, err)
	}
}

func TestViewsFollowOtherTabs(t *testing.T) {
	if !js.Global().Get("BroadcastChannel").Truthy() {
		t.Fatal("this platform has no BroadcastChannel")
	}
	name := newName(t)
	here, there := open(t, name), open(t, name)
	put(t, there, "a", "1")
	ctx := testContext(t)
	for state(t, ctx, here) != "1 a=1" {
		if ctx.Err() != nil {
			t.Fatal("the commit of the other store never arrived")
		}
		giveTurn()
	}
}

// giveTurn lets pending events happen.
func giveTurn() {
	done := make(chan struct{})
	f := js.FuncOf(func(js.Value, []js.Value) any { close(done); return nil })
	defer f.Release()
	js.Global().Call("setTimeout", f, 0)
	<-done
}

func TestWithoutChannelsAndLocks(t *testing.T) {
	name := newName(t)
	withoutGlobal(t, "BroadcastChannel")
	withoutGlobal(t, "MessageChannel")
	withoutGlobal(t, "navigator")
	here, there := open(t, name), open(t, name)
	put(t, there, "a", "1")
	wantState(t, here, "0") // nobody has told it
	if got, want := state(t, fresh(t), here), "1 a=1"; got != want {
		t.Errorf("a Fresh View holds %s, want %s", got, want)
	}
	put(t, there, "b", "2")
	put(t, here, "c", "3")
	wantState(t, here, "3 a=1 b=2 c=3")

	// Both make checkpoints, at once if need be.
	raw := openRaw(t, name)
	defer raw.close()
	big := strings.Repeat("x", 700<<10)
	put(t, here, "big1", big, "big2", big)
	put(t, there, "big3", big, "big4", big)
	raw.awaitCheckpoint(0)
	want := "5 a=1 b=2 big1=xxxxxxxxxxxxxxxxxxxx big2=xxxxxxxxxxxxxxxxxxxx big3=xxxxxxxxxxxxxxxxxxxx big4=xxxxxxxxxxxxxxxxxxxx c=3"
	for _, s := range []backend.Store{here, there, open(t, name)} {
		if got := state(t, fresh(t), s); got != want {
			t.Errorf("a Fresh View holds %s, want %s", got, want)
		}
	}
}

// withoutGlobal hides a global of the platform until the test ends.
func withoutGlobal(t *testing.T, name string) {
	global, object := js.Global(), js.Global().Get("Object")
	before := object.Call("getOwnPropertyDescriptor", global, name)
	object.Call("defineProperty", global, name, map[string]any{"value": js.Undefined(), "configurable": true, "writable": true})
	t.Cleanup(func() {
		if before.IsUndefined() {
			js.Global().Delete(name)
			return
		}
		object.Call("defineProperty", global, name, before)
	})
}

// A tab that commits without a pause doesn't keep another one from ever
// committing, whether the other's closure waits for events or not.
func TestBusyTabStarvesNobody(t *testing.T) {
	for _, waits := range []bool{false, true} {
		t.Run(fmt.Sprintf("closure waits %v", waits), func(t *testing.T) {
			name := newName(t)
			busy, other := open(t, name), open(t, name)
			stop := make(chan struct{})
			var wg sync.WaitGroup
			wg.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						put(t, busy, "busy", "1")
					}
				}
			})
			for i := range 5 {
				runs := 0
				err := other.Update(testContext(t), func(_ context.Context, tx backend.WriteTx) error {
					// A closure that always waits can always be overtaken.
					if runs++; waits && runs == 3 {
						giveTurn()
					}
					return tx.Put("t", []byte("other"), []byte("1"))
				})
				if err != nil || runs > 20 {
					t.Errorf("Update %d = %v after %d runs, want nil after a few", i, err, runs)
				}
			}
			close(stop)
			wg.Wait()
		})
	}
}
