//go:build js && wasm

package idb

import (
	"context"
	"errors"
	"syscall/js"

	"github.com/larderdb/larder/backend"
)

// connected returns the link, which it opens if there is none.
func (c *conn) connected(ctx context.Context) (*link, error) {
	for {
		c.mu.Lock()
		l, gone, asleep, r := c.link, c.gone, c.asleep, c.reopening
		if gone == nil && asleep == nil && l == nil && r == nil {
			r = &reopening{done: make(chan struct{})}
			c.reopening = r
			go c.reopen(context.WithoutCancel(ctx), r)
		}
		c.mu.Unlock()
		var wait chan struct{}
		switch {
		case gone != nil:
			return nil, gone
		case asleep != nil:
			wait = asleep
		case l != nil:
			return l, nil
		default:
			wait = r.done
		}
		select {
		case <-wait:
			if wait != asleep && r.err != nil {
				return nil, r.err
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// reopen opens another link.
func (c *conn) reopen(ctx context.Context, r *reopening) {
	defer close(r.done)
	l, err := c.relink(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reopening, r.err = nil, err
	switch {
	case errors.Is(err, backend.ErrDeleted):
		c.end(err)
	case err == nil && (c.gone != nil || c.asleep != nil):
		l.close()
	case err == nil:
		c.link = l
	}
}

// relink returns a new link to the same database.
func (c *conn) relink(ctx context.Context) (*link, error) {
	db, err := openDatabase(ctx, c.name, false)
	if err != nil {
		return nil, classify("reopen", err)
	}
	l := c.newLink(db)
	if err := c.checkID(ctx, l); err != nil {
		l.close()
		return nil, classify("reopen", err)
	}
	return l, nil
}

// checkID returns an ErrDeleted if l leads to another database.
func (c *conn) checkID(ctx context.Context, l *link) error {
	c.mu.Lock()
	known := c.db
	c.mu.Unlock()
	if known == (id{}) {
		return nil // nobody has read anything yet
	}
	var req js.Value
	_, err := l.once(ctx, func(t *txn) {
		t.begin(logScope, js.Undefined(), func(t *txn) { req = t.store(rootStore).Call("get", rootKey) })
	})
	if err != nil {
		return err
	}
	raw, err := c.goBytes(req.Get("result"))
	if err != nil {
		return at("root record", err)
	}
	r, err := decodeRoot(raw)
	if err != nil {
		return at("root record", err)
	}
	if r.db != known {
		return errReplaced()
	}
	return nil
}

// sleep closes the link and opens no other one before wake. What runs takes its
// course.
func (c *conn) sleep() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asleep == nil && c.gone == nil {
		c.asleep = make(chan struct{})
	}
	if c.link != nil {
		c.link.close()
		c.link = nil
	}
}

// wake ends a sleep.
func (c *conn) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asleep != nil {
		close(c.asleep)
		c.asleep = nil
	}
}
