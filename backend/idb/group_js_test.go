//go:build js && wasm

package idb_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"syscall/js"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/idb"
)

// watchWrites counts the transactions of IndexedDB that may write, until the
// test ends.
func watchWrites(t *testing.T) (count func() int) {
	t.Helper()
	return countCalls(t, "IDBDatabase", "transaction", func(_ js.Value, args []js.Value) bool {
		return len(args) > 1 && args[1].String() == "readwrite"
	})
}

// countCalls counts the calls of a method of which is is true, until the test
// ends.
func countCalls(t *testing.T, class, method string, is func(this js.Value, args []js.Value) bool) (count func() int) {
	t.Helper()
	n := 0
	intercept(t, class, method, func(this js.Value, args []js.Value) {
		if is(this, args) {
			n++
		}
	})
	return func() int { return n }
}

// intercept has before called before each call of a method, until the test
// ends.
func intercept(t *testing.T, class, method string, before func(this js.Value, args []js.Value)) {
	t.Helper()
	prototype := js.Global().Get(class).Get("prototype")
	original := prototype.Get(method)
	f := js.FuncOf(func(this js.Value, args []js.Value) any {
		before(this, args)
		return nil
	})
	wrap := js.Global().Call("eval", `((before, original) => function (...args) {
		before.apply(this, args);
		return original.apply(this, args);
	})`)
	prototype.Set(method, wrap.Invoke(f, original))
	t.Cleanup(func() {
		prototype.Set(method, original)
		f.Release()
	})
}

// refuse makes IndexedDB find no space for records of the log that are longer
// than limit, until the function returned is called or the test ends.
func refuse(t *testing.T, limit int) (grant func()) {
	t.Helper()
	prototype := js.Global().Get("IDBObjectStore").Get("prototype")
	original := prototype.Get("add")
	wrap := js.Global().Call("eval", `((original, limit) => function (value, key) {
		if (this.name === "log" && value.length > limit) throw new DOMException("no space", "QuotaExceededError");
		return original.call(this, value, key);
	})`)
	prototype.Set("add", wrap.Invoke(original, limit))
	grant = func() { prototype.Set("add", original) }
	t.Cleanup(grant)
	return grant
}

// together starts n Updates at once and waits for them.
func together(n int, update func(i int) error) []error {
	results := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { results[i] = update(i) })
	}
	wg.Wait()
	return results
}

func increment(ctx context.Context, s backend.Store, key string) error {
	return s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
		n := uint64(0)
		b, err := tx.Get("t", []byte(key))
		if err == nil {
			n = binary.BigEndian.Uint64(b)
		} else if !backend.IsNotFound(err) {
			return err
		}
		return tx.Put("t", []byte(key), binary.BigEndian.AppendUint64(nil, n+1))
	})
}

// number returns the number under a key, by a Fresh View.
func number(t *testing.T, s backend.Store, key string) (n uint64) {
	t.Helper()
	err := s.View(fresh(t), func(_ context.Context, tx backend.ReadTx) error {
		b, err := tx.Get("t", []byte(key))
		if err == nil {
			n = binary.BigEndian.Uint64(b)
		}
		return err
	})
	if err != nil {
		t.Errorf("View: %v", err)
	}
	return n
}

func TestUpdatesAtOnceShareTransactions(t *testing.T) {
	s := open(t, newName(t))
	put(t, s, "a", "1")
	writes := watchWrites(t)
	const n = 1000
	ctx := testContext(t)
	for i, err := range together(n, func(int) error { return increment(ctx, s, "n") }) {
		if err != nil {
			t.Fatalf("Update %d: %v", i, err)
		}
	}
	if got := writes(); got > 3 {
		t.Errorf("%d Updates at once made %d transactions of IndexedDB, want at most 3", n, got)
	}
	if got := number(t, s, "n"); got != n {
		t.Errorf("%d increments make %d", n, got)
	}
}

// Updates of two tabs that have nothing to do with each other don't run each
// other's closures again.
func TestUnrelatedTabsRunNothingAgain(t *testing.T) {
	name := newName(t)
	stores := []*idb.Store{open(t, name)}
	put(t, stores[0], "a", "1")
	stores = append(stores, open(t, name))
	const rounds, each = 10, 5
	runs := 0
	var wg sync.WaitGroup
	for i, s := range stores {
		wg.Go(func() {
			for range rounds {
				for _, err := range together(each, func(j int) error {
					return s.Update(testContext(t), func(_ context.Context, tx backend.WriteTx) error {
						runs++
						key := fmt.Appendf(make([]byte, 8), "%d %d", i, j)
						if _, err := tx.Get("t", key); err != nil && !backend.IsNotFound(err) {
							return err
						}
						return tx.Put("t", key, make([]byte, 8), backend.Stamp{}, backend.Stamp{InKey: true})
					})
				}) {
					if err != nil {
						t.Errorf("Update: %v", err)
					}
				}
			}
		})
	}
	wg.Wait()
	if want := len(stores) * rounds * each; runs != want {
		t.Errorf("%d Updates ran %d closures", want, runs)
	}
	var want uint64 = 1 + 2*rounds*each
	seen := map[string]bool{}
	err := stores[0].View(fresh(t), func(_ context.Context, tx backend.ReadTx) error {
		for kv, err := range tx.Scan("t", backend.Range{}) {
			if err != nil {
				return err
			}
			if string(kv.Key) == "a" {
				continue
			}
			if string(kv.Key[:8]) != string(kv.Value) || seen[string(kv.Value)] {
				t.Errorf("the pair %q has the stamp %x, which is another one's or another", kv.Key, kv.Value)
			}
			seen[string(kv.Value)] = true
		}
		if got := tx.ReadVersion(); got != want {
			t.Errorf("the version is %d, want %d", got, want)
		}
		return nil
	})
	if err != nil || uint64(len(seen)) != want-1 {
		t.Errorf("%d stamps, %v, want %d", len(seen), err, want-1)
	}
}

