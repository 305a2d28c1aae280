// Package faults makes engines fail: for tests of programs, of the layers above
// an engine, and of engines.
//
//	s := faults.Inject(memory.New(), faults.Nth(7, errDisk))
//
// A test of a program on package entity has it easier with package entitytest.
package faults

import (
	"context"
	"iter"
	"sync/atomic"

	"github.com/larderdb/larder/backend"
)

// A Call is one call that goes through a store made by [Inject].
type Call struct {
	N     int64  // 1 for the first call on that store, then 2, and so on
	Op    string // what is called, see [Inject]
	Table string // for operations on a table
	Key   []byte // for get, put, delete, and next; not to be kept or written to
}

// Inject returns a store that does what s does, except for the calls that
// fail answers with an error: these are not passed on to s, and report that
// error. fail is called before each operation:
//
//	view, update          a transaction begins, or its closure runs again
//	commit                an Update's closure has returned nil
//	get, put, delete      as the methods
//	scan                  a loop begins
//	next                  a loop is about to yield a pair
//	tables, drop          as Tables and DropTable
//	flush, close          as backend.Flush and Close
//
// A commit that fails is rolled back by s, so the injected error is what it
// would be on a disk that refused: nothing of the Update is there. The
// transactions have the basic methods only; the helpers of package backend
// fall back on them, so that every pair passes fail.
//
// fail may be called by several goroutines at once. It is the place to count,
// to record, or to cancel a context in the middle of an operation.
func Inject(s backend.Store, fail func(Call) error) backend.Store {
	return &faultyStore{s: s, fail: fail}
}

// Nth returns a function for [Inject] that answers call number n with err and
// lets all others pass.
func Nth(n int64, err error) func(Call) error {
	return func(c Call) error {
		if c.N == n {
			return err
		}
		return nil
	}
}

type faultyStore struct {
	s     backend.Store
	fail  func(Call) error
	calls atomic.Int64
}

func (f *faultyStore) check(op, table string, key []byte) error {
	return f.fail(Call{N: f.calls.Add(1), Op: op, Table: table, Key: key})
}

func (f *faultyStore) View(ctx context.Context, fn func(context.Context, backend.ReadTx) error) error {
	return f.s.View(ctx, func(ctx context.Context, tx backend.ReadTx) error {
		if err := f.check("view", "", nil); err != nil {
			return err
		}
		return fn(ctx, faultyRead{f, tx})
	})
}

func (f *faultyStore) Update(ctx context.Context, fn func(context.Context, backend.WriteTx) error) error {
	return f.s.Update(ctx, func(ctx context.Context, tx backend.WriteTx) error {
		if err := f.check("update", "", nil); err != nil {
			return err
		}
		if err := fn(ctx, faultyWrite{faultyRead{f, tx}, tx}); err != nil {
			return err
		}
		return f.check("commit", "", nil)
	})
}

func (f *faultyStore) Close(ctx context.Context) error {
	if err := f.check("close", "", nil); err != nil {
		return err
	}
	return f.s.Close(ctx)
}

func (f *faultyStore) Flush(ctx context.Context) error {
	if err := f.check("flush", "", nil); err != nil {
		return err
	}
	return backend.Flush(ctx, f.s)
}

type faultyRead struct {
	f  *faultyStore
	tx backend.ReadTx
}

func (r faultyRead) Get(table string, key []byte) ([]byte, error) {
	if err := r.f.check("get", table, key); err != nil {
		return nil, err
	}
	return r.tx.Get(table, key)
}

func (r faultyRead) Scan(table string, rng backend.Range) iter.Seq2[backend.KV, error] {
	seq := r.tx.Scan(table, rng)
	return func(yield func(backend.KV, error) bool) {
		if err := r.f.check("scan", table, nil); err != nil {
			yield(backend.KV{}, err)
			return
		}
		for kv, err := range seq {
			if err == nil {
				err = r.f.check("next", table, kv.Key)
			}
			if err != nil {
				yield(backend.KV{}, err)
				return
			}
			if !yield(kv, nil) {
				return
			}
		}
	}
}

func (r faultyRead) Tables() ([]string, error) {
	if err := r.f.check("tables", "", nil); err != nil {
		return nil, err
	}
	return r.tx.Tables()
}

func (r faultyRead) ReadVersion() uint64 { return r.tx.ReadVersion() }

type faultyWrite struct {
	faultyRead
	tx backend.WriteTx
}

func (w faultyWrite) Put(table string, key, value []byte, stamps ...backend.Stamp) error {
	if err := w.f.check("put", table, key); err != nil {
		return err
	}
	return w.tx.Put(table, key, value, stamps...)
}

func (w faultyWrite) Delete(table string, key []byte) (bool, error) {
	if err := w.f.check("delete", table, key); err != nil {
		return false, err
	}
	return w.tx.Delete(table, key)
}

func (w faultyWrite) DropTable(table string) error {
	if err := w.f.check("drop", table, nil); err != nil {
		return err
	}
	return w.tx.DropTable(table)
}
