//go:build !wasm

package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/bolt"
)

func open(t testing.TB) *bolt.Store {
	t.Helper()
	s, err := bolt.Open(t.Context(), filepath.Join(t.TempDir(), "db"), nil)
	if err != nil {
		t.Fatalf("Open = %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Errorf("Close = %v", err)
		}
	})
	return s
}

func put(ctx context.Context, s backend.Store, key, value string) error {
	return s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
		return tx.Put("t", []byte(key), []byte(value))
	})
}

// behind runs Updates in the order given, each waiting for its turn when the
// one before it ends.
func behind(t *testing.T, s *bolt.Store, updates ...func(ctx context.Context, tx backend.WriteTx) error) []error {
	t.Helper()
	var wg sync.WaitGroup
	errs := make([]error, len(updates))
	var run func(i int)
	run = func(i int) {
		errs[i] = s.Update(t.Context(), func(ctx context.Context, tx backend.WriteTx) error {
			err := updates[i](ctx, tx)
			if i+1 < len(updates) {
				wg.Go(func() { run(i + 1) })
				awaitWaiting(s, 1)
			}
			return err
		})
	}
	run(0)
	wg.Wait()
	return errs
}

func awaitWaiting(s *bolt.Store, n int) {
	for s.Waiting() < n {
		runtime.Gosched()
	}
}

func want(t *testing.T, s backend.Store, pairs ...string) {
	t.Helper()
	err := s.View(context.Background(), func(_ context.Context, tx backend.ReadTx) error {
		i := 0
		for kv, err := range tx.Scan("t", backend.Range{}) {
			if err != nil {
				return err
			}
			if got := string(kv.Key) + "=" + string(kv.Value); i >= len(pairs) || got != pairs[i] {
				t.Errorf("pair %d = %s, want %q", i, got, pairs)
				return nil
			}
			i++
		}
		if i != len(pairs) {
			t.Errorf("%d pairs, want %q", i, pairs)
		}
		return nil
	})
	if err != nil {
		t.Errorf("View = %v", err)
	}
}

// bbolt writes the meta page once in each commit, and at least one page more,
// so the commits are fewer than the writes.
func TestA16_UpdatesThatWaitShareAFlush(t *testing.T) {
	s := open(t)
	const n = 50
	updates := make([]func(context.Context, backend.WriteTx) error, n)
	for i := range updates {
		updates[i] = func(_ context.Context, tx backend.WriteTx) error {
			return tx.Put("t", fmt.Appendf(nil, "k%02d", i), fmt.Append(nil, tx.ReadVersion()))
		}
	}
	before := s.BBolt().Stats()
	for i, err := range behind(t, s, updates...) {
		if err != nil {
			t.Errorf("Update %d = %v", i, err)
		}
	}
	after := s.BBolt().Stats()
	diff := after.Sub(&before)
	if got := diff.TxStats.GetWrite(); got > 25 {
		t.Errorf("%d commits made %d writes, want far fewer than two each", n, got)
	}
	var pairs []string
	for i := range n {
		pairs = append(pairs, fmt.Sprintf("k%02d=%d", i, i))
	}
	want(t, s, pairs...)
}

func TestD12_AMemberThatFailsTakesNoOtherWithIt(t *testing.T) {
	s := open(t)
	if err := put(t.Context(), s, "a", "old"); err != nil {
		t.Fatal(err)
	}
	own := errors.New("own error")
	errs := behind(t, s,
		func(_ context.Context, tx backend.WriteTx) error { return tx.Put("t", []byte("first"), []byte("1")) },
		func(_ context.Context, tx backend.WriteTx) error {
			return errors.Join(tx.Put("t", []byte("b"), []byte("2")), tx.Put("u", []byte("b"), nil))
		},
		func(_ context.Context, tx backend.WriteTx) error {
			steps := []error{
				tx.Put("t", []byte("a"), []byte("lost")), tx.Put("t", []byte("a"), []byte("lost again")),
				tx.Put("t", []byte("first"), nil), tx.Put("new", []byte("k"), nil), tx.DropTable("u"),
				tx.Put("u", []byte("other"), nil), tx.DropTable("t"), tx.Put("t", []byte("z"), nil), tx.DropTable("new"),
				tx.Put("log", make([]byte, 8), make([]byte, 8), backend.Stamp{InKey: true}, backend.Stamp{}),
			}
			if err := errors.Join(steps...); err != nil {
				return err
			}
			return own
		},
		func(_ context.Context, tx backend.WriteTx) error {
			tables, err := tx.Tables()
			if fmt.Sprint(tables) != "[t u]" || err != nil {
				t.Errorf("after the rollback Tables = %v, %v, want [t u], nil", tables, err)
			}
			return tx.Put("t", []byte("c"), fmt.Append(nil, tx.ReadVersion()))
		},
	)
	if errs[0] != nil || errs[1] != nil || errs[2] != own || errs[3] != nil {
		t.Errorf("the Updates = %v, want nil, nil, %v, nil", errs, own)
	}
	want(t, s, "a=old", "b=2", "c=3", "first=1")
}

