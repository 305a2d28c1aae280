//go:build js && wasm

package idb

import (
	"context"
	"errors"
	"strconv"
	"syscall/js"

	"github.com/larderdb/larder/internal/mvcc"
)

// loadCount bounds how many records of a checkpoint are read at once.
const loadCount = 16

// errMoved is returned when a checkpoint was replaced while it was read.
var errMoved = errors.New("the root has moved on")

// load reads the newest checkpoint.
func (s *Store) load(ctx context.Context) (*state, error) {
	for {
		st, err := s.loadRoot(ctx)
		if err != nil {
			return nil, err
		}
		st.snap, err = s.loadPages(ctx, st)
		if !errors.Is(err, errMoved) {
			return st, err
		}
	}
}

// loadRoot returns the state that begins with the root, without a snapshot.
func (s *Store) loadRoot(ctx context.Context) (*state, error) {
	var req js.Value
	err := s.conn.run(ctx, logScope, js.Undefined(), func(t *txn) { req = t.store(rootStore).Call("get", rootKey) })
	if err != nil {
		return nil, err
	}
	raw, err := s.conn.goBytes(req.Get("result"))
	if err != nil {
		return nil, at("root record", err)
	}
	r, err := decodeRoot(raw)
	if err != nil {
		return nil, at("root record", err)
	}
	return &state{base: newBase(r, raw)}, nil
}

// loadPages reads the checkpoint of st's root, in steps that leave the page
// responsive.
func (s *Store) loadPages(ctx context.Context, st *state) (*mvcc.Snapshot, error) {
	l := checkpointLoader{checkpoint: st.base.root.checkpoint}
	lap := s.pacer.lap()
	for first := uint32(0); first < st.base.root.pages; first += loadCount {
		count := min(loadCount, st.base.root.pages-first)
		pages, err := s.loadBatch(ctx, st, first, count)
		if err != nil {
			return nil, err
		}
		for i := range count {
			b, err := s.conn.goBytes(pages.Index(int(i)))
			if err == nil {
				err = l.add(b, func() error { return lap.rest(ctx) })
			}
			if err != nil {
				return nil, at("page "+strconv.FormatUint(uint64(first+i), 10), err)
			}
		}
	}
	return l.Snapshot(st.base.root.commit), nil
}

// loadBatch reads count records of a checkpoint from first on.
func (s *Store) loadBatch(ctx context.Context, st *state, first, count uint32) (js.Value, error) {
	key := func(index uint32) js.Value { return pageKey(st.base.root.checkpoint, index) }
	var root, pages js.Value
	err := s.conn.run(ctx, pageScope, js.Undefined(), func(t *txn) {
		root = t.store(rootStore).Call("get", rootKey)
		pages = t.store(pageStore).Call("getAll", s.conn.keyRange.Call("bound", key(first), key(first+count-1)))
	})
	if err != nil {
		return js.Value{}, err
	}
	pages = pages.Get("result")
	if got := uint32(pages.Length()); got != count {
		raw, err := s.conn.goBytes(root.Get("result"))
		if err == nil && string(raw) != string(st.base.raw) {
			return js.Value{}, errMoved
		}
		return js.Value{}, corrupt("one of pages " + strconv.FormatUint(uint64(first), 10) + " to " +
			strconv.FormatUint(uint64(first+count-1), 10) + " is missing")
	}
	return pages, nil
}

// pageKey is the key of a checkpoint's record.
func pageKey(checkpoint uint64, index uint32) js.Value {
	return js.ValueOf([]any{checkpoint, index})
}
