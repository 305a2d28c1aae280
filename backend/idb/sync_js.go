//go:build js && wasm

package idb

import (
	"context"
	"errors"
	"syscall/js"
)

// tailCount bounds how many records of the log are read at once.
const tailCount = 256

// A tail is the root and the records of the log after a version, as
// IndexedDB gave them.
type tail struct {
	after   uint64
	root    js.Value
	records js.Value
	count   int
	moved   bool // the root is another one than it was
}

// A tailRequest is a pair of requests for a tail.
type tailRequest struct{ root, records js.Value }

// readTail requests the root and the log after version.
func (c *conn) readTail(t *txn, version uint64) tailRequest {
	after := c.keyRange.Call("lowerBound", version, true)
	return tailRequest{
		root:    t.store(rootStore).Call("get", rootKey),
		records: t.store(logStore).Call("getAll", after, tailCount),
	}
}

// results returns the tail after version, once the request for the records
// has succeeded.
func (r tailRequest) results(version uint64) tail {
	records := r.records.Get("result")
	return tail{after: version, root: r.root.Get("result"), records: records, count: records.Length()}
}

// sync takes over what other contexts have committed before it began.
func (s *Store) sync(ctx context.Context) error {
	if err := s.lockLog(ctx); err != nil {
		return err
	}
	defer s.unlockLog()
	return s.catchUp(ctx)
}

// catchUp is sync for who is at the log.
func (s *Store) catchUp(ctx context.Context) error {
	for more := true; more; {
		version := s.head.Load().snap.Version()
		var read tailRequest
		err := s.conn.run(ctx, logScope, js.Undefined(), func(t *txn) { read = s.conn.readTail(t, version) })
		if err != nil {
			return err
		}
		more, err = s.take(ctx, read.results(version))
		if err != nil {
			return err
		}
	}
	return nil
}

// take moves head on to what a tail holds. It reports whether there may be
// more. Of a tail with a damaged record it takes what is before that, and the
// store can't be written to any more.
func (s *Store) take(ctx context.Context, t tail) (more bool, err error) {
	raw, _ := s.conn.goBytes(t.root) // nil is no root either
	records := make([][]byte, t.count)
	for i := range records {
		records[i], _ = s.conn.goBytes(t.records.Index(i)) // nil is no record either
	}
	for {
		from := s.head.Load()
		next, err := s.withRoot(ctx, from, raw)
		if errors.Is(err, errBehind) {
			return true, s.reload(ctx)
		}
		if err != nil {
			return false, err
		}
		next, damage, err := s.apply(ctx, next, records)
		if err != nil {
			return false, err
		}
		if !s.advance(from, next) {
			continue // a checkpoint was made meanwhile
		}
		if damage != nil {
			s.damage(damage)
			return false, damage
		}
		return t.count == tailCount, nil
	}
}

// apply returns the state that records lead to from st. When one of them is
// damaged, it is the state before that, and what is wrong. The error is ctx's.
func (s *Store) apply(ctx context.Context, st *state, records [][]byte) (next *state, damage, err error) {
	lap := s.pacer.lap()
	for _, b := range records {
		next, err := st.withRecord(st.snap.Version()+1, b)
		if err != nil {
			return st, err, nil
		}
		st = next
		if err := lap.rest(ctx); err != nil {
			return nil, nil, err
		}
	}
	return st, nil, nil
}

// advance makes next the head in place of from, after which others committed.
// It reports false when from isn't the head any more.
func (s *Store) advance(from, next *state) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.head.Load() != from {
		return false
	}
	s.head.Store(next)
	if changes, known := next.since(from.snap.Version()); known {
		s.dismiss(s.chain.advance(next.snap, changes), errAgain)
	} else {
		s.dismiss(s.chain.reset(next.snap), errAgain)
	}
	s.publish()
	return true
}

// reload replaces head by the checkpoint that has swallowed what it lacks.
func (s *Store) reload(ctx context.Context) error {
	st, err := s.load(ctx)
	if err != nil {
		return err
	}
	for {
		from := s.head.Load()
		switch {
		case st.base.root.db != from.base.root.db:
			return errReplaced()
		case st.snap.Version() <= from.snap.Version() || s.advance(from, st):
			return nil
		}
	}
}
