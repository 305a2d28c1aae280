//go:build js && wasm

package idb

import (
	"context"
	"errors"
	"strings"
	"syscall/js"
)

// locks are the Web Locks of one database. The browser takes the locks of a tab
// or worker away when that ends, however it ends.
type locks struct {
	manager js.Value // undefined where there are no locks
	prefix  string
}

// A lockMode says who may hold a lock beside this context.
type lockMode string

const (
	exclusive lockMode = "exclusive" // nobody
	shared    lockMode = "shared"    // those who ask for it shared, too
)

// A lockHow says what to do when others hold a lock.
type lockHow string

const (
	queue  lockHow = "queue"       // wait behind who asked before
	ifFree lockHow = "ifAvailable" // don't wait
	steal  lockHow = "steal"       // take it from them; exclusive only
)

var (
	// errNoLocks is returned where there are no Web Locks, or the browser
	// doesn't let them be used here.
	errNoLocks = errors.New("there are no locks")
	// errNotFree is returned when others hold a lock that was asked for if it
	// is free.
	errNotFree = errors.New("others hold the lock")
)

func newLocks(name string) *locks {
	l := &locks{prefix: prefix + name + ":"}
	if navigator := js.Global().Get("navigator"); navigator.Truthy() {
		l.manager = navigator.Get("locks")
	}
	return l
}

// exist reports whether there are locks, as far as one knows without asking for
// one.
func (l *locks) exist() bool { return l.manager.Truthy() }

// A lock is held by this context, until release or until lost is closed.
type lock struct {
	lost chan struct{} // closed when another context has stolen it

	resolve js.Value // settles the promise that holds the lock
	settled chan struct{}
}

// release lets go of the lock, unless that was done before. Others can have it
// when release returns.
func (l *lock) release() {
	l.letGo()
	<-l.settled
}

// letGo is release for who doesn't wait.
func (l *lock) letGo() { l.resolve.Invoke() }

// request asks for the lock of that name. Without a lock the error is ctx's,
// errNotFree or errNoLocks.
func (l *locks) request(ctx context.Context, name string, mode lockMode, how lockHow) (*lock, error) {
	if !l.exist() {
		return nil, errNoLocks
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	held := &lock{lost: make(chan struct{}), settled: make(chan struct{})}
	granted := make(chan error, 1)
	options := map[string]any{"mode": string(mode)}
	var stop js.Value // gives up waiting
	if how == queue {
		controller := js.Global().Get("AbortController").New()
		options["signal"] = controller.Get("signal")
		stop = controller
	} else {
		options[string(how)] = true
	}

	executor := js.FuncOf(func(_ js.Value, args []js.Value) any {
		held.resolve = args[0]
		return nil
	})
	callback := js.FuncOf(func(_ js.Value, args []js.Value) any {
		if !args[0].Truthy() {
			granted <- errNotFree
			return nil
		}
		promise := js.Global().Get("Promise").New(executor)
		granted <- nil
		return promise
	})
	// The promise is settled when the lock was released, stolen or refused.
	var fulfilled, rejected js.Func
	settle := func() {
		for _, f := range []js.Func{executor, callback, fulfilled, rejected} {
			f.Release()
		}
		close(held.settled)
	}
	fulfilled = js.FuncOf(func(js.Value, []js.Value) any {
		settle()
		return nil
	})
	rejected = js.FuncOf(func(js.Value, []js.Value) any {
		if held.resolve.Truthy() {
			close(held.lost)
		} else {
			granted <- errNoLocks
		}
		settle()
		return nil
	})
	err := try(func() {
		l.manager.Call("request", l.prefix+name, options, callback).Call("then", fulfilled, rejected)
	})
	if err != nil {
		settle()
		return nil, errNoLocks
	}

	select {
	case err = <-granted:
	case <-ctx.Done():
		if stop.Truthy() {
			stop.Call("abort") // too late if it is granted already
		}
		if err = <-granted; err == nil {
			held.release()
		}
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	return held, nil
}

// held returns the names of the locks of this database that any context holds.
// A name that several share is there as often.
func (l *locks) held(ctx context.Context) ([]string, error) {
	if !l.exist() {
		return nil, errNoLocks
	}
	var answer js.Value
	err := try(func() { answer = l.manager.Call("query") })
	if err == nil {
		answer, err = await(ctx, answer)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, errNoLocks
	}
	var names []string
	list := answer.Get("held")
	for i := range list.Length() {
		if name, ok := strings.CutPrefix(list.Index(i).Get("name").String(), l.prefix); ok {
			names = append(names, name)
		}
	}
	return names, nil
}
