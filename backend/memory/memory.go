// Package memory is the engine that keeps a database in memory, for as long as
// the program runs. It works in all builds, and it is the reference that other
// engines are compared with.
//
// A View reads a snapshot that never changes and takes no lock while it does;
// an Update derives the next snapshot and makes it the newest by writing one
// pointer.
package memory

import (
	"context"
	"sync/atomic"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/gate"
	"github.com/larderdb/larder/internal/mvcc"
)

// A Store is a [backend.Store] in memory.
type Store struct {
	gate   gate.Gate
	newest atomic.Pointer[mvcc.Snapshot]
}

// New returns a new, empty store.
func New() *Store {
	s := new(Store)
	s.newest.Store(new(mvcc.Snapshot))
	return s
}

// View is as in [backend.Store].
func (s *Store) View(ctx context.Context, fn func(context.Context, backend.ReadTx) error) error {
	ctx, turn, err := s.gate.Read(ctx)
	if err != nil {
		return err
	}
	defer turn.End()
	tx := s.newest.Load().Read(ctx)
	defer tx.End()
	return fn(ctx, tx)
}

// Update is as in [backend.Store]. It runs fn once.
func (s *Store) Update(ctx context.Context, fn func(context.Context, backend.WriteTx) error) error {
	ctx, turn, err := s.gate.Write(ctx)
	if err != nil {
		return err
	}
	defer turn.End()
	base := s.newest.Load()
	tx := base.Write(ctx)
	defer tx.End()
	if err := fn(ctx, tx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	next, err := tx.Commit(base.Version() + 1)
	if err != nil {
		return err
	}
	s.newest.Store(next)
	return nil
}

// Close is as in [backend.Store]. What the store held is gone.
func (s *Store) Close(ctx context.Context) error {
	return s.gate.Close(ctx, func() error {
		s.newest.Store(new(mvcc.Snapshot))
		return nil
	})
}
