//go:build js && wasm

package idb

import (
	"context"
	"syscall/js"
)

// A txn is one transaction of IndexedDB at a time. Its callbacks are made once
// and used for many, because making one costs as much as calling it.
type txn struct {
	conn    *conn
	link    *link
	tx      js.Value
	decide  func()                      // the handler of the one request that has one
	cause   error                       // why it was aborted
	outcome chan error                  // of capacity 1
	told    func(args []js.Value) error // makes the outcome of what the helper says

	success, complete, aborted, helped js.Func
}

func newTxn(c *conn) *txn {
	t := &txn{conn: c, outcome: make(chan error, 1)}
	t.success = js.FuncOf(func(js.Value, []js.Value) any {
		if err := try(t.decide); err != nil {
			t.abort(err)
		}
		return nil
	})
	t.complete = js.FuncOf(func(js.Value, []js.Value) any {
		t.outcome <- nil
		return nil
	})
	t.aborted = js.FuncOf(func(js.Value, []js.Value) any {
		err := t.cause
		if err == nil {
			// Null when it was neither a request nor this program.
			if v := t.tx.Get("error"); v.Truthy() {
				err = exceptionOf(v)
			} else {
				err = &exception{name: "AbortError"}
			}
		}
		t.outcome <- err
		return nil
	})
	t.helped = js.FuncOf(func(_ js.Value, args []js.Value) any {
		t.outcome <- t.told(args)
		return nil
	})
	return t
}

func (t *txn) release() {
	t.success.Release()
	t.complete.Release()
	t.aborted.Release()
	t.helped.Release()
}

// begin begins the transaction, in which issue makes its requests. Options are
// undefined for one that only reads. It panics with what JavaScript throws.
func (t *txn) begin(scope string, options js.Value, issue func(t *txn)) {
	c := t.conn
	if options.IsUndefined() {
		t.tx = t.link.db.Call("transaction", c.words[scope], c.words["readonly"])
	} else {
		t.tx = t.link.db.Call("transaction", c.words[scope], c.words["readwrite"], options)
	}
	t.tx.Set("oncomplete", t.complete)
	t.tx.Set("onabort", t.aborted)
	if err := try(func() { issue(t) }); err != nil {
		t.abort(err)
	}
}

// once runs a transaction on l, which begin begins. It reports whether that has
// happened; when begin panics with what JavaScript throws, it has not.
func (l *link) once(ctx context.Context, begin func(t *txn)) (begun bool, err error) {
	t, err := l.acquire()
	if err != nil {
		return false, err
	}
	if err := try(func() { begin(t) }); err != nil {
		t.giveBack()
		return false, err
	}
	select {
	case err = <-t.outcome:
		t.giveBack()
		return true, err
	case <-ctx.Done():
		t.abort(ctx.Err())
	case <-l.lost:
	}
	return true, t.wait()
}

// wait waits for the outcome of a transaction for which there is no reason to
// go on.
func (t *txn) wait() error {
	select {
	case err := <-t.outcome:
		t.giveBack()
		return err
	case <-t.link.lost:
	}
	select {
	case err := <-t.outcome:
		t.giveBack()
		return err
	default:
		// No event came, and should one come, it finds its callback.
		return errClosedByBrowser
	}
}

// errClosedByBrowser is what a transaction ends with that hears nothing more.
var errClosedByBrowser = &exception{name: "InvalidStateError", message: "the browser closed the connection"}

func (l *link) acquire() (*txn, error) {
	c := l.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone != nil {
		return nil, c.gone
	}
	var t *txn
	if n := len(c.free); n > 0 {
		t, c.free = c.free[n-1], c.free[:n-1]
	} else {
		t = newTxn(c)
	}
	t.link = l
	l.active[t] = struct{}{}
	return t, nil
}

func (t *txn) giveBack() {
	c := t.conn
	t.tx, t.decide, t.cause, t.told = js.Value{}, nil, nil, nil
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(t.link.active, t)
	t.link = nil
	c.free = append(c.free, t)
}

// store returns an object store of the transaction.
func (t *txn) store(name string) js.Value { return t.tx.Call("objectStore", t.conn.words[name]) }

// then makes fn the handler of req's success. There it can make requests,
// commit and abort. There is one such request in a transaction at a time.
func (t *txn) then(req js.Value, fn func()) {
	t.decide = fn
	req.Set("onsuccess", t.success)
}

// commit makes IndexedDB commit as soon as it has answered the requests made so
// far, without waiting for the end of the task or for their handlers. Should
// one of them fail, the transaction is aborted.
func (t *txn) commit() { t.tx.Call("commit") }

// abort rolls the transaction back, for the reason err, unless IndexedDB
// commits it already.
func (t *txn) abort(err error) {
	if t.tx.IsUndefined() {
		return // the helper's commits at once
	}
	if t.cause == nil {
		t.cause = err
	}
	_ = try(func() { t.tx.Call("abort") }) // it throws when the transaction has ended
}

// bytes returns a Uint8Array with a copy of b.
func (c *conn) bytes(b []byte) js.Value {
	v := c.uint8Array.New(len(b))
	js.CopyBytesToJS(v, b)
	return v
}

// goBytes returns a copy of what a Uint8Array holds.
func (c *conn) goBytes(v js.Value) ([]byte, error) {
	if !v.InstanceOf(c.uint8Array) {
		return nil, corrupt("is not a Uint8Array")
	}
	b := make([]byte, v.Get("length").Int())
	js.CopyBytesToGo(b, v)
	return b, nil
}
