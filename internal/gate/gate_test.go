package gate_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/gate"
)

func keep() error { return nil }

// write runs fn in a write transaction of g.
func write(ctx context.Context, g *gate.Gate, fn func(context.Context)) error {
	ctx, turn, err := g.Write(ctx)
	if err != nil {
		return err
	}
	defer turn.End()
	fn(ctx)
	return nil
}

func read(ctx context.Context, g *gate.Gate, fn func(context.Context)) error {
	ctx, turn, err := g.Read(ctx)
	if err != nil {
		return err
	}
	defer turn.End()
	fn(ctx)
	return nil
}

func TestNestedTransactions(t *testing.T) {
	ctx := context.Background()
	for name, begin := range map[string]func(context.Context, *gate.Gate, func(context.Context)) error{"read": read, "write": write} {
		t.Run(name, func(t *testing.T) {
			var a, b gate.Gate
			var escaped context.Context
			nothing := func(context.Context) {}
			err := begin(ctx, &a, func(inA context.Context) {
				escaped = inA
				err := begin(inA, &b, func(inBoth context.Context) {
					for _, ctx := range []context.Context{inA, inBoth} {
						for what, err := range map[string]error{
							"Read":  read(ctx, &a, nothing),
							"Write": write(ctx, &a, nothing),
							"Close": a.Close(ctx, keep),
						} {
							if !errors.Is(err, backend.ErrNestedTx) {
								t.Errorf("%s inside a transaction = %v, want ErrNestedTx", what, err)
							}
						}
					}
				})
				if err != nil {
					t.Errorf("%s of another gate inside a transaction = %v, want nil", name, err)
				}
				if err := read(ctx, &a, nothing); err != nil {
					t.Errorf("Read through the outer context = %v, want nil", err)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := write(escaped, &a, nothing); err != nil {
				t.Errorf("Write through the context of an ended transaction = %v, want nil", err)
			}
			if err := a.Close(escaped, keep); err != nil {
				t.Errorf("Close through the context of an ended transaction = %v, want nil", err)
			}
		})
	}
}

func TestWritersRunInTheOrderInWhichTheyCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gate.Gate
		ctx := t.Context()
		_, first, err := g.Write(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		leaving, leave := context.WithCancel(ctx)
		var wg sync.WaitGroup
		for i := range 5 {
			wg.Go(func() {
				if i == 2 {
					err := write(leaving, &g, func(context.Context) { t.Error("a writer that left got the turn") })
					if err != context.Canceled {
						t.Errorf("Write of a writer that left = %v, want context.Canceled", err)
					}
					return
				}
				if err := write(ctx, &g, func(context.Context) { got = append(got, i) }); err != nil {
					t.Errorf("Write = %v", err)
				}
			})
			synctest.Wait()
		}
		leave()
		synctest.Wait()
		if len(got) > 0 {
			t.Errorf("writers %v ran beside the first", got)
		}
		first.End()
		wg.Wait()
		if want := []int{0, 1, 3, 4}; !slices.Equal(got, want) {
			t.Errorf("writers ran in the order %v, want %v", got, want)
		}
	})
}

func TestReadsDontWaitForWriters(t *testing.T) {
	var g gate.Gate
	err := write(context.Background(), &g, func(context.Context) {
		if err := read(context.Background(), &g, func(context.Context) {}); err != nil {
			t.Errorf("Read beside a writer = %v, want nil", err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestContextsThatAreDone(t *testing.T) {
	var g gate.Gate
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	never := func(context.Context) { t.Error("a transaction ran with a context that was done") }
	if err := read(ctx, &g, never); err != context.Canceled {
		t.Errorf("Read = %v, want context.Canceled", err)
	}
	if err := write(ctx, &g, never); err != context.Canceled {
		t.Errorf("Write = %v, want context.Canceled", err)
	}
	// Neither has left anything behind that others or Close wait for.
	if err := write(context.Background(), &g, func(context.Context) {}); err != nil {
		t.Errorf("Write after it = %v", err)
	}
	if err := g.Close(ctx, keep); err != nil {
		t.Errorf("Close with nothing to wait for = %v, want nil though its context is done", err)
	}
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gate.Gate
		ctx := t.Context()
		released := 0
		failure := errors.New("disk")
		release := func() error { released++; return failure }

		_, reader, err := g.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		_, writer, err := g.Write(ctx)
		if err != nil {
			t.Fatal(err)
		}
		queued := make(chan error, 1)
		go func() { queued <- write(ctx, &g, func(context.Context) { t.Error("ran after Close") }) }()
		synctest.Wait()

		hurried, hurry := context.WithCancel(ctx)
		first, patient, second := make(chan error, 1), make(chan error, 1), make(chan error, 1)
		go func() { first <- g.Close(hurried, release) }()
		synctest.Wait()
		if err := <-queued; !errors.Is(err, backend.ErrClosed) {
			t.Errorf("queued Write at Close = %v, want ErrClosed", err)
		}
		go func() { patient <- g.Close(ctx, release) }()
		go func() { second <- g.Close(ctx, release) }()
		hurry()
		if err := <-first; err != context.Canceled {
			t.Errorf("Close whose context ended = %v, want context.Canceled", err)
		}

		for what, err := range map[string]error{
			"Read":  read(ctx, &g, func(context.Context) {}),
			"Write": write(ctx, &g, func(context.Context) {}),
		} {
			if !errors.Is(err, backend.ErrClosed) {
				t.Errorf("%s after Close = %v, want ErrClosed", what, err)
			}
		}
		writer.End()
		writer.End()
		synctest.Wait()
		if released != 0 {
			t.Error("released while a reader was running")
		}
		reader.End()
		if released != 1 {
			t.Errorf("released %d times when the last transaction had ended, want once", released)
		}
		for range 2 {
			select {
			case err = <-patient:
			case err = <-second:
			}
			if err != nil {
				t.Errorf("second Close = %v, want nil", err)
			}
		}
		if err := g.Close(ctx, release); err != nil || released != 1 {
			t.Errorf("Close after all = %v, released %d times, want nil, once", err, released)
		}
	})
}

func TestCloseReturnsWhatReleaseReturned(t *testing.T) {
	var g gate.Gate
	failure := errors.New("disk")
	if err := g.Close(context.Background(), func() error { return failure }); err != failure {
		t.Errorf("Close = %v, want %v", err, failure)
	}
}

func TestPanicGivesTheTurnOn(t *testing.T) {
	var g gate.Gate
	func() {
		defer func() {
			if got := recover(); got != "torn" {
				t.Errorf("recovered %v, want the closure's own panic", got)
			}
		}()
		_ = write(context.Background(), &g, func(context.Context) { panic("torn") })
	}()
	if err := write(context.Background(), &g, func(context.Context) {}); err != nil {
		t.Errorf("Write after a panic = %v", err)
	}
	if err := g.Close(context.Background(), keep); err != nil {
		t.Errorf("Close after a panic = %v", err)
	}
}

func TestHandOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gate.Gate
		ctx := t.Context()
		inFirst, first, err := g.Write(ctx)
		if err != nil {
			t.Fatal(err)
		}
		ran := make(chan error, 1)
		go func() { ran <- write(ctx, &g, func(context.Context) {}) }()
		synctest.Wait()
		first.HandOver()
		first.HandOver()
		if err := <-ran; err != nil {
			t.Errorf("Write after a hand-over = %v", err)
		}
		if err := write(inFirst, &g, func(context.Context) {}); !errors.Is(err, backend.ErrNestedTx) {
			t.Errorf("Write inside a transaction that has handed over = %v, want ErrNestedTx", err)
		}
		closed := make(chan error, 1)
		go func() { closed <- g.Close(ctx, keep) }()
		synctest.Wait()
		select {
		case err := <-closed:
			t.Errorf("Close = %v while a transaction that has handed over was running", err)
		default:
		}
		first.End()
		if err := <-closed; err != nil {
			t.Errorf("Close = %v", err)
		}
	})
}

// A writer that must run again goes before all who came after it, and Close
// waits for it.
func TestAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gate.Gate
		ctx := t.Context()
		var order []string
		var turns []*gate.Turn
		for range 3 {
			_, turn, err := g.Write(ctx)
			if err != nil {
				t.Fatal(err)
			}
			turn.HandOver()
			turns = append(turns, turn)
		}
		_, running, err := g.Write(ctx)
		if err != nil {
			t.Fatal(err)
		}
		late := make(chan error, 1)
		go func() { late <- write(ctx, &g, func(context.Context) { order = append(order, "late") }) }()
		synctest.Wait()
		leaving, leave := context.WithCancel(ctx)
		left := make(chan error, 1)
		go func() { left <- turns[1].Again(leaving) }()
		done := make(chan error, 2)
		for _, i := range []int{2, 0} {
			go func() {
				err := turns[i].Again(ctx)
				order = append(order, fmt.Sprint(i))
				turns[i].HandOver()
				done <- err
			}()
			synctest.Wait()
		}
		leave()
		if err := <-left; err != context.Canceled {
			t.Errorf("Again whose context is done = %v, want %v", err, context.Canceled)
		}
		turns[1].End()
		closed := make(chan error, 1)
		go func() { closed <- g.Close(ctx, keep) }()
		if err := <-late; !errors.Is(err, backend.ErrClosed) {
			t.Errorf("a writer that waited for its first turn, after Close: %v, want ErrClosed", err)
		}
		running.End()
		for range 2 {
			if err := <-done; err != nil {
				t.Errorf("Again after Close = %v, want nil", err)
			}
		}
		if got, want := fmt.Sprint(order), "[0 2]"; got != want {
			t.Errorf("the writers ran again in the order %s, want %s", got, want)
		}
		if err := turns[0].Again(ctx); err != nil {
			t.Errorf("Again with nobody else = %v, want nil", err)
		}
		turns[0].End()
		turns[2].End()
		if err := <-closed; err != nil {
			t.Errorf("Close = %v", err)
		}
	})
}

