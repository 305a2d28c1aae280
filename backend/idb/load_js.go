//go:build js && wasm

package idb

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"syscall/js"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/pagetree"
)

// The keys of the object store "root".
const (
	rootKey = iota
	copyKey
	janitorKey
)

// rootCount bounds how many tables' first pages are read when a Store begins.
const rootCount = 32

// begin returns what a Store begins with: the newest checkpoint and the beginning
// of the log after it, as a rule in one transaction. That brings the tables' first
// pages into memory, too, since who reads a table waits for them otherwise.
func (s *Store) begin(ctx context.Context) (*base, tail, error) {
	var r root
	var h head
	var raw []byte
	var wrong error
	var log tailRequest
	var roots []pagetree.ID
	var requests []js.Value
	err := s.conn.run(ctx, wholeScope, js.Undefined(), func(t *txn) {
		req := t.store(rootStore).Call("get", rootKey)
		t.then(req, func() {
			if raw, wrong = s.conn.goBytes(req.Get("result")); wrong == nil {
				r, wrong = decodeRoot(raw)
			}
			if wrong != nil {
				return
			}
			log = s.conn.readTail(t, r.commit)
			if r.ordinal == 0 {
				return
			}
			pages := t.store(pageStore)
			headReq := pages.Call("get", float64(r.head))
			t.then(headReq, func() {
				h, wrong = decodeHeadOf(&r, r.head, s.conn.page(headReq.Get("result")))
				for _, table := range h.tables[:min(len(h.tables), rootCount)] {
					if id := table.root.Page; id != 0 {
						roots, requests = append(roots, id), append(requests, pages.Call("get", float64(id)))
					}
				}
			})
		})
	})
	if err != nil {
		return nil, tail{}, err
	}
	if wrong == nil {
		for i, id := range roots {
			if b := s.conn.page(requests[i].Get("result")); pagetree.Check(id, b) == nil {
				s.pages.add(id, b)
			}
		}
		return newBase(r, raw, h, s.pages), log.results(r.commit), nil
	}
	// Something is damaged, and may have a copy.
	b, err := s.loadBase(ctx, raw)
	if err != nil {
		return nil, tail{}, err
	}
	err = s.conn.run(ctx, logScope, js.Undefined(), func(t *txn) { log = s.conn.readTail(t, b.root.commit) })
	if err != nil {
		return nil, tail{}, err
	}
	return b, log.results(b.root.commit), nil
}

// load returns the state of the newest checkpoint, without the log.
func (s *Store) load(ctx context.Context) (*state, error) {
	raw, err := s.readRoot(ctx)
	if err != nil {
		return nil, err
	}
	b, err := s.loadBase(ctx, raw)
	if err != nil {
		return nil, err
	}
	return newState(b), nil
}

// readRoot returns the root as it is stored. When it is damaged, its copy takes
// its place.
func (s *Store) readRoot(ctx context.Context) (raw []byte, err error) {
	var req js.Value
	err = s.conn.run(ctx, logScope, js.Undefined(), func(t *txn) { req = t.store(rootStore).Call("get", rootKey) })
	if err != nil {
		return nil, err
	}
	raw, err = s.conn.goBytes(req.Get("result"))
	if err == nil {
		_, err = decodeRoot(raw)
	}
	if err == nil || !errors.Is(err, backend.ErrCorrupt) {
		return raw, at("root record", err)
	}
	return s.healRoot(ctx)
}

// healRoot puts the root's copy in the place of a damaged root, and returns the
// root. Nobody else writes meanwhile.
func (s *Store) healRoot(ctx context.Context) (raw []byte, err error) {
	err = s.conn.run(ctx, logScope, s.conn.relaxed, func(t *txn) {
		store := t.store(rootStore)
		first, second := store.Call("get", rootKey), store.Call("get", copyKey)
		t.then(second, func() {
			b, wrong := s.conn.goBytes(first.Get("result"))
			if wrong == nil {
				_, wrong = decodeRoot(b)
			}
			if errors.Is(wrong, backend.ErrSchemaNewer) {
				t.abort(at("root record", wrong))
				return
			}
			if wrong != nil {
				if b, err = s.conn.goBytes(second.Get("result")); err == nil {
					_, err = decodeRoot(b)
				}
				if err != nil {
					t.abort(at("root record", wrong))
					return
				}
				store.Call("put", s.conn.bytes(b), rootKey)
			}
			raw = b
			t.commit()
		})
	})
	return raw, err
}

