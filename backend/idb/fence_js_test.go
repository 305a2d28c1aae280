//go:build js && wasm

package idb_test

import (
	"context"
	"fmt"
	"strings"
	"syscall/js"
	"testing"

	"github.com/larderdb/larder/backend/idb"
)

// openFenced opens a store that writes alone, and puts a=1 until that was done
// without a look at the root. Blind counts the records that were added so: in
// transactions that can't have one.
func openFenced(t *testing.T) (name string, s *idb.Store, raw rawDB, blind func() int) {
	t.Helper()
	blind = countCalls(t, "IDBObjectStore", "add", func(store js.Value, _ []js.Value) bool {
		stores := store.Get("transaction").Get("objectStoreNames")
		return stores.Length() == 1 && stores.Index(0).String() == "log"
	})
	name = newName(t)
	s, raw = open(t, name), openRaw(t, name)
	t.Cleanup(raw.close)
	ctx := testContext(t)
	for ; blind() == 0; giveTurn() {
		if ctx.Err() != nil {
			t.Fatal("a context that writes alone still looks at the root")
		}
		put(t, s, "a", "1")
	}
	return name, s, raw, blind
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

// awaitFolded waits until the newest commit of s is in a checkpoint.
func awaitFolded(t *testing.T, s *idb.Store, raw rawDB) {
	t.Helper()
	newest, _, _ := strings.Cut(state(t, testContext(t), s), " ")
	for ctx := testContext(t); ; giveTurn() {
		if _, folded := raw.checkpoint(); fmt.Sprint(folded) == newest {
			return
		}
		if ctx.Err() != nil {
			t.Fatal("there was no checkpoint of the newest commit")
		}
	}
}

// wantFresh compares what a Fresh View of s reads, without the version.
func wantFresh(t *testing.T, s *idb.Store, want string) {
	t.Helper()
	if _, got, _ := strings.Cut(state(t, fresh(t), s), " "); got != want {
		t.Errorf("a store holds %s, want %s", got, want)
	}
}

// A context that wrote alone and then slept finds what others have committed,
// also if a checkpoint has folded it: the record that it must meet is kept as
// long as it has its fence.
func TestFenceKeepsWhatASleeperMustMeet(t *testing.T) {
	name, sleeper, raw, _ := openFenced(t)
	other := openUnheard(t, name)
	put(t, other, "b", "2")
	awaitFolded(t, other, raw)
	if raw.do("log", "count").Int() == 0 {
		t.Error("a checkpoint has deleted the log in front of another context's fence")
	}
	put(t, sleeper, "c", "3")
	for _, s := range []*idb.Store{sleeper, other, open(t, name)} {
		wantFresh(t, s, "a=1 b=2 c=3")
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

// A browser may take a sleeping page's locks away. The page looks at the root
// again then.
func TestFenceThatTheBrowserTakes(t *testing.T) {
	name, sleeper, raw, _ := openFenced(t)
	locks := js.Global().Get("navigator").Get("locks")
	take := js.Global().Call("eval", `((locks, name) => locks.request(name, { steal: true }, () => {}))`)
	taken := 0
	for _, lock := range locksOf(name) {
		if strings.HasPrefix(lock, "larder:"+name+":fence:") {
			awaitPromise(take.Invoke(locks, lock))
			taken++
		}
	}
	if taken != 1 {
		t.Fatalf("the context holds %d fences, want 1", taken)
	}
	other := openUnheard(t, name)
	put(t, other, "b", "2")
	awaitFolded(t, other, raw)
	put(t, sleeper, "c", "3")
	for _, s := range []*idb.Store{sleeper, other} {
		wantFresh(t, s, "a=1 b=2 c=3")
	}
	closeStore(t, other)
}

// A commit whose fence is taken down while it is on its way, since the page is
// about to sleep, is looked for and happens once, also when nobody waits for it.
func TestFenceTakenDownMeanwhile(t *testing.T) {
	for _, cancelled := range []bool{false, true} {
		t.Run(fmt.Sprintf("cancelled %v", cancelled), func(t *testing.T) {
			_, s, raw, blind := openFenced(t)
			ctx, cancel := context.WithCancel(testContext(t))
			defer cancel()
			before, leaves := blind(), true
			intercept(t, "IDBObjectStore", "add", func(store js.Value, _ []js.Value) {
				if !leaves || store.Get("name").String() != "log" {
					return
				}
				leaves = false
				dispatchPersisted("pagehide")
				dispatchPersisted("pageshow")
				if cancelled {
					cancel()
				}
			})
			looks := countCalls(t, "IDBObjectStore", "get", func(store js.Value, args []js.Value) bool {
				return store.Get("name").String() == "root" && args[0].Int() == 0
			})
			records := raw.do("log", "count").Int()
			if err := tryPut(ctx, s, "b", "2"); err != nil {
				t.Errorf("an Update that was on its way = %v, want its outcome, nil", err)
			}
			if n := blind() - before; n != 1 || leaves || looks() == 0 {
				t.Errorf("%d commits didn't look at the root, and %d looks followed, want 1, and 1 or more", n, looks())
			}
			put(t, s, "c", "3")
			if n := raw.do("log", "count").Int() - records; n != 2 {
				t.Errorf("two commits have led to %d records", n)
			}
			wantFresh(t, s, "a=1 b=2 c=3")
		})
	}
}