// A commit that finds no space doesn't take those along that only went with it.
// What had read it runs again without it.
func TestQuotaInTheMiddleOfAGroup(t *testing.T) {
	s := open(t, newName(t))
	put(t, s, "a", "1")
	grant := refuse(t, 100_000)
	ctx := testContext(t)
	results := together(30, func(i int) error {
		if i == 15 {
			return tryPut(ctx, s, "big", string(make([]byte, 200_000)), "n", "________")
		}
		return increment(ctx, s, "n")
	})
	for i, err := range results {
		if i == 15 && !errors.Is(err, backend.ErrQuota) || i != 15 && err != nil {
			t.Errorf("Update %d = %v, want nil, and ErrQuota for the large one", i, err)
		}
	}
	grant()
	if got := number(t, s, "n"); got != 29 {
		t.Errorf("29 increments make %d", got)
	}
	put(t, s, "big", "now")
}

func TestPanicsInTheMiddleOfAGroup(t *testing.T) {
	s := open(t, newName(t))
	ctx := testContext(t)
	put(t, s, "a", "1")
	panics := 0
	for i, err := range together(30, func(i int) (err error) {
		switch i % 10 {
		case 4:
			defer func() {
				if r := recover(); r != nil {
					panics++
				}
			}()
			return s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
				if err := tx.Put("t", []byte("n"), nil); err != nil {
					return err
				}
				panic("torn")
			})
		case 5:
			done := make(chan struct{})
			go func() {
				defer close(done)
				_ = s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
					_ = tx.Put("t", []byte("n"), nil)
					runtime.Goexit()
					return nil
				})
			}()
			<-done
			return nil
		}
		return increment(ctx, s, "n")
	}) {
		if err != nil {
			t.Errorf("Update %d: %v", i, err)
		}
	}
	if got := number(t, s, "n"); got != 24 || panics != 3 {
		t.Errorf("24 increments make %d, and %d of 3 panics went on", got, panics)
	}
}

// Contexts end while their Updates wait for their turn, run, wait for their
// group, and are on their way. Each outcome is the true one.
func TestCancelledAtEachStage(t *testing.T) {
	s := open(t, newName(t))
	put(t, s, "a", "1")
	for stage := range 40 {
		var cancels []context.CancelFunc
		var contexts []context.Context
		for range 12 {
			ctx, cancel := context.WithCancel(testContext(t))
			contexts, cancels = append(contexts, ctx), append(cancels, cancel)
		}
		go func() {
			for range stage {
				runtime.Gosched()
			}
			if stage%3 == 0 {
				giveTurn()
			}
			for i, cancel := range cancels {
				if i%3 != 0 || stage%4 == 0 {
					cancel()
				}
			}
		}()
		before := counted(t, s)
		committed := uint64(0)
		for i, err := range together(len(contexts), func(i int) error { return increment(contexts[i], s, "n") }) {
			switch {
			case err == nil:
				committed++
			case !errors.Is(err, context.Canceled):
				t.Errorf("stage %d, Update %d: %v", stage, i, err)
			case i%3 == 0 && stage%4 != 0:
				t.Errorf("stage %d, Update %d, whose context goes on: %v", stage, i, err)
			}
		}
		if got := counted(t, s) - before; got != committed {
			t.Errorf("stage %d: %d increments were acknowledged, %d are there", stage, committed, got)
		}
		for _, cancel := range cancels {
			cancel()
		}
	}
}

// counted is number for a key that may be missing.
func counted(t *testing.T, s backend.Store) (n uint64) {
	t.Helper()
	err := s.View(fresh(t), func(_ context.Context, tx backend.ReadTx) error {
		b, err := tx.Get("t", []byte("n"))
		if err == nil {
			n = binary.BigEndian.Uint64(b)
		} else if backend.IsNotFound(err) {
			err = nil
		}
		return err
	})
	if err != nil {
		t.Fatalf("View: %v", err)
	}
	return n
}

// A closure that waits for events, which lets a busy tab in each time, keeps the
// others away in the end, or needs a few tries where there are no locks.
func TestWaitingClosuresAreNotStarved(t *testing.T) {
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
			}
			if err := increment(testContext(t), busy, "n"); err != nil {
				t.Errorf("Update of the busy tab: %v", err)
				return
			}
		}
	})
	for i := range 3 {
		runs := 0
		err := other.Update(testContext(t), func(_ context.Context, tx backend.WriteTx) error {
			runs++
			b, err := tx.Get("t", []byte("n"))
			if err != nil && !backend.IsNotFound(err) {
				return err
			}
			for range 3 {
				giveTurn()
			}
			return tx.Put("t", fmt.Appendf(nil, "other %d", i), b)
		})
		if err != nil || runs > 20 {
			t.Errorf("Update %d = %v after %d runs, want nil after a few", i, err, runs)
		}
	}
	close(stop)
	wg.Wait()
}
