//go:build js && wasm

package idb_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/idb"
)

func asynchronous(t *testing.T) context.Context {
	return backend.WithTxOptions(testContext(t), backend.TxOptions{Durability: backend.Async})
}

// isExclusive waits until s writes alone, or fails the test.
func isExclusive(t *testing.T, s *idb.Store) {
	t.Helper()
	put(t, s, "first", "1") // who doesn't write holds no lock
	status, err := backend.StatusOf(testContext(t), s)
	if err != nil || !status.Exclusive {
		t.Fatalf("Status = %+v, %v, want Exclusive", status, err)
	}
}

func TestAsyncUpdatesReturnAtOnce(t *testing.T) {
	name := newName(t)
	s := open(t, name)
	isExclusive(t, s)
	writes := watchWrites(t)
	ctx := asynchronous(t)
	for i := range 100 {
		if err := tryPut(ctx, s, fmt.Sprintf("%03d", i), "v"); err != nil {
			t.Fatalf("Update %d: %v", i, err)
		}
	}
	if err := s.View(testContext(t), func(_ context.Context, tx backend.ReadTx) error {
		if n, err := backend.Count(tx, "t", backend.Range{}); err != nil || n != 101 {
			t.Errorf("a View after 100 asynchronous commits counts %d pairs, %v, want 101", n, err)
		}
		if v := tx.ReadVersion(); v != 101 {
			t.Errorf("its version is %d, want 101", v)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	if err := backend.Flush(testContext(t), s); err != nil {
		t.Fatalf("Flush: %v", err)
	}
	if got := writes(); got >= 100 {
		t.Errorf("100 asynchronous commits made %d transactions of IndexedDB, want fewer", got)
	}
	there := open(t, name)
	if got, want := state(t, fresh(t), there)[:4], "101 "; got != want {
		t.Errorf("after Flush another store is at version %q, want %q", got, want)
	}
}

func TestCloseStoresWhatIsAcknowledged(t *testing.T) {
	name := newName(t)
	s := open(t, name)
	isExclusive(t, s)
	if err := tryPut(asynchronous(t), s, "a", "1"); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	wantState(t, open(t, name), "2 a=1 first=1")
}

// Who has to let others write stores first what it has acknowledged.
func TestAnotherTabEndsBeingAlone(t *testing.T) {
	name := newName(t)
	here := open(t, name)
	isExclusive(t, here)
	there := open(t, name)
	for i := range 5 {
		if err := tryPut(asynchronous(t), here, fmt.Sprint("here ", i), ""); err != nil {
			t.Fatal(err)
		}
	}
	put(t, there, "there", "")
	for i := range 5 {
		if err := tryPut(asynchronous(t), here, fmt.Sprint("shared ", i), ""); err != nil {
			t.Fatal(err)
		}
	}
	want := "12 first=1 here 0= here 1= here 2= here 3= here 4= shared 0= shared 1= shared 2= shared 3= shared 4= there="
	for _, s := range []*idb.Store{here, there} {
		if got := state(t, fresh(t), s); got != want {
			t.Errorf("a store holds %s, want %s", got, want)
		}
	}
}

// An asynchronous commit that can't be stored is gone, and the store says so to
// every Update and Flush after it.
func TestAsyncCommitsThatAreLost(t *testing.T) {
	name := newName(t)
	s := open(t, name)
	isExclusive(t, s)
	grant := refuse(t, 1000)
	ctx := asynchronous(t)
	if err := tryPut(ctx, s, "big", strings.Repeat("x", 2000)); err != nil {
		t.Fatalf("Update: %v", err)
	}
	if err := tryPut(ctx, s, "a", "1"); err != nil {
		t.Fatalf("Update: %v", err)
	}
	if err := backend.Flush(testContext(t), s); !errors.Is(err, backend.ErrQuota) {
		t.Errorf("Flush = %v, want ErrQuota", err)
	}
	grant()
	if err := tryPut(testContext(t), s, "b", "1"); !errors.Is(err, backend.ErrQuota) || !strings.Contains(err.Error(), "are lost; open the database again") {
		t.Errorf("an Update after it = %v, want ErrQuota that says what is lost", err)
	}
	wantState(t, s, "1 first=1")
	if status, err := backend.StatusOf(testContext(t), s); err != nil || !errors.Is(status.Damage, backend.ErrQuota) {
		t.Errorf("Status = %+v, %v, want the damage", status, err)
	}
	if err := s.Close(testContext(t)); !errors.Is(err, backend.ErrQuota) {
		t.Errorf("Close = %v, want ErrQuota", err)
	}
	wantState(t, open(t, name), "1 first=1")
}

// A tab that took over, because this one slept, may have written: what that
// leaves alone is stored behind it, what it touches is lost.
func TestAsyncCommitsOfATabThatSlept(t *testing.T) {
	for _, related := range []bool{false, true} {
		t.Run(fmt.Sprint("related ", related), func(t *testing.T) {
			name := newName(t)
			here := open(t, name)
			isExclusive(t, here)
			// A store that knows nothing of locks and channels plays the thief.
			withoutGlobal(t, "navigator")
			withoutGlobal(t, "BroadcastChannel")
			thief := open(t, name)
			put(t, thief, "stolen", "1")
			err := here.Update(asynchronous(t), func(_ context.Context, tx backend.WriteTx) error {
				key := "own"
				if related {
					key = "stolen"
				}
				if _, err := tx.Get("t", []byte(key)); !backend.IsNotFound(err) {
					t.Errorf("Get = %v, want ErrNotFound", err)
				}
				return tx.Put("t", []byte(key), []byte("2"))
			})
			if err != nil {
				t.Fatalf("Update: %v", err)
			}
			err = backend.Flush(testContext(t), here)
			want := "3 first=1 own=2 stolen=1"
			if related {
				want = "2 first=1 stolen=1"
				if !errors.Is(err, backend.ErrIO) || !strings.Contains(err.Error(), "another tab took over while this one slept") {
					t.Errorf("Flush = %v, want ErrIO that says what happened", err)
				}
				if err := here.Close(testContext(t)); err == nil {
					t.Error("Close says nothing of what was lost")
				}
			} else if err != nil {
				t.Errorf("Flush: %v", err)
			}
			if got := state(t, fresh(t), thief); got != want {
				t.Errorf("the database holds %s, want %s", got, want)
			}
		})
	}
}

// A View that must not wait is told when it asked for what needs waiting.
func TestFreshViewsThatMustNotWait(t *testing.T) {
	s := open(t, newName(t))
	ctx := backend.WithTxOptions(testContext(t), backend.TxOptions{Fresh: true, Cached: true})
	err := s.View(ctx, func(context.Context, backend.ReadTx) error {
		t.Error("the View has run")
		return nil
	})
	if !errors.Is(err, backend.ErrNotInMemory) {
		t.Errorf("View = %v, want ErrNotInMemory", err)
	}
}
