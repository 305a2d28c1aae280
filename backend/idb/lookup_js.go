//go:build js && wasm

package idb

import (
	"bytes"
	"context"
	"errors"
	"syscall/js"
)

// lookUp finds out whether g was stored by a transaction of which nobody knows
// what became of it, because it was lost or its fence was taken down.
func (s *Store) lookUp(ctx context.Context, g *group, lost error) error {
	stored, err := s.find(ctx, g)
	switch {
	case err != nil:
		s.mu.Lock()
		s.serial += uint64(len(g.record.commits)) // they may be taken
		s.mu.Unlock()
		if gone := s.conn.err(); gone != nil {
			return gone
		}
		return lost
	case stored:
		s.acknowledge(g)
	}
	if err := s.catchUp(ctx); err != nil && !stored {
		return err
	}
	var e *lostError
	switch {
	case stored:
		return nil
	case errors.As(lost, &e) && e.again:
		return lost
	}
	return errBeaten
}

// find reports whether g's record is in the log, or a checkpoint has swallowed
// it.
func (s *Store) find(ctx context.Context, g *group) (bool, error) {
	if g.raw == nil {
		return false, nil
	}
	version := g.st.snap.Version()
	for {
		st, err := s.load(ctx)
		if err != nil {
			return false, err
		}
		if st.snap.Version() > version {
			last := g.record.serial + uint64(len(g.record.commits)) - 1
			return st.base.serial(s.context) >= last, nil
		}
		var read tailRequest
		err = s.conn.run(ctx, logScope, js.Undefined(), func(t *txn) { read = s.conn.readTail(t, version) })
		if err != nil {
			return false, err
		}
		news := read.results(version)
		if raw, err := s.conn.goBytes(news.root); err != nil || !bytes.Equal(raw, st.base.raw) {
			continue // a checkpoint may have swallowed it in between
		}
		if news.count == 0 {
			return false, nil
		}
		b, err := s.conn.goBytes(news.records.Index(0))
		if err != nil {
			return false, err
		}
		first, err := decodeRecord(b)
		return err == nil && first.context == s.context && first.serial == g.record.serial, err
	}
}