// loadBase returns the base that begins with the root stored as raw. A damaged
// root or head whose copy is sound is repaired.
func (s *Store) loadBase(ctx context.Context, raw []byte) (*base, error) {
	for {
		r, err := decodeRoot(raw)
		if err != nil {
			if raw, err = s.healRoot(ctx); err != nil {
				return nil, err
			}
			continue
		}
		if r.ordinal == 0 {
			return newBase(r, raw, head{}, s.pages), nil
		}
		h, err := s.readHead(ctx, &r)
		if err == nil {
			return newBase(r, raw, h, s.pages), nil
		}
		// A checkpoint may have replaced it.
		now, rootErr := s.readRoot(ctx)
		if rootErr != nil {
			return nil, rootErr
		}
		if bytes.Equal(now, raw) {
			return nil, err
		}
		raw = now
	}
}

// readHead returns the head that a root names, or its copy, which then takes
// its place.
func (s *Store) readHead(ctx context.Context, r *root) (head, error) {
	pages, err := s.conn.getPages(ctx, []pagetree.ID{r.head, r.head + 1})
	if err != nil {
		return head{}, err
	}
	h, wrong := decodeHeadOf(r, r.head, pages[0])
	if wrong == nil {
		return h, nil
	}
	h, err = decodeHeadOf(r, r.head+1, pages[1])
	if err != nil || errors.Is(wrong, backend.ErrSchemaNewer) {
		return head{}, at("head page "+strconv.FormatUint(uint64(r.head), 10), wrong)
	}
	h.page = r.head
	err = s.conn.run(ctx, pageScope, s.conn.relaxed, func(t *txn) {
		req := t.store(rootStore).Call("get", rootKey)
		t.then(req, func() {
			if b, err := s.conn.goBytes(req.Get("result")); err == nil && bytes.Equal(b, r.encode()) {
				t.store(pageStore).Call("put", s.conn.bytes(h.encode()), float64(r.head))
			}
			t.commit()
		})
	})
	return h, err
}

// withRoot returns the same commits as st over the base of the root that is
// stored as raw, or errBehind.
func (s *Store) withRoot(ctx context.Context, st *state, raw []byte) (*state, error) {
	if bytes.Equal(raw, st.base.raw) {
		return st, nil
	}
	b, err := s.loadBase(ctx, raw)
	switch {
	case err != nil:
		return nil, err
	case b.root.db != st.base.root.db:
		return nil, errReplaced()
	case b.root.ordinal <= st.base.root.ordinal:
		return st, nil // it was only damaged
	}
	lap := s.pacer.lap()
	return st.onto(b, func() error { return lap.rest(ctx) })
}

// few is how many commits are applied anew without giving back the turn.
const few = 16

// adopt puts the newest state over b, the base that this Store has made.
func (s *Store) adopt(ctx context.Context, b *base) error {
	lap := s.pacer.lap()
	rest := func() error { return lap.rest(ctx) }
	for {
		from := s.head.Load()
		if from.base.root.ordinal >= b.root.ordinal {
			return nil // another look at the root was faster
		}
		next, err := from.onto(b, rest)
		for err == nil {
			// Commits go on meanwhile.
			done := false
			err = s.replace(func(st *state) (*state, error) {
				if done = st.base != from.base; done {
					return st, nil
				}
				if len(st.after(next.snap.Version())) > few {
					return st, nil
				}
				done = true
				return next.with(st.after(next.snap.Version()), func() error { return nil })
			})
			if err != nil || done {
				break
			}
			next, err = next.with(s.head.Load().after(next.snap.Version()), rest)
		}
		if err != nil {
			return err
		}
	}
}
