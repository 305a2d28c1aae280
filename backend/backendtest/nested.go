package backendtest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/larderdb/larder/backend"
)

var nestedCases = []testCase{
	{name: "nested transactions", run: nestedRefused,
		rule: "View, Update or Close of the same store through the closure's context is ErrNestedTx, and the transaction goes on"},
	{name: "nested through a derived context", run: nestedDerived,
		rule: "a context derived from the closure's marks the transaction as well, however it is derived"},
	{name: "the mark ends with the transaction", run: nestedAfter,
		rule: "once the transaction has ended its context is an ordinary one"},
	{name: "transactions inside others by an outer context", run: nestedOuter,
		rule: "through any other context a call waits for what it must, until that context is done: a View for nothing, an Update for the writer"},
	{name: "A19 stores inside one another", run: nestedStores,
		rule: "transactions of different stores may be nested in one another; each store knows its own"},
}

// nestedCalls are what ErrNestedTx is for.
var nestedCalls = map[string]func(s backend.Store, ctx context.Context) error{
	"View": func(s backend.Store, ctx context.Context) error {
		return s.View(ctx, func(context.Context, backend.ReadTx) error { return errors.New("a nested View ran") })
	},
	"Update": func(s backend.Store, ctx context.Context) error {
		return s.Update(ctx, func(context.Context, backend.WriteTx) error { return errors.New("a nested Update ran") })
	},
	"Close": func(s backend.Store, ctx context.Context) error { return s.Close(ctx) },
}

func (e *env) wantNested(s backend.Store, ctx context.Context, where string) {
	e.Helper()
	for name, call := range nestedCalls {
		e.wantClass(fmt.Sprintf("%s inside %s", name, where), call(s, ctx), backend.ErrNestedTx)
	}
}

func nestedRefused(e *env) {
	e.fill("t", "a", "1")
	err := e.s.View(e.ctx, func(ctx context.Context, tx backend.ReadTx) error {
		e.wantNested(e.s, ctx, "View")
		e.wantGet(tx, "t", "a", "1")
		return nil
	})
	e.wantErr("View", err, nil)
	err = e.s.Update(e.ctx, func(ctx context.Context, tx backend.WriteTx) error {
		e.put(tx, "t", "b", "2")
		e.wantNested(e.s, ctx, "Update")
		e.put(tx, "t", "c", "3")
		return nil
	})
	e.wantErr("Update", err, nil)
	e.wantState("t{a=1 b=2 c=3}")
}

func nestedDerived(e *env) {
	type key struct{}
	err := e.s.Update(e.ctx, func(ctx context.Context, tx backend.WriteTx) error {
		cancelled, cancel := context.WithCancel(context.WithValue(ctx, key{}, 1))
		e.wantNested(e.s, cancelled, "Update by a derived context")
		e.wantNested(e.s, context.WithoutCancel(ctx), "Update by a context without cancel")
		e.wantNested(e.s, backend.WithTxOptions(ctx, backend.TxOptions{Fresh: true}), "Update by a context with options")
		cancel()
		done := make(chan error)
		go func() { done <- nestedCalls["View"](e.s, ctx) }()
		e.wantClass("View inside Update from another goroutine", <-done, backend.ErrNestedTx)
		e.put(tx, "t", "a", "1")
		return nil
	})
	e.wantErr("Update", err, nil)
	e.wantState("t{a=1}")
}

func nestedAfter(e *env) {
	var kept []context.Context
	err := e.s.Update(e.ctx, func(ctx context.Context, tx backend.WriteTx) error {
		kept = append(kept, ctx)
		e.put(tx, "t", "a", "1")
		return nil
	})
	e.wantErr("Update", err, nil)
	err = e.s.View(e.ctx, func(ctx context.Context, _ backend.ReadTx) error {
		kept = append(kept, ctx)
		return nil
	})
	e.wantErr("View", err, nil)
	for _, ctx := range kept {
		err := e.s.View(ctx, func(_ context.Context, tx backend.ReadTx) error {
			e.wantGet(tx, "t", "a", "1")
			return nil
		})
		e.wantErr("View by the context of a transaction that has ended", err, nil)
		err = e.s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
			e.put(tx, "t", "a", "1")
			return nil
		})
		e.wantErr("Update by the context of a transaction that has ended", err, nil)
	}
}

func nestedOuter(e *env) {
	e.fill("t", "a", "1")
	err := e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
		e.put(tx, "t", "a", "2")
		e.view(func(tx backend.ReadTx) { e.wantGet(tx, "t", "a", "1") })
		short, cancel := context.WithTimeout(e.ctx, 5*time.Millisecond)
		defer cancel()
		e.wantErr("Update that waits for the one around it", nestedCalls["Update"](e.s, short), context.DeadlineExceeded)
		return nil
	})
	e.wantErr("Update", err, nil)
	err = e.s.View(e.ctx, func(_ context.Context, tx backend.ReadTx) error {
		e.view(func(tx backend.ReadTx) { e.wantGet(tx, "t", "a", "2") })
		e.fill("t", "a", "3")
		e.wantGet(tx, "t", "a", "2")
		return nil
	})
	e.wantErr("View", err, nil)
	e.wantState("t{a=3}")
}

func nestedStores(e *env) {
	other := e.open(e.name + "-other")
	err := e.s.Update(e.ctx, func(ctx context.Context, tx backend.WriteTx) error {
		e.put(tx, "t", "here", "1")
		err := other.Update(ctx, func(ctx context.Context, tx backend.WriteTx) error {
			e.put(tx, "t", "there", "2")
			e.wantNested(e.s, ctx, "an Update of its own around that of another store")
			e.wantNested(other, ctx, "an Update inside that of another store")
			return nil
		})
		e.wantErr("Update inside that of another store", err, nil)
		err = other.View(ctx, func(_ context.Context, tx backend.ReadTx) error {
			e.wantGet(tx, "t", "there", "2")
			return nil
		})
		e.wantErr("View inside the Update of another store", err, nil)
		e.put(tx, "t", "still", "3")
		return nil
	})
	e.wantErr("Update", err, nil)
	e.wantState("t{here=1 still=3}")
	e.wantStateOf(other, "t{there=2}")
}
