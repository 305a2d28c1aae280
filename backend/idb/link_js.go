//go:build js && wasm

package idb

import (
	"syscall/js"

	"github.com/larderdb/larder/backend"
)

// newLink returns the link over db.
func (c *conn) newLink(db js.Value) *link {
	l := &link{conn: c, db: db, lost: make(chan struct{}), active: map[*txn]struct{}{}}
	// Another context wants to delete the database and waits until all
	// connections are closed.
	l.versionChange = js.FuncOf(func(_ js.Value, args []js.Value) any {
		if args[0].Get("newVersion").IsNull() {
			c.leave(&backend.Error{Class: backend.ErrDeleted, Reason: "another context deleted the database"})
		} else {
			c.leave(&backend.Error{Class: backend.ErrSchemaNewer, Reason: "newer code changes the database"})
		}
		return nil
	})
	// The browser has closed the connection; all transactions have ended.
	l.closed = js.FuncOf(func(js.Value, []js.Value) any {
		close(l.lost)
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.link == l {
			c.link = nil
		}
		l.close()
		select {
		case c.shaken <- struct{}{}:
		default:
		}
		return nil
	})
	db.Set("onversionchange", l.versionChange)
	db.Set("onclose", l.closed)
	return l
}

// close closes the link. What runs on it takes its course.
func (l *link) close() {
	if l.db.IsUndefined() {
		return
	}
	_ = try(func() { l.db.Call("close") }) // it may be in no state for it
	l.db.Set("onversionchange", js.Null())
	l.db.Set("onclose", js.Null())
	l.versionChange.Release()
	l.closed.Release()
	l.db = js.Undefined()
}
