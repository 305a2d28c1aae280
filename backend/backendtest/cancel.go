package backendtest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/larderdb/larder/backend"
)

var cancelCases = []testCase{
	{name: "cancelled before it begins", run: cancelBegin,
		rule: "if ctx is done before fn runs, View and Update return ctx's error and fn doesn't run"},
	{name: "cancelled while it waits", run: cancelWaiting,
		rule: "an Update that must wait for another writer waits until ctx is done and then returns ctx's error; those behind it still get their turn"},
	{name: "cancelled in a scan", run: cancelScan,
		rule: "a loop notices that its transaction's context is done within 1,024 pairs, and yields the context's error once"},
	{name: "cancelled before the commit", run: cancelCommit,
		rule: "if ctx is done before the commit begins, nothing is written and Update returns ctx's error"},
	{name: "a View that was cancelled late", run: cancelView,
		rule: "a View whose context is done after fn has read what it wanted returns what fn returned"},
	{name: "cancelled at any moment", run: cancelAnytime,
		rule: "once the commit has begun its true outcome is returned: the write is there exactly when Update returned nil"},
	{name: "the closure's context", run: closureContext,
		rule: "the context that a closure receives is derived from the caller's: it has its values and is done when that is done"},
}

// contexts that are done, by the error that they report.
func doneContexts(ctx context.Context) map[error]context.Context {
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	late, cancel := context.WithDeadline(ctx, time.Unix(1, 0))
	cancel()
	return map[error]context.Context{context.Canceled: cancelled, context.DeadlineExceeded: late}
}

func cancelBegin(e *env) {
	e.fill("t", "a", "1")
	for want, ctx := range doneContexts(e.ctx) {
		err := e.s.View(ctx, func(context.Context, backend.ReadTx) error {
			e.Errorf("View ran its closure by a context with the error %v", want)
			return nil
		})
		e.wantErr("View", err, want)
		err = e.s.Update(ctx, func(context.Context, backend.WriteTx) error {
			e.Errorf("Update ran its closure by a context with the error %v", want)
			return nil
		})
		e.wantErr("Update", err, want)
	}
}

func cancelWaiting(e *env) {
	e.fill("t", "a", "1")
	held := e.hold("b")
	ctx, cancel := context.WithCancel(e.ctx)
	results, last := make(chan error), make(chan error)
	for range 3 {
		go func() {
			results <- e.s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
				return tx.Put("t", []byte("c"), []byte("cancelled"))
			})
		}()
	}
	go func() {
		last <- e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
			return tx.Put("t", []byte("d"), []byte("patient"))
		})
	}()
	short, cancelShort := context.WithTimeout(e.ctx, 5*time.Millisecond)
	defer cancelShort()
	e.wantErr("Update that waits for a writer until its deadline",
		e.s.Update(short, func(context.Context, backend.WriteTx) error { return nil }), context.DeadlineExceeded)
	cancel()
	for range 3 {
		e.wantErr("Update that waits for a writer until it is cancelled", <-results, context.Canceled)
	}
	held.end()
	e.wantErr("the writer that the others waited for", <-held.done, nil)
	e.wantErr("the Update behind those that were cancelled", <-last, nil)
	e.wantState("t{a=1 b=held d=patient}")
}

func cancelScan(e *env) {
	e.fillNumbers("t", 3500)
	scan := func(what string, cancel func(), tx backend.ReadTx, reverse bool) {
		n, failed := 0, 0
		for _, err := range tx.Scan("t", backend.Range{Reverse: reverse}) {
			if err != nil {
				failed++
				e.wantErr(what, err, context.Canceled)
				continue
			}
			if n++; n == 700 {
				cancel()
			}
		}
		if failed != 1 || n > 700+1024 {
			e.Errorf("%s yields %d pairs after its context was done, and %d errors, want at most 1,024 pairs and 1 error", what, n-700, failed)
		}
	}
	for _, reverse := range []bool{false, true} {
		ctx, cancel := context.WithCancel(e.ctx)
		e.s.View(ctx, func(_ context.Context, tx backend.ReadTx) error {
			scan("Scan in View", cancel, tx, reverse)
			return nil
		})
		ctx, cancel = context.WithCancel(e.ctx)
		err := e.s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
			if err := tx.Put("t", []byte("x"), nil); err != nil {
				return err
			}
			scan("Scan in Update", cancel, tx, reverse)
			return nil
		})
		e.wantErr("Update", err, context.Canceled)
		cancel()
	}
	e.view(func(tx backend.ReadTx) { e.wantNone(tx, "t", "x") })
}

func cancelCommit(e *env) {
	e.fill("t", "a", "1")
	ctx, cancel := context.WithCancel(e.ctx)
	err := e.s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
		e.put(tx, "t", "a", "2", "b", "2")
		e.put(tx, "u", "a", "2")
		cancel()
		return nil
	})
	e.wantErr("Update cancelled by its closure", err, context.Canceled)
	own := errors.New("own error")
	ctx, cancel = context.WithCancel(e.ctx)
	err = e.s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
		e.put(tx, "t", "a", "2")
		cancel()
		return own
	})
	if err != own {
		e.Errorf("Update cancelled by a closure that returns an error = %v, want that error", err)
	}
	e.wantState("t{a=1}")
	e.fill("t", "b", "2")
	e.wantState("t{a=1 b=2}")
}

func cancelView(e *env) {
	e.fill("t", "a", "1")
	ctx, cancel := context.WithCancel(e.ctx)
	err := e.s.View(ctx, func(_ context.Context, tx backend.ReadTx) error {
		e.wantGet(tx, "t", "a", "1")
		cancel()
		return nil
	})
	e.wantErr("View", err, nil)
}

func cancelAnytime(e *env) {
	n := e.n(60, 20)
	for i := range n {
		ctx, cancel := context.WithCancel(e.ctx)
		var wg sync.WaitGroup
		wg.Go(func() { cancel() })
		key := number(uint64(i))
		err := e.s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
			return tx.Put("t", []byte(key), []byte("v"))
		})
		wg.Wait()
		if err != nil && !errors.Is(err, context.Canceled) {
			e.Errorf("Update = %v, want nil or %v", err, context.Canceled)
		}
		e.view(func(tx backend.ReadTx) {
			if _, getErr := tx.Get("t", []byte(key)); backend.IsNotFound(getErr) != (err != nil) {
				e.Errorf("Update = %v, but afterwards Get = %v", err, getErr)
			}
		})
	}
}

func closureContext(e *env) {
	type key struct{}
	for _, run := range []func(ctx context.Context, fn func(ctx context.Context)) error{
		func(ctx context.Context, fn func(ctx context.Context)) error {
			return e.s.View(ctx, func(ctx context.Context, _ backend.ReadTx) error { fn(ctx); return nil })
		},
		func(ctx context.Context, fn func(ctx context.Context)) error {
			return e.s.Update(ctx, func(ctx context.Context, _ backend.WriteTx) error { fn(ctx); return nil })
		},
	} {
		ctx, cancel := context.WithCancel(context.WithValue(e.ctx, key{}, "value"))
		run(ctx, func(ctx context.Context) {
			if got := ctx.Value(key{}); got != "value" {
				e.Errorf("the closure's context has the value %v, want value", got)
			}
			if ctx.Err() != nil {
				e.Errorf("the closure's context reports %v, want nil", ctx.Err())
			}
			cancel()
			<-ctx.Done()
			e.wantErr("the closure's context", ctx.Err(), context.Canceled)
		})
	}
}
