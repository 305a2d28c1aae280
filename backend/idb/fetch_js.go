//go:build js && wasm

package idb

import (
	"context"
	"syscall/js"

	"github.com/larderdb/larder/internal/pagetree"
)

// getPages returns the stored bytes of pages, in the order of ids, all as they
// are at one moment. Those that don't exist are nil. Each is a request: Chrome
// answers sixteen of them sooner than one getAll of sixteen pages.
func (c *conn) getPages(ctx context.Context, ids []pagetree.ID) ([][]byte, error) {
	requests := make([]js.Value, len(ids))
	err := c.run(ctx, onlyPagesScope, js.Undefined(), func(t *txn) {
		store := t.store(pageStore)
		for i, id := range ids {
			requests[i] = store.Call("get", uint64(id))
		}
	})
	if err != nil {
		return nil, err
	}
	pages := make([][]byte, len(ids))
	for i, req := range requests {
		pages[i] = c.page(req.Get("result"))
	}
	return pages, nil
}

// page returns the bytes of a page, empty and so damaged for what is none, and
// nil when there is nothing.
func (c *conn) page(v js.Value) []byte {
	if v.IsUndefined() {
		return nil
	}
	b, err := c.goBytes(v)
	if err != nil {
		return []byte{}
	}
	return b
}
