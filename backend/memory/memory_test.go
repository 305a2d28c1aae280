package memory_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/memory"
)

func update(t *testing.T, s backend.Store, fn func(tx backend.WriteTx) error) {
	t.Helper()
	err := s.Update(context.Background(), func(_ context.Context, tx backend.WriteTx) error { return fn(tx) })
	if err != nil {
		t.Fatalf("Update = %v", err)
	}
}

func TestA9_StoreCommitsOrRollsBack(t *testing.T) {
	ctx := context.Background()
	s := memory.New()
	put := func(value string, result error) error {
		return s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
			if err := tx.Put("t", []byte("k"), []byte(value)); err != nil {
				return err
			}
			return result
		})
	}
	expect := func(want string, version uint64) {
		t.Helper()
		err := s.View(ctx, func(_ context.Context, tx backend.ReadTx) error {
			got, err := tx.Get("t", []byte("k"))
			if string(got) != want || tx.ReadVersion() != version {
				t.Errorf("Get = %q, %v at version %d, want %q at %d", got, err, tx.ReadVersion(), want, version)
			}
			return nil
		})
		if err != nil {
			t.Errorf("View = %v", err)
		}
	}

	if err := put("first", nil); err != nil {
		t.Fatal(err)
	}
	expect("first", 1)

	broken := errors.New("broken")
	if err := put("second", broken); err != broken {
		t.Errorf("Update = %v, want the closure's own error", err)
	}
	expect("first", 1)

	func() {
		defer func() {
			if got := recover(); got != "torn" {
				t.Errorf("recovered %v, want the closure's own panic", got)
			}
		}()
		_ = s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
			if err := tx.Put("t", []byte("k"), []byte("third")); err != nil {
				t.Error(err)
			}
			panic("torn")
		})
	}()
	expect("first", 1)

	cancelled, cancel := context.WithCancel(ctx)
	err := s.Update(cancelled, func(_ context.Context, tx backend.WriteTx) error {
		cancel()
		return tx.Put("t", []byte("k"), []byte("fourth"))
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Update with a context cancelled before its commit = %v, want context.Canceled", err)
	}
	expect("first", 1)

	if err := backend.Flush(ctx, s); err != nil {
		t.Errorf("Flush = %v, want nil: there is nothing to flush", err)
	}
	if err := s.Close(ctx); err != nil {
		t.Errorf("Close = %v", err)
	}
	if err := put("fifth", nil); !errors.Is(err, backend.ErrClosed) {
		t.Errorf("Update after Close = %v, want ErrClosed", err)
	}
}

func TestD12_BatchWithAFailingOperationLeavesNothing(t *testing.T) {
	s := memory.New()
	err := s.Update(context.Background(), func(_ context.Context, tx backend.WriteTx) error {
		for _, key := range []string{"a", "b", ""} {
			if err := tx.Put("t", []byte(key), []byte("v")); err != nil {
				return err
			}
		}
		return nil
	})
	if !errors.Is(err, backend.ErrInvalid) {
		t.Errorf("Update with an empty key in it = %v, want ErrInvalid", err)
	}
	err = s.View(context.Background(), func(_ context.Context, tx backend.ReadTx) error {
		names, err := tx.Tables()
		if len(names) > 0 || tx.ReadVersion() != 0 {
			t.Errorf("Tables = %q, %v at version %d, want none at 0", names, err, tx.ReadVersion())
		}
		return nil
	})
	if err != nil {
		t.Errorf("View = %v", err)
	}
}

func TestD16_DeleteThenPutInOneTransaction(t *testing.T) {
	s := memory.New()
	update(t, s, func(tx backend.WriteTx) error { return tx.Put("t", []byte("k"), []byte("old")) })
	update(t, s, func(tx backend.WriteTx) error {
		if existed, err := tx.Delete("t", []byte("k")); !existed || err != nil {
			t.Errorf("Delete = %v, %v, want true", existed, err)
		}
		return tx.Put("t", []byte("k"), []byte("new"))
	})
	err := s.View(context.Background(), func(_ context.Context, tx backend.ReadTx) error {
		got, err := tx.Get("t", []byte("k"))
		if string(got) != "new" {
			t.Errorf("Get = %q, %v, want %q", got, err, "new")
		}
		return nil
	})
	if err != nil {
		t.Errorf("View = %v", err)
	}
}

func TestD17_SnapshotDuringWritesAndOwnWrites(t *testing.T) {
	ctx := context.Background()
	s := memory.New()
	key := func(i int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(i)) }
	update(t, s, func(tx backend.WriteTx) error {
		for i := range 100 {
			if err := tx.Put("t", key(i), []byte("old")); err != nil {
				return err
			}
		}
		return nil
	})
	err := s.View(ctx, func(_ context.Context, before backend.ReadTx) error {
		n := 0
		for kv, err := range before.Scan("t", backend.Range{}) {
			if err != nil {
				return err
			}
			if string(kv.Value) != "old" {
				t.Errorf("pair %d of the scan = %q, want %q", n, kv.Value, "old")
			}
			// Another transaction, begun through the outer context, commits
			// between two pairs of this one's loop.
			err = s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
				if err := tx.Put("t", key(n), []byte("new")); err != nil {
					return err
				}
				if got, err := tx.Get("t", key(n)); string(got) != "new" {
					t.Errorf("Get of an own write = %q, %v, want %q", got, err, "new")
				}
				_, err := tx.Delete("t", key(99-n))
				return err
			})
			if err != nil {
				return err
			}
			n++
		}
		if n != 100 {
			t.Errorf("scan saw %d pairs, want the snapshot's 100", n)
		}
		return nil
	})
	if err != nil {
		t.Errorf("View = %v", err)
	}
}

