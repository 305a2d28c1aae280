//go:build js && wasm

package idb

import (
	"bytes"
	"context"
	"math/rand/v2"
)

// stepSize bounds what one transaction of a checkpoint writes, so that
// commits don't wait long for it.
const stepSize = 2 << 20

// wantCheckpoint lets the checkpoint's goroutine know when one is due.
func (s *Store) wantCheckpoint() {
	if s.head.Load().wantsCheckpoint() {
		select {
		case s.grown <- struct{}{}:
		default:
		}
	}
}

// checkpoints makes a checkpoint whenever one is due, until ctx is done.
func (s *Store) checkpoints(ctx context.Context) {
	for {
		select {
		case <-s.grown:
		case <-ctx.Done():
			return
		}
		if s.harmed() != nil {
			continue
		}
		unlock, ok := tryLock(ctx, s.name)
		if !ok {
			continue // another context is at it
		}
		if base := s.head.Load(); base.wantsCheckpoint() && s.checkpoint(ctx, base) != nil {
			// Without space, say, the next attempt would fail as well.
			_ = s.replace(func(st *state) (*state, error) { return st.postponed(), nil })
		}
		unlock()
	}
}

// checkpoint writes base's snapshot down as the new checkpoint. The snapshot
// never changes, so that others can commit meanwhile.
func (s *Store) checkpoint(ctx context.Context, base *state) error {
	number := 1 + rand.Uint64N(maxNumber)
	lap := s.pacer.lap()
	w := pageStorer{conn: s.conn, checkpoint: number}
	r, err := encodeCheckpoint(base, number,
		func(b []byte) error { return w.add(ctx, b) },
		func() error { return lap.rest(ctx) })
	if err == nil {
		err = w.send(ctx)
	}
	if err == nil {
		err = s.moveRoot(ctx, base, r)
	}
	if err != nil {
		w.discard(context.WithoutCancel(ctx))
		return err
	}
	s.channel.tell(base.snap.Version()) // so that others learn of the new root
	return nil
}

// moveRoot makes r the root, if it still is base's, and deletes what r makes
// superfluous: the log up to its checkpoint, and all other pages. Those may
// belong to a checkpoint that another context is writing; that one will find
// the root moved.
func (s *Store) moveRoot(ctx context.Context, base *state, r root) error {
	raw := r.encode()
	keys := s.conn.keyRange
	// Strict, because the log is the only other copy.
	err := s.conn.run(ctx, wholeScope, s.conn.strict, func(t *txn) {
		store := t.store(rootStore)
		req := store.Call("get", rootKey)
		t.then(req, func() {
			if stored, err := s.conn.goBytes(req.Get("result")); err != nil || !bytes.Equal(stored, base.base.raw) {
				t.abort(errMoved)
				return
			}
			store.Call("put", s.conn.bytes(raw), rootKey)
			t.store(logStore).Call("delete", keys.Call("upperBound", r.commit))
			pages := t.store(pageStore)
			pages.Call("delete", keys.Call("upperBound", pageKey(r.checkpoint, 0), true))
			pages.Call("delete", keys.Call("lowerBound", pageKey(r.checkpoint, r.pages)))
			t.commit()
		})
	})
	if err != nil {
		return err
	}
	return s.replace(func(st *state) (*state, error) {
		if !bytes.Equal(st.base.raw, base.base.raw) {
			return st, nil // it was read meanwhile
		}
		return st.onto(newBase(r, raw))
	})
}

// A pageStorer stores the records of one checkpoint.
type pageStorer struct {
	conn       *conn
	checkpoint uint64
	step       [][]byte // records for the next transaction
	size       int      // their length
	sent       uint32   // how many records were stored before
}

// add takes the next record, and stores those that have gathered when they are
// enough for a transaction.
func (w *pageStorer) add(ctx context.Context, b []byte) error {
	if w.size+len(b) > stepSize {
		if err := w.send(ctx); err != nil {
			return err
		}
	}
	w.step, w.size = append(w.step, b), w.size+len(b)
	return nil
}

// send stores the records that have gathered.
func (w *pageStorer) send(ctx context.Context) error {
	if len(w.step) == 0 {
		return nil
	}
	err := w.conn.run(ctx, onlyPagesScope, w.conn.relaxed, func(t *txn) {
		pages := t.store(pageStore)
		for i, b := range w.step {
			pages.Call("add", w.conn.bytes(b), pageKey(w.checkpoint, w.sent+uint32(i)))
		}
		t.commit()
	})
	w.sent += uint32(len(w.step))
	clear(w.step)
	w.step, w.size = w.step[:0], 0
	return err
}

// discard deletes what was stored of a checkpoint that came to nothing. If it
// fails itself, the next checkpoint does it.
func (w *pageStorer) discard(ctx context.Context) {
	_ = w.conn.run(ctx, onlyPagesScope, w.conn.relaxed, func(t *txn) {
		own := w.conn.keyRange.Call("bound", pageKey(w.checkpoint, 0), pageKey(w.checkpoint, w.sent))
		t.store(pageStore).Call("delete", own)
		t.commit()
	})
}
