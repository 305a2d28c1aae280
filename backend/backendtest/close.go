package backendtest

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"

	"github.com/larderdb/larder/backend"
)

var closeCases = []testCase{
	{name: "A9 B55 close refuses", run: closeRefuses,
		rule: "after Close every new transaction is refused with ErrClosed, and its closure doesn't run; a second Close returns nil"},
	{name: "close refuses those who wait", run: closeWaiting,
		rule: "Close refuses the transactions that are still waiting for their turn with ErrClosed, while the running one goes on"},
	{name: "close waits", run: closeWaits,
		rule: "Close waits for the running transactions, which go on, commit what they wrote, and may take as long as they like"},
	{name: "close stops waiting", run: closeStops,
		rule: "when ctx is done before the last transaction has ended, Close returns ctx's error, the store stays closed to new work, and another Close waits again"},
	{name: "close inside by an outer context", run: closeOuter,
		rule: "Close by an outer context inside a closure waits until that context is done, and the transaction still commits"},
}

func (e *env) wantClosed(s backend.Store) {
	e.Helper()
	for name, call := range map[string]func() error{
		"View": func() error {
			return s.View(e.ctx, func(context.Context, backend.ReadTx) error { return errors.New("the closure ran") })
		},
		"Update": func() error {
			return s.Update(e.ctx, func(context.Context, backend.WriteTx) error { return errors.New("the closure ran") })
		},
	} {
		e.wantClass(name+" of a closed store", call(), backend.ErrClosed)
	}
}

func closeRefuses(e *env) {
	e.fill("t", "a", "1")
	for range 3 {
		if err := e.s.Close(e.ctx); err != nil {
			e.Errorf("Close = %v, want nil", err)
		}
		e.wantClosed(e.s)
	}
}

// A running is an Update that holds the writer's turn until it is told to end.
type running struct {
	end  func()
	done chan error
}

func (e *env) hold(key string) running {
	begun, end := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		first := true
		done <- e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
			if first {
				first = false
				close(begun)
			}
			<-end
			return tx.Put("t", []byte(key), []byte("held"))
		})
	}()
	<-begun
	return running{func() { close(end) }, done}
}

func closeWaiting(e *env) {
	e.fill("t", "a", "1")
	held := e.hold("b")
	waiting := make(chan error)
	for range 3 {
		go func() {
			waiting <- e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
				return tx.Put("t", []byte("c"), []byte("of one that had to wait"))
			})
		}()
	}
	closed := make(chan error)
	go func() { closed <- e.s.Close(e.ctx) }()
	for range 3 {
		// They are refused while the writer that they wait for still runs.
		e.wantClass("Update that waited when Close was called", <-waiting, backend.ErrClosed)
	}
	held.end()
	e.wantErr("the running Update", <-held.done, nil)
	e.wantErr("Close", <-closed, nil)
}

func closeWaits(e *env) {
	e.fill("t", "a", "1")
	var ended atomic.Int32
	begun, end := make(chan struct{}), make(chan struct{})
	results := make(chan error)
	go func() {
		results <- e.s.View(e.ctx, func(_ context.Context, tx backend.ReadTx) error {
			close(begun)
			<-end
			v, err := tx.Get("t", []byte("a"))
			if string(v) != "1" || err != nil {
				e.Errorf("Get in a View while Close waits = %q, %v, want 1, nil", v, err)
			}
			ended.Add(1)
			return nil
		})
	}()
	<-begun
	held := e.hold("b")
	closed := make(chan error)
	go func() {
		err := e.s.Close(e.ctx)
		if n := ended.Load(); n != 1 {
			e.Error("Close returned while a View was running")
		}
		closed <- err
	}()
	// Whoever is refused was refused after Close had been called.
	for e.s.View(e.ctx, func(context.Context, backend.ReadTx) error { return nil }) == nil {
		runtime.Gosched()
	}
	e.wantClosed(e.s)
	held.end()
	e.wantErr("the Update that Close waited for", <-held.done, nil)
	close(end)
	e.wantErr("the View that Close waited for", <-results, nil)
	e.wantErr("Close", <-closed, nil)
	if e.cfg.Persists {
		e.wantStateOf(e.open(e.name), "t{a=1 b=held}")
	}
}

func closeStops(e *env) {
	e.fill("t", "a", "1")
	held := e.hold("b")
	done, cancel := context.WithCancel(e.ctx)
	cancel()
	e.wantErr("Close with a ctx that is done", e.s.Close(done), context.Canceled)
	e.wantClosed(e.s)
	held.end()
	e.wantErr("the Update that outlived Close", <-held.done, nil)
	e.wantErr("second Close", e.s.Close(e.ctx), nil)
	e.wantClosed(e.s)
	if e.cfg.Persists {
		e.wantStateOf(e.open(e.name), "t{a=1 b=held}")
	}
}

func closeOuter(e *env) {
	e.fill("t", "a", "1")
	done, cancel := context.WithCancel(e.ctx)
	cancel()
	err := e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
		e.wantErr("Close", e.s.Close(done), context.Canceled)
		return tx.Put("t", []byte("b"), []byte("2"))
	})
	e.wantErr("the Update around Close", err, nil)
	e.wantErr("second Close", e.s.Close(e.ctx), nil)
	if e.cfg.Persists {
		e.wantStateOf(e.open(e.name), "t{a=1 b=2}")
	}
}
