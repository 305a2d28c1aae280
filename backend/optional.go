package backend

import "context"

// The interfaces below are optional: an engine's Store or transaction
// implements one where it can do better than the function of the same name,
// which falls back on the basic methods.

// A Flusher is a Store whose acknowledged commits may not be on the disk yet.
type Flusher interface {
	// Flush returns when every commit acknowledged before it began is as
	// durable as [Strict] would have made it.
	Flush(ctx context.Context) error
}

// Flush calls s.Flush where s is a [Flusher]; other stores have nothing to
// flush.
func Flush(ctx context.Context, s Store) error {
	if f, ok := s.(Flusher); ok {
		return f.Flush(ctx)
	}
	return nil
}

// A Counter is a ReadTx that counts without visiting every pair.
type Counter interface {
	// Count is as the function [Count].
	Count(table string, r Range) (int, error)
}

// Count returns how many pairs tx.Scan(table, r) would yield, or the error that
// it would.
func Count(tx ReadTx, table string, r Range) (int, error) {
	if c, ok := tx.(Counter); ok {
		return c.Count(table, r)
	}
	return countByScan(tx, table, r)
}

// countByScan is not part of Count, where its loop's variables would cost
// engines that count memory.
func countByScan(tx ReadTx, table string, r Range) (int, error) {
	n := 0
	for _, err := range tx.Scan(table, r) {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// A RangeDeleter is a WriteTx that deletes a range without visiting every
// pair.
type RangeDeleter interface {
	// DeleteRange is as the function [DeleteRange].
	DeleteRange(table string, r Range) (int, error)
}

// DeleteRange deletes the pairs that tx.Scan(table, r) would yield and returns
// how many they were. With an error, which may be Scan's, it is how many were
// deleted before it.
func DeleteRange(tx WriteTx, table string, r Range) (int, error) {
	if d, ok := tx.(RangeDeleter); ok {
		return d.DeleteRange(table, r)
	}
	return deleteByScan(tx, table, r)
}

func deleteByScan(tx WriteTx, table string, r Range) (int, error) {
	n := 0
	for kv, err := range tx.Scan(table, r) {
		if err != nil {
			return n, err
		}
		if _, err := tx.Delete(table, kv.Key); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// A Copier is a WriteTx whose Put copies the value as it does the key, so that the
// caller may write to both when it has returned.
type Copier interface {
	// PutCopies says so, and does nothing.
	PutCopies()
}

// A Remover is a WriteTx that deletes without looking.
type Remover interface {
	// Remove is as the function [Remove].
	Remove(table string, key []byte) error
}

// Remove deletes key, whether it exists or not, and doesn't fetch what it
// deletes. It is otherwise as [WriteTx].Delete.
func Remove(tx WriteTx, table string, key []byte) error {
	if r, ok := tx.(Remover); ok {
		return r.Remove(table, key)
	}
	_, err := tx.Delete(table, key)
	return err
}

// A CachedReader is a ReadTx that can be told, between two of its operations,
// not to wait.
type CachedReader interface {
	// SetCached makes [TxOptions].Cached hold from now on, or no longer.
	SetCached(on bool)
}

// SetCached calls tx.SetCached where tx is a [CachedReader]; other
// transactions never wait for what they read.
func SetCached(tx ReadTx, on bool) {
	if c, ok := tx.(CachedReader); ok {
		c.SetCached(on)
	}
}

// A Peeker is a Store that answers single reads quicker than by a View each.
type Peeker interface {
	// Peek returns a transaction on the newest snapshot, the one that a View
	// would read, with [TxOptions].Cached. It has no end: it and what it hands out
	// may be used until its goroutine waits for something, and not by another one.
	// The snapshot is new if and only if the transaction is another one than the
	// last time. Peek fails as a View would before its closure.
	Peek() (ReadTx, error)
}

// A Checker is a Store that may vouch for what it hands out.
type Checker interface {
	// Checked is as the function [Checked].
	Checked() bool
}

// Checked reports whether all that transactions of s hand out has been compared
// with checksums of the engine's own since it came from where it is stored, or
// was written through s since. Who keeps checksums in values then learns nothing
// new by looking at them with each read. Of engines that don't say, nothing is
// known.
func Checked(s Store) bool {
	c, ok := s.(Checker)
	return ok && c.Checked()
}

// A NowUpdater is a Store that does some Updates without waiting for anything.
type NowUpdater interface {
	// UpdateNow is Update with [Async] and [TxOptions].Cached, on the caller's own
	// stack, for who can't wait. When anything would have to be waited for (another
	// writer's turn, a page, the platform, since Async isn't granted), it is
	// [ErrNotInMemory] and nothing has happened; Update does it then. It reports
	// whether goroutines have something to do now, so that who called from outside
	// of Go must let them run.
	UpdateNow(fn func(ctx context.Context, tx WriteTx) error) (stirred bool, err error)
}

// A Waiter is a Store that can come to its end before it is closed: somebody
// else may delete its database.
type Waiter interface {
	// Wait returns when no transaction can begin any more, and why: [ErrClosed]
	// after Close, [ErrDeleted] when the database was deleted, [ErrSchemaNewer] when
	// newer code has changed its format. When ctx is done before, it is ctx's error.
	Wait(ctx context.Context) error
}

// A Verifier is a Store that can check everything that it has stored.
type Verifier interface {
	// Verify reads all that is stored and returns what is damaged: an
	// [ErrCorrupt] for each record, which names it and, where that is known,
	// the table and the first key that can't be read. The second result says
	// why Verify could not finish.
	Verify(ctx context.Context) ([]*Error, error)
}

// Verify calls s.Verify where s is a [Verifier]; other engines check what they
// read as they read it.
func Verify(ctx context.Context, s Store) ([]*Error, error) {
	if v, ok := s.(Verifier); ok {
		return v.Verify(ctx)
	}
	return nil, nil
}

// A Status is what a Store knows about itself. What an engine doesn't know, or
// doesn't have, is zero.
type Status struct {
	Used, Allowed uint64 // bytes of storage, of the whole origin in a browser
	Persisted     bool   // the platform doesn't take the storage away on its own account
	Stored        uint64 // bytes that this database takes
	Pending       uint64 // bytes of commits that the next checkpoint folds
	Cached        uint64 // bytes of stored pages in memory
	Exclusive     bool   // nobody else can write at the moment, and Async is granted
	Damage        error  // why the store can only be read
}

// A StatusReporter is a Store that knows more about itself than a zero Status.
type StatusReporter interface {
	Status(ctx context.Context) (Status, error)
}

// StatusOf calls s.Status where s is a [StatusReporter].
func StatusOf(ctx context.Context, s Store) (Status, error) {
	if r, ok := s.(StatusReporter); ok {
		return r.Status(ctx)
	}
	return Status{}, nil
}
