package entity

import (
	"context"
	"sync/atomic"

	"github.com/larderdb/larder/backend"
)

// A DB is an open database: an engine's store, and the definitions that it was
// opened with. It is safe for concurrent use.
type DB struct {
	backend backend.Store
	defs    []Definition
	bound   atomic.Pointer[binding] // to the newest catalogue that was read
	viewed  atomic.Pointer[viewed]  // what the last View was bound to that looked
	peeked  *Tx                     // Peek's last
}

// Open reads the catalogue of s, registers what is new in defs, builds the
// indexes that are missing, and returns when all can be used. An empty database gets
// a catalogue; one whose catalogue says what defs say is not written to.
//
// A missing index is built in transactions of bounded size. When ctx ends or
// the program dies in between, the next Open goes on where they ended. When an
// index can't have the rows that there are (two have the same key in a unique
// index, one has a key that is too large or can't be encoded, one can't be
// read), Open fails with that error, and the index is taken out of the
// catalogue again, so that code without it can change the rows.
//
// Errors: [backend.ErrInvalid] and [backend.ErrTooLarge] for definitions that
// can't be (a name twice, a codec without a name) or that say something else
// than the catalogue under the same version; [backend.ErrSchemaNewer] when the
// catalogue holds what defs don't know; [backend.ErrCorrupt] for a catalogue
// that can't be read.
func Open(ctx context.Context, s backend.Store, defs ...Definition) (*DB, error) {
	if err := checkDefinitions(defs); err != nil {
		return nil, err
	}
	db := &DB{backend: s, defs: defs}
	if err := db.register(ctx); err != nil {
		return nil, err
	}
	if err := db.build(ctx); err != nil {
		return nil, err
	}
	return db, nil
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
	p, ok := db.backend.(backend.Peeker)
	if !ok {
		return nil, errNoPeeker
	}
	r, err := p.Peek()
	if err != nil {
		return nil, err
	}
	if db.peeked == nil || db.peeked.r != r {
		b, err := db.bindView(r)
		if err != nil {
			return nil, err
		}
		db.peeked = &Tx{r: r, bound: b}
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
	now, ok := db.backend.(backend.NowUpdater)
	if !ok {
		return false, backend.ErrNotInMemory
	}
	return now.UpdateNow(func(ctx context.Context, w backend.WriteTx) error {
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

// Close closes the engine's store, as [backend.Store] says.
func (db *DB) Close(ctx context.Context) error { return db.backend.Close(ctx) }

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
	tx := &Tx{r: r, w: w, bound: b}
	defer tx.end()
	if err := fn(ctx, tx); err != nil {
		return err
	}
	return tx.failed
}
