//go:build js && wasm

package idb

import (
	"context"

	"github.com/larderdb/larder/backend"
)

// Status is as in [backend.StatusReporter].
func (s *Store) Status(ctx context.Context) (backend.Status, error) {
	ctx, turn, err := s.gate.Read(ctx)
	if err != nil {
		return backend.Status{}, err
	}
	defer turn.End()
	if err := s.conn.err(); err != nil {
		return backend.Status{}, classify("status", err)
	}
	st := s.head.Load()
	status := backend.Status{
		Stored: st.base.root.size + st.log, Pending: st.log, Cached: uint64(s.pages.bytes()),
		Exclusive: s.writer.alone() && !s.tab.away, Damage: s.harmed(),
	}
	if q := estimate(ctx); q != nil {
		status.Used, status.Allowed = q.Used, q.Allowed
	}
	status.Persisted, err = Persisted(ctx)
	if ctx.Err() != nil {
		return backend.Status{}, ctx.Err()
	}
	if err != nil {
		status.Persisted = false // the browser doesn't say
	}
	return status, nil
}
