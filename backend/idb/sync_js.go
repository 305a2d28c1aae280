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
	return tail{version, r.root.Get("result"), records, records.Length()}
}

// sync takes over what other contexts have committed before it began.
func (s *Store) sync(ctx context.Context) error {
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
// more.
func (s *Store) take(ctx context.Context, t tail) (more bool, err error) {
	raw, err := s.conn.goBytes(t.root)
	if err != nil {
		return false, at("root record", err)
	}
	err = s.replace(func(st *state) (*state, error) { return st.withRoot(raw) })
	if errors.Is(err, errBehind) {
		return true, s.reload(ctx)
	}
	if err != nil {
		return false, err
	}
	lap := s.pacer.lap()
	for i := range t.count {
		b, err := s.conn.goBytes(t.records.Index(i))
		if err != nil {
			b = nil // which is no record either
		}
		err = s.replace(func(st *state) (*state, error) {
			next, err := st.withRecord(t.after+1+uint64(i), b)
			if err != nil {
				s.harm = err
			}
			return next, err
		})
		if err != nil {
			return false, err
		}
		if err := lap.rest(ctx); err != nil {
			return false, err
		}
	}
	return t.count == tailCount, nil
}

// reload replaces head by the checkpoint that has swallowed what it lacks.
func (s *Store) reload(ctx context.Context) error {
	st, err := s.load(ctx)
	if err != nil {
		return err
	}
	return s.replace(func(old *state) (*state, error) {
		switch {
		case st.base.root.db != old.base.root.db:
			return nil, errReplaced()
		case st.snap.Version() <= old.snap.Version():
			return old, nil
		}
		return st, nil
	})
}
