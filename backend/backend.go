package backend

import (
	"context"
	"iter"
)

// A Store is an open database of one engine. It is safe for concurrent use.
//
// The context that a closure receives marks its transaction. View, Update or
// Close of the same store through that context, or one derived from it, while
// the transaction runs is [ErrNestedTx]. Through any other context it waits
// for what it must, until that context is done.
//
// A closure's context is derived from the caller's, and once the transaction
// has ended it is a context like any other.
//
// A closure may block on anything. A panic in it, or runtime.Goexit, rolls the
// transaction back, goes on to the caller, and leaves the store usable. When a
// closure returns an error, the transaction is rolled back and the same error
// is returned, not wrapped.
type Store interface {
	// View runs fn on one consistent snapshot, which holds every Update that
	// this Store acknowledged before View began, and no part of any that
	// commits while fn runs. A View never waits for an Update. If ctx is done
	// before fn runs, View returns ctx's error.
	View(ctx context.Context, fn func(ctx context.Context, tx ReadTx) error) error

	// Update runs fn and commits what it wrote: all of it or nothing, durably,
	// before Update returns nil. Updates are serializable: each acts as if it
	// ran alone, in the order of their commit numbers.
	//
	// fn may run again, on a newer snapshot, when another writer's commit got
	// in between; what an earlier run wrote is gone then, so fn must not leave
	// effects outside tx. An Update that must wait for another writer waits
	// until ctx is done and then returns ctx's error. If ctx is done before
	// fn returns, nothing is written and Update returns ctx's error. Once the
	// commit has begun, its true outcome is returned. An error that fn returns
	// is passed on only when no other commit lies between what fn read and that
	// error; otherwise fn runs again. When fn has read what another Update is
	// committing with it, and that commit fails, the failure is returned in its
	// place. An Update that writes nothing takes no commit number.
	Update(ctx context.Context, fn func(ctx context.Context, tx WriteTx) error) error

	// Close refuses new transactions, and those still waiting for their turn,
	// with [ErrClosed], waits for the running ones, and releases what the
	// engine holds. When ctx is done before the last of them has ended, Close
	// returns ctx's error, the store stays closed to new work, and its
	// resources are released as the last one ends. A second Close waits
	// likewise and returns nil.
	Close(ctx context.Context) error
}

// A ReadTx reads one snapshot. It belongs to the goroutine that runs the
// closure; after the closure has returned every method reports [ErrTxDone].
//
// Keys are compared as unsigned bytes. A key of zero bytes is [ErrInvalid], a
// key over [MaxKey] bytes is [ErrTooLarge], and so is a table name over
// [MaxTableName] bytes; a name that is empty or not valid UTF-8 is
// [ErrInvalid]. Checks of arguments come before the table is looked up.
//
// Slices handed out are valid until the transaction ends, and must not be
// written to.
type ReadTx interface {
	// Get returns the value of key: never nil when the error is nil. A missing
	// key is [ErrNotFound], a missing table is [ErrTableNotFound].
	Get(table string, key []byte) ([]byte, error)

	// Scan returns an iterator over the pairs of table whose keys lie in r, in
	// ascending order of keys, or descending when r.Reverse is set, and at
	// most r.Limit of them when r.Limit is positive. A negative limit is
	// [ErrInvalid]. An empty range yields nothing.
	//
	// The loop sees the transaction as it stood when the loop began: what the
	// transaction puts or deletes while the loop runs neither shows nor hides
	// a pair. The iterator may be used more than once, also nested in itself.
	//
	// An error ends the loop after it was yielded once, with a zero KV: the
	// table is missing, the transaction has ended, its context is done
	// (checked at least every 1,024 pairs), or the engine failed.
	Scan(table string, r Range) iter.Seq2[KV, error]

	// Tables returns the names of all tables in ascending order of bytes.
	Tables() ([]string, error)

	// ReadVersion returns the number of the newest commit in the snapshot, 0
	// in a database that was never written to.
	ReadVersion() uint64
}

// A WriteTx reads what it has written itself. A View has none, so nothing can
// be written there.
//
// A transaction whose keys and values put, and existing keys deleted, sum up to
// more than [MaxTx] bytes is refused: the call that exceeds it and all writes
// after it report [ErrTooLarge], and Update fails with [ErrTooLarge] unless fn
// returns an error of its own.
type WriteTx interface {
	ReadTx

	// Put sets key to value and creates table when it is missing. It copies
	// key and takes over value: the caller must not write to value any more,
	// also after the transaction has ended, unless the WriteTx is a [Copier]. A
	// nil value is the same as an empty one. A value over [MaxValue] bytes is [ErrTooLarge]; the
	// transaction can go on after it.
	//
	// Each stamp names eight bytes in key or value that the engine replaces by
	// the commit's number, big-endian, when it commits. Until then they read
	// as 0xFF, which sorts after every commit. A stamp that doesn't lie within
	// its slice is [ErrInvalid]. When the stamped key exists already, the pair
	// is replaced. With a stamp the engine may write to value.
	Put(table string, key, value []byte, stamps ...Stamp) error

	// Delete removes key and reports whether it existed. A missing key is no
	// error, a missing table is [ErrTableNotFound]. A table whose last key is
	// deleted still exists.
	Delete(table string, key []byte) (existed bool, err error)

	// DropTable removes table with all its pairs. A missing table is
	// [ErrTableNotFound]. A later Put in the same transaction creates it anew.
	DropTable(table string) error
}

// A KV is one pair of a table.
type KV struct {
	Key, Value []byte
}

// A Stamp names eight bytes of a pair that receive the number of the commit
// that writes it. The zero Stamp is the first eight bytes of the value.
//
// The idea and the name of the operation are FoundationDB's versionstamps.
type Stamp struct {
	InKey  bool // in the key instead of the value
	Offset int  // of the first of the eight bytes
}
