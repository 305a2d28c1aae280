//go:build js && wasm

package idb

import (
	"context"
	"errors"
	"sync"
	"syscall/js"

	"github.com/larderdb/larder/backend"
)

// A conn runs transactions on a database of IndexedDB.
//
// Browsers close connections when they see fit: when their storage process
// dies, a page enters the back-forward cache, a profile runs full, or for no
// reason that they tell. A conn has therefore one link at a time and opens
// another when one is needed: whoever needs it first opens it, and all others
// wait for the same one. It opens no other database in its place: one that is
// missing, or has another id, is gone for good.
type conn struct {
	name       string
	uint8Array js.Value
	keyRange   js.Value
	words      map[string]js.Value // strings and lists of them, made once
	relaxed    js.Value            // transaction options
	strict     js.Value
	shaken     chan struct{} // of capacity 1: the browser has closed the link, so it's time to look
	ended      chan struct{} // closed when gone is set

	mu        sync.Mutex
	gone      error // why there can be no more transactions
	link      *link // nil when the next one must be opened
	reopening *reopening
	asleep    chan struct{} // not nil while there must be no link; closed when there may be one again
	db        id            // of the database, zero until identify
	losses    [2]int        // links lost one after the other by transactions that read and that write
	free      []*txn
	loan      loan
}

// A link is an open connection to IndexedDB.
type link struct {
	conn          *conn
	db            js.Value
	versionChange js.Func
	closed        js.Func
	lost          chan struct{} // closed when no event comes any more
	counted       [2]bool       // whether it is among its conn's losses; under the conn's mu
	active        map[*txn]struct{}
}

// A reopening is an attempt to open another link.
type reopening struct {
	done chan struct{}
	err  error // to be read when done is closed
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

// errLost is what a transaction that writes fails with when its connection was
// lost on the way: nobody knows whether it has happened. See lostError.
var errLost = errors.New("the connection was lost while the transaction was under way")

// A lostError is an errLost. The next transaction has another connection, if
// it needs one, and can find out what has happened.
type lostError struct {
	again bool  // the one before it was lost as well, so that there is no sense in writing once more
	err   error // what the browser said
}

func (e *lostError) Error() string        { return errLost.Error() + ": " + e.err.Error() }
func (e *lostError) Is(target error) bool { return target == errLost }
func (e *lostError) Unwrap() error        { return e.err }

// isLoss reports whether err, with which a transaction ended, says something
// about the connection and not about the transaction.
func isLoss(err error) bool {
	var e *exception
	return errors.As(err, &e) && (e.name == "InvalidStateError" || e.name == "UnknownError" || e.name == "AbortError")
}

// newConn returns a conn with db for its link.
func newConn(name string, db js.Value) *conn {
	c := &conn{
		name:       name,
		uint8Array: js.Global().Get("Uint8Array"),
		keyRange:   js.Global().Get("IDBKeyRange"),
		words:      map[string]js.Value{},
		relaxed:    js.ValueOf(map[string]any{"durability": "relaxed"}),
		strict:     js.ValueOf(map[string]any{"durability": "strict"}),
		shaken:     make(chan struct{}, 1),
		ended:      make(chan struct{}),
	}
	for _, w := range []string{"readonly", "readwrite", rootStore, logStore, pageStore} {
		c.words[w] = js.ValueOf(w)
	}
	for _, s := range []string{logScope, pageScope, wholeScope} {
		c.words[s] = js.Global().Get("String").New(s).Call("split", " ")
	}
	c.link = c.newLink(db)
	return c
}

// identify tells the conn the id of its database, so that it doesn't take
// another one for it.
func (c *conn) identify(db id) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.db = db
}

// err returns why there can be no more transactions, or nil.
func (c *conn) err() error {
	return c.gone // without the mutex: there is one thread, and each read asks
}

// end notes why there can be no more transactions, unless there can be none
// already. The caller holds c.mu.
func (c *conn) end(err error) {
	if c.gone == nil {
		c.gone = err
		close(c.ended)
	}
}

// run runs one transaction: issue makes its requests. It returns nil when
// IndexedDB has said that the transaction is complete, and otherwise why it
// changed nothing: what the transaction was aborted with, ctx's error when ctx
// was done first, what IndexedDB says, or an errLost, when nobody knows.
//
// A transaction that is lost with its connection and can't have changed
// anything is run again, once: then issue is called again. Options are
// undefined for one that only reads.
func (c *conn) run(ctx context.Context, scope string, options js.Value, issue func(t *txn)) error {
	return c.attempt(ctx, !options.IsUndefined(), func(t *txn) { t.begin(scope, options, issue) })
}

// attempt is run for a transaction that begin begins.
func (c *conn) attempt(ctx context.Context, writes bool, begin func(t *txn)) error {
	kind := 0
	if writes {
		kind = 1
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		l, err := c.connected(ctx)
		if err != nil {
			return err
		}
		begun, err := l.once(ctx, begin)
		if err == nil || !isLoss(err) {
			c.kept(kind)
			return c.withQuota(ctx, err)
		}
		again := c.lose(l, kind)
		if c.err() != nil {
			return c.err()
		}
		if again {
			err = c.withFull(ctx, err)
		}
		if begun && writes {
			return &lostError{again, err}
		}
		if again {
			return err
		}
	}
}

// kept notes that a connection serves.
func (c *conn) kept(kind int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.losses[kind] = 0
}

// lose gives l up. It reports whether the link before it was lost by a
// transaction of the same kind.
func (c *conn) lose(l *link, kind int) (again bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !l.counted[kind] {
		l.counted[kind] = true
		c.losses[kind]++
	}
	if c.link == l {
		c.link = nil
		l.close()
	}
	return c.losses[kind] > 1
}

// leave closes the link for good and fails what runs and what is begun later
// with err. A transaction that IndexedDB commits already takes its course.
func (c *conn) leave(err error) {
	c.mu.Lock()
	c.end(err)
	l := c.link
	c.link = nil
	var running []*txn
	if l != nil {
		for t := range l.active {
			running = append(running, t)
		}
		l.close()
	}
	c.mu.Unlock()
	c.wake()
	for _, t := range running {
		t.abort(err)
	}
}

// close closes the connection, on which nothing runs, and releases what it
// holds.
func (c *conn) close() {
	c.leave(&backend.Error{Class: backend.ErrClosed})
	c.mu.Lock()
	r := c.reopening
	c.mu.Unlock()
	if r != nil {
		<-r.done
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.free {
		t.release()
	}
	c.free = nil
}
