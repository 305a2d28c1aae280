//go:build js && wasm

package idb

import (
	"bytes"
	"context"
	"errors"
	"syscall/js"
	"time"

	"github.com/larderdb/larder/backend"
)

// errMoved ends a checkpoint that another context has overtaken.
var errMoved = errors.New("the root has moved on")

// makeCheckpoint folds the log into pages, unless another context is at it,
// and deletes what nobody reads any more. How says whether it waits for the
// other. When open is done meanwhile it folds once more, if that is worth it. It
// reports whether there is a new checkpoint.
func (s *Store) makeCheckpoint(ctx, open context.Context, how lockHow) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.mu.Lock()
	s.folder.cancel = cancel
	s.mu.Unlock()
	stopWaiting := func() bool { return true }
	if how == queue {
		stopWaiting = context.AfterFunc(open, cancel)
	}
	held, err := s.locks.request(ctx, checkpointLock, exclusive, how)
	stopWaiting()
	switch {
	case err == nil:
		defer held.release()
	case !errors.Is(err, errNoLocks):
		return false
	}
	closing := open.Err() != nil
	if !s.foldOnce(ctx) {
		return false
	}
	if !closing {
		s.foldLast(ctx, open)
	}
	return true
}

// foldLast folds the log, if open is done by now and that is worth it, for who
// has the lock for something else. The lock is kept for that: Chromium may not
// have it free again as soon as it was let go.
func (s *Store) foldLast(ctx, open context.Context) {
	s.mu.Lock()
	due := open.Err() != nil && s.harm == nil && s.idles(s.head.Load())
	s.mu.Unlock()
	if due {
		s.foldOnce(ctx)
	}
}

// foldOnce is makeCheckpoint for who has the lock.
func (s *Store) foldOnce(ctx context.Context) bool {
	before := s.head.Load()
	st := before
	err := s.sync(ctx)
	if err == nil {
		// If there is a newer root, the other has done it.
		if st = s.head.Load(); st.base == before.base {
			err = s.checkpoint(ctx, st)
		} else {
			err = errMoved
		}
	}
	s.mu.Lock()
	switch {
	case err == nil, errors.Is(err, errMoved), errors.Is(err, errGone):
	case errors.Is(err, backend.ErrCorrupt), errors.Is(err, backend.ErrSchemaNewer):
		if s.harm == nil {
			s.harm = err
		}
	default:
		// Without space, say, the next attempt would fail as well.
		s.folder.postponed = st.log
	}
	s.folder.giveRoom()
	s.mu.Unlock()
	if err == nil {
		s.sweep(ctx)
	}
	return err == nil
}

// leaveCheckpoint gives up the checkpoint that is being made, if there is one:
// others wait for its lock.
func (s *Store) leaveCheckpoint() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.folder.cancel != nil {
		s.folder.cancel()
	}
}

// checkpoint makes st, whose snapshot never changes, the new checkpoint. Others
// can commit meanwhile.
func (s *Store) checkpoint(ctx context.Context, st *state) error {
	ordinal, err := s.beginCheckpoint(ctx, st)
	if err != nil {
		return err
	}
	lap := s.pacer.lap()
	rest := func() error { return lap.rest(ctx) }
	w := &pageWriter{ordinal: ordinal, rest: rest, store: s.storePages}
	var next *base
	tables, err := fold(ctx, st, w, rest)
	if err == nil {
		err = w.flush(ctx)
	}
	if err == nil {
		next, err = s.endCheckpoint(ctx, st, w, tables)
	}
	if err != nil {
		// Who is told to leave it doesn't wait for anything any more; the next
		// checkpoint cleans up.
		if ctx.Err() == nil {
			s.dropCheckpoint(ctx, ordinal)
		}
		return err
	}
	err = s.adopt(ctx, next)
	s.channel.tell(st.snap.Version()) // so that others learn of the new root
	return err
}

// beginCheckpoint notes in the janitor's record that a checkpoint is made, and
// returns its ordinal.
func (s *Store) beginCheckpoint(ctx context.Context, st *state) (ordinal uint64, err error) {
	err = s.conn.run(ctx, logScope, s.conn.relaxed, func(t *txn) {
		s.withJanitor(t, st, func(j *janitor) (err error) {
			ordinal, err = j.begin(&st.base.root, nowMillis())
			return err
		})
	})
	return ordinal, err
}

