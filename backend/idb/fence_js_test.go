//go:build js && wasm

package idb_test

import (
	"fmt"
	"strings"
	"syscall/js"
	"testing"

	"github.com/larderdb/larder/backend/idb"
)

// watchBlind returns how many records have been added in transactions that
// can't look at the root.
func watchBlind(t *testing.T) (count func() int) {
	t.Helper()
	n := 0
	intercept(t, "IDBObjectStore", "add", func(store js.Value, _ []js.Value) {
		if stores := store.Get("transaction").Get("objectStoreNames"); stores.Length() == 1 && stores.Index(0).String() == "log" {
			n++
		}
	})
	return func() int { return n }
}

// putBlind puts until it was done without a look at the root.
func putBlind(t *testing.T, s *idb.Store, blind func() int) {
	t.Helper()
	ctx := testContext(t)
	for before := blind(); blind() == before; giveTurn() {
		if ctx.Err() != nil {
			t.Fatal("a context that writes alone still looks at the root")
		}
		put(t, s, "a", "1")
	}
}

// openUnheard opens a store that writes whoever thinks to be alone, as one does
// that took a sleeper's lock, and whom nobody hears.
func openUnheard(t *testing.T, name string) (s *idb.Store) {
	t.Run("opened without a channel", func(t *testing.T) {
		withoutGlobal(t, "BroadcastChannel")
		var err error
		if s, err = idb.Open(testContext(t), name, idb.Restless(1)); err != nil {
			t.Fatal(err)
		}
	})
	return s
}

// A context that wrote alone and then slept finds what others have committed,
// also if a checkpoint has folded it: the record that it must meet is kept as
// long as it has its fence.
func TestFenceKeepsWhatASleeperMustMeet(t *testing.T) {
	name := newName(t)
	blind := watchBlind(t)
	sleeper, raw := open(t, name), openRaw(t, name)
	defer raw.close()
	putBlind(t, sleeper, blind)

	other := openUnheard(t, name)
	put(t, other, "b", "2")
	newest, _, _ := strings.Cut(state(t, testContext(t), other), " ")
	for ctx := testContext(t); ; giveTurn() {
		if _, folded := raw.checkpoint(); fmt.Sprint(folded) == newest {
			break
		}
		if ctx.Err() != nil {
			t.Fatal("there was no checkpoint of the newest commit")
		}
	}
	if raw.do("log", "count").Int() == 0 {
		t.Error("a checkpoint has deleted the log in front of another context's fence")
	}
	put(t, sleeper, "c", "3")
	for _, s := range []*idb.Store{sleeper, other, open(t, name)} {
		got := state(t, fresh(t), s)
		if _, got, _ = strings.Cut(got, " "); got != "a=1 b=2 c=3" {
			t.Errorf("a store holds %s, want a, b and c", got)
		}
	}

	closeStore(t, sleeper)
	put(t, other, "b", "4")
	for ctx := testContext(t); raw.do("log", "count").Int() > 0; giveTurn() {
		if ctx.Err() != nil {
			t.Fatal("the log is still there though the fence is down")
		}
	}
	closeStore(t, other)
}

// A commit whose fence is taken down while it is on its way, since the page is
// about to sleep, is looked for and happens once.
func TestFenceTakenDownMeanwhile(t *testing.T) {
	name := newName(t)
	blind := watchBlind(t)
	s, raw := open(t, name), openRaw(t, name)
	defer raw.close()
	putBlind(t, s, blind)
	n, leaves := blind(), true
	intercept(t, "IDBObjectStore", "add", func(store js.Value, _ []js.Value) {
		if leaves && store.Get("name").String() == "log" {
			leaves = false
			js.Global().Call("dispatchEvent", pageEvent("pagehide"))
			js.Global().Call("dispatchEvent", pageEvent("pageshow"))
		}
	})
	looks := 0
	intercept(t, "IDBObjectStore", "get", func(store js.Value, args []js.Value) {
		if store.Get("name").String() == "root" && args[0].Int() == 0 {
			looks++
		}
	})
	before := raw.do("log", "count").Int()
	put(t, s, "b", "2")
	if blind() != n+1 || leaves || looks == 0 {
		t.Errorf("%d commits didn't look at the root, %d looks followed, want 1, 1 or more", blind()-n, looks)
	}
	if got := raw.do("log", "count").Int(); got != before+1 {
		t.Errorf("the log has %d records, want %d", got, before+1)
	}
	_, rows, _ := strings.Cut(state(t, fresh(t), s), " ")
	if rows != "a=1 b=2" {
		t.Errorf("the store holds %s, want a=1 b=2", rows)
	}
}

func pageEvent(name string) js.Value {
	e := js.Global().Get("Event").New(name)
	e.Set("persisted", true)
	return e
}
