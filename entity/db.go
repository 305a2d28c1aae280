package entity

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/larderdb/larder/backend"
)

// A DB is an open database: an engine's store, and the definitions that it was
// opened with. It is safe for concurrent use.
type DB struct {
	backend backend.Store
	peeker  backend.Peeker     // backend, or nil
	now     backend.NowUpdater // backend, or nil
	checked bool               // backend's reads are
	defs    []Definition
	bound   atomic.Pointer[binding] // to the newest catalogue that was read
	viewed  atomic.Pointer[viewed]  // what the last View was bound to that looked
	peeked  *Tx                     // Peek's last
	blocks  blocks                  // of numbers, reserved
	closed  chan struct{}           // closed by Close
	closing sync.Once

	// Of what Open left to be done behind the DB.
	ready   chan struct{} // closed when it is done; nil when there was nothing
	unready error         // why it isn't, once ready is closed
	stop    context.CancelFunc
}

// View runs fn with a transaction that reads one snapshot, as [backend.Store]
// says. Its writes are [backend.ErrReadOnly].
func (db *DB) View(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	return db.backend.View(ctx, func(ctx context.Context, r backend.ReadTx) error {
		return db.run(ctx, r, nil, fn)
	})
}

// Peek returns a transaction for reads of what is in memory, as [backend.Peeker]
// says: it has no end, and may be used until its goroutine waits for something,
// and not by another one. It is [backend.ErrUnsupported] where the engine is no
// Peeker; a View with [backend.TxOptions].Cached reads the same.
func (db *DB) Peek() (*Tx, error) {
	if db.peeker == nil {
		return nil, errNoPeeker
	}
	r, err := db.peeker.Peek()
	if err != nil {
		return nil, err
	}
	if db.peeked == nil || db.peeked.r != r {
		b, err := db.bindView(r)
		if err != nil {
			return nil, err
		}
		db.peeked = &Tx{r: r, bound: b, checked: db.checked}
	}
	return db.peeked, nil
}

var errNoPeeker = failure(backend.ErrUnsupported, "the engine can't be read without a View")

// Update runs fn with a transaction and commits what it wrote, all of it or
// nothing, as [backend.Store] says. fn may run again, so it must not leave
// effects outside tx.
//
// When one of the engine's writes fails in the midst of a row or a batch,
// Update fails with that error, also if fn returns nil.
func (db *DB) Update(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	return db.backend.Update(ctx, func(ctx context.Context, w backend.WriteTx) error {
		return db.run(ctx, w, w, fn)
	})
}

// UpdateNow is Update for who can't wait, as [backend.NowUpdater] says. It is
// [backend.ErrNotInMemory] where the engine is none.
func (db *DB) UpdateNow(fn func(ctx context.Context, tx *Tx) error) (stirred bool, err error) {
	if db.now == nil {
		return false, backend.ErrNotInMemory
	}
	return db.now.UpdateNow(func(ctx context.Context, w backend.WriteTx) error {
		return db.run(ctx, w, w, fn)
	})
}

// Flush waits until what was committed before is on the disk, as
// [backend.Flush] says.
func (db *DB) Flush(ctx context.Context) error { return backend.Flush(ctx, db.backend) }

// Status returns what the engine knows about its storage, as
// [backend.StatusOf] says.
func (db *DB) Status(ctx context.Context) (backend.Status, error) {
	return backend.StatusOf(ctx, db.backend)
}

// Close ends what [OpenOptions].Background has left to be done, which the next
// Open takes up, and closes the engine's store, as [backend.Store] says.
func (db *DB) Close(ctx context.Context) error {
	if db.stop != nil {
		db.stop()
		_ = db.Ready(ctx) // its error is Ready's to return
	}
	defer db.closing.Do(func() { close(db.closed) })
	return db.backend.Close(ctx)
}

// Wait waits until no transaction of db can begin any more, and returns why:
// [backend.ErrClosed] when db was closed, [backend.ErrDeleted] when somebody else
// has deleted the database, in another tab of a browser say. When ctx is done
// before, it is ctx's error.
func (db *DB) Wait(ctx context.Context) error {
	if w, ok := db.backend.(backend.Waiter); ok {
		return w.Wait(ctx)
	}
	select {
	case <-db.closed:
		return &backend.Error{Class: backend.ErrClosed}
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Backend returns the engine's store. Writing to it past the DB can damage
// what the DB keeps there.
func (db *DB) Backend() backend.Store { return db.backend }

func (db *DB) run(ctx context.Context, r backend.ReadTx, w backend.WriteTx, fn func(context.Context, *Tx) error) error {
	bind := db.bind
	if w == nil {
		bind = db.bindView
	}
	b, err := bind(r)
	if err != nil {
		return err
	}
	tx := &Tx{r: r, w: w, bound: b, checked: db.checked}
	tx.remover, _ = w.(backend.Remover)
	_, tx.copies = w.(backend.Copier)
	defer tx.end()
	if err := fn(ctx, tx); err != nil {
		return err
	}
	return tx.failed
}
