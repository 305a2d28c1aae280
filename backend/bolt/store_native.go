//go:build !wasm

package bolt

import (
	"context"
	"os"
	"runtime/debug"
	"sync/atomic"

	"go.etcd.io/bbolt"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/gate"
)

// A Store is a [backend.Store] in one file.
type Store struct {
	db     *bbolt.DB
	gate   gate.Gate
	mapped int // bytes of the file that can be mapped without mapping it anew

	// waiting counts the Updates that want their turn: whoever ends one knows
	// whether to commit at once or to leave it to the next.
	waiting atomic.Int32

	// newest is the newest commit of this Store, so that a View of it needn't
	// look up its number; nil before the first.
	newest atomic.Pointer[commit]

	// lock guards what follows, by holding one token. It is a channel so that
	// an Update can stop waiting for it.
	lock    chan struct{}
	group   *group // what is being written, nil when nothing is
	version uint64 // the newest commit's number
	broken  error  // why nothing can be done any more
}

// View is as in [backend.Store].
func (s *Store) View(ctx context.Context, fn func(context.Context, backend.ReadTx) error) error {
	ctx, turn, err := s.gate.Read(ctx)
	if err != nil {
		return err
	}
	defer turn.End()
	// A fault in the mapped file becomes a panic, which the methods of the
	// transaction turn into an error.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	btx, err := s.db.Begin(false)
	if err != nil {
		return failure("view", err, "")
	}
	tx := &readTx{reader: reader{ctx: ctx, btx: btx, extent: s.extent(btx)}, newest: s.newest.Load()}
	defer btx.Rollback()
	defer tx.ended.Store(true)
	return fn(ctx, tx)
}

// Update is as in [backend.Store]. It runs fn once.
func (s *Store) Update(ctx context.Context, fn func(context.Context, backend.WriteTx) error) error {
	s.waiting.Add(1)
	ctx, turn, err := s.gate.Write(ctx)
	s.waiting.Add(-1)
	if err != nil {
		return err
	}
	defer turn.End()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	tx, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer tx.abandon() // when fn panics or ends its goroutine
	err = fn(ctx, tx)
	if err == nil {
		err = tx.refused()
	}
	if err == nil {
		err = ctx.Err()
	}
	return tx.end(turn, err)
}

// Status is as in [backend.StatusReporter]. It knows the size of the file.
func (s *Store) Status(ctx context.Context) (backend.Status, error) {
	_, turn, err := s.gate.Read(ctx)
	if err != nil {
		return backend.Status{}, err
	}
	defer turn.End()
	file, err := os.Stat(s.db.Path())
	if err != nil {
		return backend.Status{}, failure("status", err, "")
	}
	return backend.Status{Stored: uint64(file.Size()), Persisted: true}, nil
}

// Close is as in [backend.Store]. The file is unlocked when it returns nil.
func (s *Store) Close(ctx context.Context) error {
	return s.gate.Close(ctx, func() error {
		if err := s.db.Close(); err != nil {
			return failure("close", err, "")
		}
		return nil
	})
}
