//go:build js && wasm

package idb_test

import (
	"fmt"
	"strings"
	"syscall/js"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/idb"
)

// Commits that are not in pages yet are in memory twice, and writers wait before
// they take more than the budget. They could take twice as much, and the
// collector, which found little to free, ran nearly all the time.
func TestCommitsKeepToTheBudget(t *testing.T) {
	const budget, size = 1 << 20, 20_000
	name := newName(t)
	s := openWith(t, name, &idb.Options{CacheSize: budget})
	locks := js.Global().Get("navigator").Get("locks")
	lock := "larder:" + name + ":checkpoint"
	release := awaitPromise(js.Global().Call("eval", `((locks, name) => new Promise((granted) => {
		locks.request(name, () => new Promise((release) => granted(release)));
	}))`).Invoke(locks, lock))
	defer release.Invoke() // before the Store closes, which waits for the lock
	ended := make(chan error, 1)
	go func() {
		for i := range 2 * budget / size {
			if err := tryPut(testContext(t), s, fmt.Sprint(i), strings.Repeat("x", size)); err != nil {
				ended <- err
				return
			}
		}
		ended <- nil
	}()
	waits := func() bool {
		pending := awaitPromise(locks.Call("query")).Get("pending")
		for i := range pending.Length() {
			if pending.Index(i).Get("name").String() == lock {
				return true
			}
		}
		return false
	}
	for ctx := testContext(t); !waits(); {
		if err := ctx.Err(); err != nil {
			t.Fatalf("no writer has waited for a checkpoint: %v", err)
		}
		giveTurn()
	}
	status, err := backend.StatusOf(testContext(t), s)
	if got := status.Pending; err != nil || got < budget/2 || got > budget/2+size+200 {
		t.Errorf("a writer waits after %d bytes of commits that are not in pages (%v), want half of %d and one more", got, err, budget)
	}
	release.Invoke()
	if err := <-ended; err != nil {
		t.Errorf("Update: %v", err)
	}
}

// A log is folded when nothing was committed for a while, and when the Store
// closes.
func TestCheckpointWhenIdleOrClosed(t *testing.T) {
	for _, idle := range []bool{true, false} {
		t.Run(fmt.Sprintf("idle %v", idle), func(t *testing.T) {
			name := newName(t)
			s, raw := open(t, name), openRaw(t, name)
			defer raw.close()
			putRows(t, s, 100, "a")
			if number, _ := raw.checkpoint(); number != 0 {
				t.Errorf("there is a checkpoint %d of 100 kB, want none yet", number)
			}
			if idle {
				raw.awaitCheckpoint(0)
			} else {
				closeStore(t, s)
			}
			if number, commit := raw.checkpoint(); number != 1 || commit != 1 || raw.do("log", "count").Int() != 0 {
				t.Errorf("there is checkpoint %d of commit %d, want the first of the first", number, commit)
			}
		})
	}
}

// A Store that is closed while it makes a checkpoint folds what was committed
// meanwhile as well.
func TestCloseDuringCheckpoint(t *testing.T) {
	name := newName(t)
	s, raw := open(t, name), openRaw(t, name)
	defer raw.close()
	begun := make(chan struct{}, 1)
	intercept(t, "IDBObjectStore", "add", func(store js.Value, _ []js.Value) {
		if store.Get("name").String() == "pages" {
			select {
			case begun <- struct{}{}:
			default:
			}
		}
	})
	putRows(t, s, 8000, "a")
	<-begun
	putRows(t, s, 100, "b")
	closeStore(t, s)
	if number, commit := raw.checkpoint(); commit != 2 || raw.do("log", "count").Int() != 0 {
		t.Errorf("there is checkpoint %d of commit %d, want one of the second, and no log", number, commit)
	}
}

// A Store that is closed while it looks for garbage folds its log all the same. It
// left it to who opens the database next.
func TestCloseDuringSweep(t *testing.T) {
	name := newName(t)
	s, raw := openWith(t, name, idb.Restless(1<<30)), openRaw(t, name)
	defer raw.close()
	begun := make(chan struct{}, 1)
	intercept(t, "IDBObjectStore", "get", func(store js.Value, args []js.Value) {
		if store.Get("name").String() == "root" && args[0].Int() == 2 { // the janitor's record
			select {
			case begun <- struct{}{}:
			default:
			}
		}
	})
	putRows(t, s, 100, "a")
	<-begun
	closeStore(t, s)
	if number, commit := raw.checkpoint(); commit != 1 || raw.do("log", "count").Int() != 0 {
		t.Errorf("there is checkpoint %d of commit %d, want one of the first, and no log", number, commit)
	}
}
