//go:build js && wasm

package idb

import (
	"context"
	"sync"
	"syscall/js"

	"github.com/larderdb/larder/backend"
)

// A conn is an open connection to IndexedDB and runs transactions on it.
type conn struct {
	db         js.Value
	uint8Array js.Value
	keyRange   js.Value
	words      map[string]js.Value // strings and lists of them, made once
	relaxed    js.Value            // transaction options
	strict     js.Value

	versionChange js.Func
	closed        js.Func
	lost          chan struct{} // closed when no event comes any more

	mu     sync.Mutex
	gone   error // why there can be no more transactions
	active map[*txn]struct{}
	free   []*txn
}

// The object stores, and the lists of them that transactions are about.
const (
	rootStore = "root"
	logStore  = "log"
	pageStore = "pages"

	logScope       = "root log"
	pageScope      = "root pages"
	onlyPagesScope = pageStore
	wholeScope     = "root log pages"
)

func newConn(db js.Value) *conn {
	c := &conn{
		db:         db,
		uint8Array: js.Global().Get("Uint8Array"),
		keyRange:   js.Global().Get("IDBKeyRange"),
		words:      map[string]js.Value{},
		relaxed:    js.ValueOf(map[string]any{"durability": "relaxed"}),
		strict:     js.ValueOf(map[string]any{"durability": "strict"}),
		lost:       make(chan struct{}),
		active:     map[*txn]struct{}{},
	}
	for _, w := range []string{"readonly", "readwrite", rootStore, logStore, pageStore} {
		c.words[w] = js.ValueOf(w)
	}
	for _, s := range []string{logScope, pageScope, wholeScope} {
		c.words[s] = js.Global().Get("String").New(s).Call("split", " ")
	}
	// Another context wants to delete the database and waits until all
	// connections are closed.
	c.versionChange = js.FuncOf(func(_ js.Value, args []js.Value) any {
		if args[0].Get("newVersion").IsNull() {
			c.leave(&backend.Error{Class: backend.ErrDeleted, Reason: "another context deleted the database"})
		} else {
			c.leave(&backend.Error{Class: backend.ErrSchemaNewer, Reason: "newer code changes the database"})
		}
		return nil
	})
	// The browser has closed the connection; all transactions have ended.
	c.closed = js.FuncOf(func(js.Value, []js.Value) any {
		c.leave(&backend.Error{Class: backend.ErrIO, Reason: "the browser closed the connection to the database; open it again"})
		close(c.lost)
		return nil
	})
	db.Set("onversionchange", c.versionChange)
	db.Set("onclose", c.closed)
	return c
}

// leave closes the connection and fails what runs and what is begun later
// with err. A transaction that IndexedDB commits already takes its course.
func (c *conn) leave(err error) {
	c.mu.Lock()
	if c.gone == nil {
		c.gone = err
	}
	running := make([]*txn, 0, len(c.active))
	for t := range c.active {
		running = append(running, t)
	}
	c.mu.Unlock()
	_ = try(func() { c.db.Call("close") }) // it may be in no state for it
	for _, t := range running {
		t.abort(err)
	}
}

// err returns why the connection can't be used any more, or nil.
func (c *conn) err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gone
}

// close closes the connection, on which nothing runs, and releases what it
// holds.
func (c *conn) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone == nil {
		c.gone = &backend.Error{Class: backend.ErrClosed}
	}
	c.db.Set("onversionchange", js.Null())
	c.db.Set("onclose", js.Null())
	c.db.Call("close")
	c.versionChange.Release()
	c.closed.Release()
	for _, t := range c.free {
		t.release()
	}
	c.free = nil
}

// A txn is one transaction of IndexedDB at a time. Its callbacks are made once
// and used for many, because making one costs as much as calling it.
type txn struct {
	conn    *conn
	tx      js.Value
	decide  func()     // the handler of the one request that has one
	cause   error      // why it was aborted
	outcome chan error // of capacity 1

	success, complete, aborted js.Func
}

func (c *conn) acquire() (*txn, error) {
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
	c.active[t] = struct{}{}
	return t, nil
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
	return t
}

func (t *txn) release() {
	t.success.Release()
	t.complete.Release()
	t.aborted.Release()
}

// run runs one transaction: issue makes its requests. It returns nil when
// IndexedDB has said that the transaction is complete, and otherwise why it
// changed nothing: what the transaction was aborted with, ctx's error when ctx
// was done first, or what IndexedDB says.
func (c *conn) run(ctx context.Context, scope string, options js.Value, issue func(t *txn)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t, err := c.acquire()
	if err != nil {
		return err
	}
	begun := false
	err = try(func() {
		if options.IsUndefined() {
			t.tx = c.db.Call("transaction", c.words[scope], c.words["readonly"])
		} else {
			t.tx = c.db.Call("transaction", c.words[scope], c.words["readwrite"], options)
		}
		begun = true
		t.tx.Set("oncomplete", t.complete)
		t.tx.Set("onabort", t.aborted)
		issue(t)
	})
	if !begun {
		c.giveBack(t)
		return err
	}
	if err != nil {
		t.abort(err)
	}
	select {
	case err = <-t.outcome:
		c.giveBack(t)
		return err
	case <-ctx.Done():
		t.abort(ctx.Err())
	case <-c.lost:
	}
	return t.wait()
}

// wait waits for the outcome of a transaction for which there is no reason to
// go on.
func (t *txn) wait() error {
	select {
	case err := <-t.outcome:
		t.conn.giveBack(t)
		return err
	case <-t.conn.lost:
	}
	select {
	case err := <-t.outcome:
		t.conn.giveBack(t)
		return err
	default:
		// No event came, and should one come, it finds its callback.
		return t.conn.err()
	}
}

func (c *conn) giveBack(t *txn) {
	t.tx, t.decide, t.cause = js.Value{}, nil, nil
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.active, t)
	c.free = append(c.free, t)
}

// store returns an object store of the transaction.
func (t *txn) store(name string) js.Value { return t.tx.Call("objectStore", t.conn.words[name]) }

// then makes fn the handler of req's success. There it can make requests,
// commit and abort. There is one such request in a transaction.
func (t *txn) then(req js.Value, fn func()) {
	t.decide = fn
	req.Set("onsuccess", t.success)
}

// commit makes IndexedDB commit at once, without waiting for the end of the
// task.
func (t *txn) commit() { t.tx.Call("commit") }

// abort rolls the transaction back, for the reason err, unless IndexedDB
// commits it already.
func (t *txn) abort(err error) {
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