// A writer's context and its turn may come at the same moment. Either way the
// turn must not get lost.
func TestTurnAndCancellationAtOnce(t *testing.T) {
	var g gate.Gate
	ctx := context.Background()
	counter := 0
	for range 500 {
		_, turn, err := g.Write(ctx)
		if err != nil {
			t.Fatal(err)
		}
		leaving, leave := context.WithCancel(ctx)
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() {
				ctx := ctx
				if i == 0 {
					ctx = leaving
				}
				err := write(ctx, &g, func(context.Context) { counter++ })
				if err != nil && (i != 0 || err != context.Canceled) {
					t.Errorf("Write of writer %d = %v", i, err)
				}
			})
		}
		wg.Go(turn.End)
		wg.Go(leave)
		wg.Wait()
	}
	if counter < 1000 || counter > 1500 {
		t.Errorf("%d writers ran, want the 1,000 that stayed and some of the 500 that left", counter)
	}
}

func TestWhoCantWait(t *testing.T) {
	var g gate.Gate
	ctx := context.Background()
	_, turn, err := g.TryWrite(ctx)
	if err != nil {
		t.Fatalf("TryWrite = %v, want the turn", err)
	}
	if _, _, err := g.TryWrite(ctx); err != backend.ErrNotInMemory {
		t.Errorf("TryWrite while another has the turn = %v, want ErrNotInMemory", err)
	}
	ran := make(chan error)
	go func() { ran <- write(ctx, &g, func(context.Context) {}) }()
	turn.End()
	if err := <-ran; err != nil {
		t.Errorf("Write after it = %v", err)
	}
	if err := g.Check(); err != nil {
		t.Errorf("Check = %v, want nil", err)
	}
	if err := g.Close(ctx, func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	if _, _, err := g.TryWrite(ctx); !errors.Is(err, backend.ErrClosed) {
		t.Errorf("TryWrite after Close = %v, want ErrClosed", err)
	}
	if err := g.Check(); !errors.Is(err, backend.ErrClosed) {
		t.Errorf("Check after Close = %v, want ErrClosed", err)
	}
}

func ExampleGate() {
	var g gate.Gate
	update := func(ctx context.Context, fn func(ctx context.Context) error) error {
		ctx, turn, err := g.Write(ctx)
		if err != nil {
			return err
		}
		defer turn.End()
		return fn(ctx)
	}
	ctx := context.Background()
	fmt.Println(update(ctx, func(ctx context.Context) error {
		return update(ctx, func(context.Context) error { return nil })
	}))
	// Output: update: nested transaction
}