func TestA7_ReadersHaveConsistentSnapshots(t *testing.T) {
	ctx := context.Background()
	s := memory.New()
	const keys, rounds = 50, 200
	write := func(round int) error {
		return s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
			for i := range keys {
				table := fmt.Sprintf("t%d", i%3)
				if err := tx.Put(table, []byte{byte(i)}, fmt.Appendf(nil, "%d", round)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	read := func() error {
		return s.View(ctx, func(_ context.Context, tx backend.ReadTx) error {
			want := fmt.Appendf(nil, "%d", tx.ReadVersion()-1)
			for table := range 3 {
				for kv, err := range tx.Scan(fmt.Sprintf("t%d", table), backend.Range{}) {
					if err != nil {
						return err
					}
					if !bytes.Equal(kv.Value, want) {
						return fmt.Errorf("key %v = %s in the snapshot of round %s", kv.Key, kv.Value, want)
					}
				}
			}
			return nil
		})
	}

	if err := write(0); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if err := read(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for round := range rounds {
		if err := write(round + 1); err != nil {
			t.Errorf("Update = %v", err)
		}
	}
	close(done)
	wg.Wait()
}

func TestA15_ManyReadersRunBesideOneWriter(t *testing.T) {
	ctx := context.Background()
	s := memory.New()
	writing, release := make(chan struct{}), make(chan struct{})
	finished := make(chan error)
	go func() {
		finished <- s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
			if err := tx.Put("t", []byte("k"), nil); err != nil {
				return err
			}
			close(writing)
			<-release
			return nil
		})
	}()
	<-writing

	// Views begin and end while the Update is inside its closure. Two of them
	// are open at once.
	err := s.View(ctx, func(_ context.Context, outer backend.ReadTx) error {
		return s.View(ctx, func(_ context.Context, inner backend.ReadTx) error {
			for _, tx := range []backend.ReadTx{outer, inner} {
				if _, err := tx.Get("t", []byte("k")); !errors.Is(err, backend.ErrTableNotFound) {
					t.Errorf("Get beside an Update = %v, want ErrTableNotFound", err)
				}
			}
			return nil
		})
	})
	if err != nil {
		t.Errorf("View beside an Update = %v", err)
	}

	// A second writer waits, and its context ends the wait.
	impatient, cancel := context.WithCancel(ctx)
	second := make(chan error)
	go func() {
		second <- s.Update(impatient, func(context.Context, backend.WriteTx) error {
			t.Error("a second writer ran beside the first")
			return nil
		})
	}()
	cancel()
	if err := <-second; !errors.Is(err, context.Canceled) {
		t.Errorf("Update that waited = %v, want context.Canceled", err)
	}
	close(release)
	if err := <-finished; err != nil {
		t.Errorf("Update = %v", err)
	}
}

// The contract costs no allocation per operation beside the pair itself, and
// none where nothing is wrong but a key missing.
func TestA34_OperationsAllocateNothing(t *testing.T) {
	s := memory.New()
	key := func(i int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(i)) }
	update(t, s, func(tx backend.WriteTx) error {
		for i := range 2000 {
			if err := tx.Put("t", key(i), []byte("value")); err != nil {
				return err
			}
		}
		return nil
	})
	err := s.View(context.Background(), func(_ context.Context, tx backend.ReadTx) error {
		present, missing := key(77), key(5000)
		expect := func(what string, want float64, fn func()) {
			t.Helper()
			if got := testing.AllocsPerRun(100, fn); got > want {
				t.Errorf("%s allocates %v times, want at most %v", what, got, want)
			}
		}
		expect("Get", 0, func() {
			if _, err := tx.Get("t", present); err != nil {
				t.Error(err)
			}
		})
		expect("Get of a missing key", 0, func() {
			if _, err := tx.Get("t", missing); !errors.Is(err, backend.ErrNotFound) {
				t.Error(err)
			}
		})
		expect("Scan of 2,000 pairs", 10, func() {
			n := 0
			for _, err := range tx.Scan("t", backend.Range{}) {
				if err != nil {
					t.Error(err)
				}
				n++
			}
			if n != 2000 {
				t.Errorf("Scan yielded %d pairs, want 2,000", n)
			}
		})
		return nil
	})
	if err != nil {
		t.Errorf("View = %v", err)
	}
	update(t, s, func(tx backend.WriteTx) error {
		k, v := key(77), []byte("new")
		put := func() {
			if err := tx.Put("t", k, v); err != nil {
				t.Error(err)
			}
		}
		put() // copies the nodes on the way
		if got := testing.AllocsPerRun(100, put); got > 1 {
			t.Errorf("Put allocates %v times, want once, for the pair", got)
		}
		return nil
	})
}