// The closure in the middle doesn't return before both the Update ahead of it
// and a View have seen that one committed: its group is committed without it.
// Meanwhile it has written, has loops running, and holds slices.
func TestAMemberDoesNotWaitForASlowClosure(t *testing.T) {
	s := open(t)
	for i := range 4 {
		if err := put(t.Context(), s, fmt.Sprintf("row%03d", i), "old"); err != nil {
			t.Fatal(err)
		}
	}
	committed := make(chan struct{})
	var wg sync.WaitGroup
	var slow, last error
	slowly := func(_ context.Context, tx backend.WriteTx) error {
		wg.Go(func() { last = put(t.Context(), s, "last", "1") })
		old, err := tx.Get("t", []byte("row001"))
		if err != nil {
			return err
		}
		seen := ""
		for kv, err := range tx.Scan("t", backend.Range{Reverse: true}) {
			if err != nil {
				return err
			}
			seen += string(kv.Key) + " "
			if string(kv.Key) != "row003" {
				continue
			}
			steps := []error{
				tx.Put("t", []byte("row001"), []byte("new")), tx.Put("t", []byte("row0001"), nil),
				tx.Put("made", []byte("k"), []byte("v")),
				tx.Put("t", make([]byte, 8), make([]byte, 8), backend.Stamp{InKey: true}, backend.Stamp{}),
			}
			if err := errors.Join(steps...); err != nil {
				return err
			}
			<-committed
			want(t, s, "ahead=1", "row000=old", "row001=old", "row002=old", "row003=old")
			if err := tx.Put("t", []byte("row000"), []byte("newer")); err != nil {
				return err
			}
		}
		if seen != "row003 row002 row001 row000 ahead " {
			t.Errorf("the loop saw %s", seen)
		}
		if v, err := tx.Get("t", []byte("row001")); string(v) != "new" || string(old) != "old" || err != nil {
			t.Errorf("Get = %q, %v, want new, nil; the slice from before reads %q, want old", v, err, old)
		}
		awaitWaiting(s, 1)
		return nil
	}
	err := s.Update(t.Context(), func(_ context.Context, tx backend.WriteTx) error {
		wg.Go(func() { slow = s.Update(t.Context(), slowly) })
		awaitWaiting(s, 1)
		return tx.Put("t", []byte("ahead"), []byte("1"))
	})
	close(committed)
	wg.Wait()
	if err := errors.Join(err, slow, last); err != nil {
		t.Errorf("the Updates = %v", err)
	}
	number := "\x00\x00\x00\x00\x00\x00\x00\x06"
	want(t, s, number+"="+number, "ahead=1", "last=1", "row000=newer", "row0001=", "row001=new", "row002=old", "row003=old")
}

// Where a commit might have to map the file anew, a closure that came later
// couldn't be set aside, and the member before it waited for as long as that
// closure took: for ever, if the closure waited for the member.
func TestAMemberDoesNotWaitWhereTheMapIsSmall(t *testing.T) {
	s := open(t)
	s.LeaveNoRoom()
	acknowledged := make(chan struct{})
	var wg sync.WaitGroup
	var behind error
	err := s.Update(t.Context(), func(_ context.Context, tx backend.WriteTx) error {
		wg.Go(func() {
			behind = s.Update(t.Context(), func(ctx context.Context, tx backend.WriteTx) error {
				<-acknowledged
				return tx.Put("t", []byte("b"), []byte("2"))
			})
		})
		awaitWaiting(s, 1)
		return tx.Put("t", []byte("a"), []byte("1"))
	})
	close(acknowledged)
	wg.Wait()
	if err := errors.Join(err, behind); err != nil {
		t.Errorf("the Updates = %v", err)
	}
	want(t, s, "a=1", "b=2")
}

// Undoing a DropTable took a copy of the table, whatever its size. Now the
// members before it are committed first; what comes after is as ever.
func TestADropDoesNotWaitInAGroup(t *testing.T) {
	s := open(t)
	own := errors.New("own error")
	errs := behind(t, s,
		func(_ context.Context, tx backend.WriteTx) error {
			return errors.Join(tx.Put("t", []byte("a"), []byte("1")), tx.Put("u", []byte("a"), []byte("1")))
		},
		func(_ context.Context, tx backend.WriteTx) error {
			before, err := tx.Get("u", []byte("a"))
			err = errors.Join(err, tx.Put("t", []byte("b"), []byte("2")), tx.Put("v", []byte("b"), nil), tx.DropTable("u"))
			tables, _ := tx.Tables()
			if string(before) != "1" || fmt.Sprint(tables) != "[t v]" {
				t.Errorf("a slice from before the drop reads %q, Tables = %v, want 1 and [t v]", before, tables)
			}
			want(t, s, "a=1")
			return errors.Join(err, own)
		},
		func(_ context.Context, tx backend.WriteTx) error {
			tables, err := tx.Tables()
			if fmt.Sprint(tables) != "[t u]" {
				t.Errorf("after the rollback Tables = %v, want [t u]", tables)
			}
			return errors.Join(err, tx.DropTable("u"), tx.Put("t", []byte("c"), fmt.Append(nil, tx.ReadVersion())))
		},
	)
	if errs[0] != nil || !errors.Is(errs[1], own) || errs[2] != nil {
		t.Errorf("the Updates = %v, want nil, %v, nil", errs, own)
	}
	want(t, s, "a=1", "c=1")
}
