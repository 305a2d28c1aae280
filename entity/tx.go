package entity

import (
	"sync"

	"github.com/larderdb/larder/backend"
)

// A Tx is a running transaction of a [DB]. It belongs to the goroutine that
// runs the closure; after the closure has returned, everything done with it is
// [backend.ErrTxDone].
type Tx struct {
	r       backend.ReadTx
	w       backend.WriteTx // nil in a View
	remover backend.Remover // w, or nil where it is none
	copies  bool            // w is a backend.Copier
	bound   *binding
	last    *boundStore // the store that was asked for last
	failed  error       // why the transaction can't be committed
	writes  int         // of rows so far, so that a loop sees that rows changed under it
	done    bool
	checked bool // the engine's reads are, see [backend.Checked]
	scratch *scratch
}

// ReadVersion returns the number of the newest commit in the transaction's
// snapshot, 0 in a database that was never written to.
func (tx *Tx) ReadVersion() uint64 { return tx.r.ReadVersion() }

// SetCached makes reads that would have to wait for the platform fail with
// [backend.ErrNotInMemory], or no longer, as [backend.SetCached] says.
func (tx *Tx) SetCached(on bool) { backend.SetCached(tx.r, on) }

// scratch is the memory of one operation, used again by the next.
type scratch struct {
	primary  []byte
	entry    []byte
	payload  []byte
	frame    []byte    // where the engine copies it
	old, new []keyList // one for each index of the store
	differ   [][]byte  // of difference
	holder   holder
	see      func(backend.KV, error) bool // of holder
	stamp    [1]backend.Stamp             // of a revision
}

// reset empties the lists of n indexes.
func (m *scratch) reset(n int) {
	for len(m.old) < n {
		m.old, m.new = append(m.old, keyList{}), append(m.new, keyList{})
	}
	for i := range n {
		m.old[i].reset()
		m.new[i].reset()
	}
}

var scratches = sync.Pool{New: func() any {
	m := new(scratch)
	m.see = m.holder.see
	return m
}}

// take returns memory for one operation. An operation that a caller's function
// begins in the midst of another gets memory of its own.
func (tx *Tx) take() *scratch {
	s := tx.scratch
	tx.scratch = nil
	if s == nil {
		s = scratches.Get().(*scratch)
	}
	return s
}

// maxScratch is the size over which memory is left to the collector.
const maxScratch = 1 << 20

func (tx *Tx) give(s *scratch) {
	if cap(s.payload) > maxScratch {
		s.payload, s.frame = nil, nil
	}
	if tx.scratch == nil && !tx.done {
		tx.scratch = s
	} else {
		scratches.Put(s)
	}
}

func (tx *Tx) end() {
	tx.done = true
	if tx.scratch != nil {
		scratches.Put(tx.scratch)
		tx.scratch = nil
	}
}

// store returns the store that s is bound to.
func (tx *Tx) store(s *storeSchema) (*boundStore, error) {
	if tx.last != nil && tx.last.def == s {
		return tx.last, nil
	}
	b := tx.bound.stores[s]
	if b == nil {
		return nil, failure(backend.ErrTableNotFound, "the database was opened without this store")
	}
	tx.last = b
	return b, nil
}

// index returns the index that x is bound to.
func (tx *Tx) index(x *indexSchema) (*boundIndex, error) {
	b := tx.bound.indexes[x]
	if b == nil {
		return nil, failure(backend.ErrTableNotFound, "the database was opened without this index's store")
	}
	if b.building {
		return nil, failure(backend.ErrUnsupported, "the index is still being built")
	}
	return b, nil
}

// writable returns an error in a View.
func (tx *Tx) writable() error {
	switch {
	case tx.done:
		return backend.ErrTxDone
	case tx.w == nil:
		return failure(backend.ErrReadOnly, "a View can't write")
	}
	return nil
}

// fail keeps the transaction from being committed.
func (tx *Tx) fail(err error) error {
	if tx.failed == nil {
		tx.failed = err
	}
	return err
}