// withJanitor lets change change the janitor's record, if the root is still
// st's, and ends the transaction.
func (s *Store) withJanitor(t *txn, st *state, change func(j *janitor) error) {
	store := t.store(rootStore)
	rootReq := store.Call("get", rootKey)
	req := store.Call("get", janitorKey)
	t.then(req, func() {
		stored, err := s.conn.goBytes(rootReq.Get("result"))
		if err != nil || !bytes.Equal(stored, st.base.raw) {
			t.abort(errMoved)
			return
		}
		j, err := s.readJanitor(req.Get("result"))
		if err == nil {
			err = change(&j)
		}
		if err != nil {
			t.abort(err)
			return
		}
		store.Call("put", s.conn.bytes(j.encode()), janitorKey)
		t.commit()
	})
}

// readJanitor decodes what a request for the janitor's record gave.
func (s *Store) readJanitor(v js.Value) (janitor, error) {
	if v.IsUndefined() {
		return janitor{}, nil // there was no checkpoint yet
	}
	b, err := s.conn.goBytes(v)
	var j janitor
	if err == nil {
		j, err = decodeJanitor(b)
	}
	if err != nil {
		return janitor{}, at("janitor's record", err)
	}
	return j, nil
}

// storePages stores the pages of one step. They are likely to be read soon.
func (s *Store) storePages(ctx context.Context, pages []written) error {
	err := s.conn.run(ctx, onlyPagesScope, s.conn.relaxed, func(t *txn) {
		s.addPages(t, pages)
		t.commit()
	})
	if err == nil {
		for _, p := range pages {
			s.pages.add(p.id, p.b)
		}
	}
	return err
}

func (s *Store) addPages(t *txn, pages []written) {
	store := t.store(pageStore)
	for _, p := range pages {
		store.Call("add", s.conn.bytes(p.b), float64(p.id))
	}
}

// endCheckpoint moves the root to the checkpoint whose pages w has written, if
// it still is st's base's, and deletes the log that it has folded, unless
// another context has a fence. It returns the new base.
func (s *Store) endCheckpoint(ctx context.Context, st *state, w *pageWriter, tables []tableRoot) (*base, error) {
	r, h, pages, err := w.finish(st, tables)
	if err != nil {
		return nil, err
	}
	raw := r.encode()
	fencedOff := s.fencedOff(ctx)
	// Strict, because the log is the only other copy.
	err = s.conn.run(ctx, wholeScope, s.conn.strict, func(t *txn) {
		s.withJanitor(t, st, func(j *janitor) error {
			if !j.end(r.ordinal) {
				return errMoved // another context has taken this one for gone
			}
			for _, p := range garbagePages(pages) {
				j.garbage = append(j.garbage, dated{uint64(p.id), nowMillis()})
			}
			store, log := t.store(rootStore), t.store(logStore)
			store.Call("put", s.conn.bytes(raw), rootKey)
			store.Call("put", s.conn.bytes(raw), copyKey)
			s.addPages(t, pages)
			if !fencedOff {
				log.Call("delete", s.conn.keyRange.Call("upperBound", r.commit))
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return newBase(r, raw, h, s.pages), nil
}

// dropCheckpoint deletes what was stored of a checkpoint that came to nothing.
// If it fails itself, the next checkpoint does it.
func (s *Store) dropCheckpoint(ctx context.Context, ordinal uint64) {
	_ = s.conn.run(ctx, wholeScope, s.conn.relaxed, func(t *txn) {
		store := t.store(rootStore)
		rootReq := store.Call("get", rootKey)
		req := store.Call("get", janitorKey)
		t.then(req, func() {
			b, err := s.conn.goBytes(rootReq.Get("result"))
			if err != nil {
				t.abort(err)
				return
			}
			r, err := decodeRoot(b)
			j, janitorErr := s.readJanitor(req.Get("result"))
			if err = errors.Join(err, janitorErr); err == nil && (r.ordinal == ordinal || !j.end(ordinal)) {
				err = errMoved // it was not in vain
			}
			if err != nil {
				t.abort(err)
				return
			}
			s.deletePages(t, uint64(firstPage(ordinal)), uint64(firstPage(ordinal+1))-1)
			store.Call("put", s.conn.bytes(j.encode()), janitorKey)
			t.commit()
		})
	})
}

func (s *Store) deletePages(t *txn, first, last uint64) {
	t.store(pageStore).Call("delete", s.conn.keyRange.Call("bound", first, last))
}

func nowMillis() uint64 { return uint64(time.Now().UnixMilli()) }
