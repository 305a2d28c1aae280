// Package larder opens databases: typed, transactional stores of entities, in
// a file natively, in IndexedDB in a browser, by the same code.
//
// Definitions of stores and what is done with them are in package entity, keys
// are in package keys:
//
//	var Todos = entity.New[keys.RowID]("todos", msgpack.Of[Todo]())
//
//	db, err := larder.Open(ctx, "app.db", &larder.Options{Stores: []entity.Definition{Todos}})
//	…
//	err = db.Update(ctx, func(ctx context.Context, tx *larder.Tx) error {
//		return Todos.Put(tx, id, todo)
//	})
//
// A build links the engine of its platform: bbolt natively, IndexedDB for
// GOOS=js. Programs that want another one open it and pass it to
// [entity.Open].
package larder

import (
	"context"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/memory"
	"github.com/larderdb/larder/entity"
)

// A DB is an open database. It is safe for concurrent use.
type DB = entity.DB

// A Tx is a running transaction of a [DB]. It belongs to one goroutine.
type Tx = entity.Tx

// Options are what Open can be told. The zero value is a database without
// stores, which can be opened but hold nothing.
type Options struct {
	// Stores are the definitions that the program works with. The database may
	// hold stores of other programs besides.
	Stores []entity.Definition

	// Memory makes a database that is new, in memory only, and gone when it is
	// closed. Without it a platform that can't keep a database is
	// [backend.ErrUnsupported].
	Memory bool

	// Durability of Updates that don't ask for another, see
	// [backend.WithTxOptions]. The zero value is the engine's own: Strict
	// natively, Relaxed in a browser.
	Durability backend.Durability

	// CacheSize bounds, in bytes, how much of what is stored a browser's engine
	// keeps in memory; at least 1 MiB. Zero is 64 MiB. Natively the system's own
	// cache does that, and it has no meaning.
	CacheSize int
}

// Open opens the database called name and makes it when it is missing.
// Natively the name is the path of a file, whose directory must exist; in a
// browser it is one of the origin's names; in memory it has no meaning. Nil
// options are as the zero ones. The caller closes the database.
//
// It fails as [entity.Open] does, and with [backend.ErrLocked] when another
// process holds the file, [backend.ErrUnsupported] where the platform can't
// keep a database and Options.Memory isn't set, and [backend.ErrCorrupt] for a
// database that is damaged.
func Open(ctx context.Context, name string, o *Options) (*DB, error) {
	if o == nil {
		o = &Options{}
	}
	var s backend.Store
	if o.Memory {
		s = memory.New()
	} else {
		var err error
		if s, err = openEngine(ctx, name, o); err != nil {
			return nil, err
		}
	}
	db, err := entity.Open(ctx, s, o.Stores...)
	if err != nil {
		_ = s.Close(context.WithoutCancel(ctx)) // nothing runs in it
		return nil, err
	}
	return db, nil
}

// Delete deletes the database called name. A missing one is no error. Natively
// a database that is open anywhere is [backend.ErrLocked], and a file that no
// Open here could have made is left as it is, with an error that says so. In a
// browser, tabs that have the database open get [backend.ErrDeleted].
func Delete(ctx context.Context, name string) error { return deleteDatabase(ctx, name) }

// Names returns the names of this origin's databases, in ascending order.
// Where names are paths, and in a browser that doesn't tell, it is
// [backend.ErrUnsupported].
func Names(ctx context.Context) ([]string, error) { return names(ctx) }
