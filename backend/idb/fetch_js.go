//go:build js && wasm

package idb

import (
	"context"
	"syscall/js"

	"github.com/larderdb/larder/internal/pagetree"
)

// getPages returns the stored bytes of pages, in the order of ids, all as they
// are at one moment. Those that don't exist are nil. Ids that follow each other
// cost as much as one.
func (c *conn) getPages(ctx context.Context, ids []pagetree.ID) ([][]byte, error) {
	runs := runsOf(ids)
	pages, short, err := c.getRuns(ctx, ids, runs)
	if err == nil && short {
		// Nobody knows which pages of a run are missing.
		runs = runs[:0]
		for i := range ids {
			runs = append(runs, i+1)
		}
		pages, _, err = c.getRuns(ctx, ids, runs)
	}
	return pages, err
}

// runsOf returns where in ids each sequence of ids that follow each other ends.
func runsOf(ids []pagetree.ID) (ends []int) {
	for i := range ids {
		if i+1 == len(ids) || ids[i+1] != ids[i]+1 {
			ends = append(ends, i+1)
		}
	}
	return ends
}

// getRuns returns the pages of runs of ids. It reports whether a run of several
// isn't complete, whose pages are missing then.
func (c *conn) getRuns(ctx context.Context, ids []pagetree.ID, ends []int) (pages [][]byte, short bool, err error) {
	requests := make([]js.Value, len(ends))
	err = c.run(ctx, onlyPagesScope, js.Undefined(), func(t *txn) {
		store := t.store(pageStore)
		from := 0
		for i, end := range ends {
			if end == from+1 {
				requests[i] = store.Call("get", uint64(ids[from]))
			} else {
				requests[i] = store.Call("getAll", c.keyRange.Call("bound", uint64(ids[from]), uint64(ids[end-1])))
			}
			from = end
		}
	})
	if err != nil {
		return nil, false, err
	}
	pages = make([][]byte, len(ids))
	from := 0
	for i, end := range ends {
		result := requests[i].Get("result")
		switch {
		case end == from+1:
			pages[from] = c.page(result)
		case result.Length() == end-from:
			for j := from; j < end; j++ {
				pages[j] = c.page(result.Index(j - from))
			}
		default:
			short = true
		}
		from = end
	}
	return pages, short, nil
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
