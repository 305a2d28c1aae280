package mvcc

import (
	"context"

	"github.com/larderdb/larder/backend"
)

// A ReadTx is a [backend.ReadTx], [backend.Counter] and [backend.CachedReader]
// on one snapshot.
type ReadTx struct {
	ctx     context.Context // a scan has no other way to learn of its end
	version uint64
	tables  []table
	last    int // index of the table that was used last
	done    bool
	cached  waiting
	reads   *Reads // of a WriteTx that records
}

// waiting is whether a transaction waits for what a Base must fetch.
type waiting uint8

const (
	asContext waiting = iota // as the context's options say
	waits
	neverWaits
)

// SetCached is as in [backend.CachedReader].
func (tx *ReadTx) SetCached(on bool) {
	tx.cached = waits
	if on {
		tx.cached = neverWaits
	}
}

// isCached reports whether a Base may not wait. The context is asked when the
// first Base is read, since transactions without one have no need of it.
func (tx *ReadTx) isCached() bool {
	if tx.cached == asContext {
		tx.SetCached(backend.TxOptionsOf(tx.ctx).Cached)
	}
	return tx.cached == neverWaits
}

// End ends the transaction: all its methods report [backend.ErrTxDone] from
// then on. It may be called more than once.
func (tx *ReadTx) End() { tx.done = true }

// Get is as in [backend.ReadTx]. A missing key is the plain
// [backend.ErrNotFound], because looking for what isn't there is no exception
// and should cost nothing.
func (tx *ReadTx) Get(table string, key []byte) ([]byte, error) {
	i, ok := tx.find(table)
	if tx.done || !ok {
		return nil, tx.noTable("get", table, key)
	}
	if err := backend.CheckKey(key); err != nil {
		return nil, err
	}
	t := tx.tables[i].tree
	t.settle()
	p, ok := t.get(key)
	if tx.reads != nil {
		tx.reads.lookedUp(t, table, key, p, ok)
	}
	switch {
	case ok && !p.isTombstone():
		return p.Value(), nil
	case !ok && t.base != nil:
		return t.base.Get(tx.ctx, key, tx.isCached())
	}
	return nil, backend.ErrNotFound
}

// noTable returns the error of an operation on a table that can't be looked up.
func (tx *ReadTx) noTable(op, table string, key []byte) error {
	if err := tx.check(op, table); err != nil {
		return err
	}
	if err := backend.CheckKey(key); err != nil {
		return err
	}
	_, err := tx.lookup(op, table)
	return err
}

// Count is as in [backend.Counter]. Its time depends on the heights of the
// table's trees and on how many of the range's pairs lie above its Base.
func (tx *ReadTx) Count(table string, r backend.Range) (int, error) {
	t, err := tx.inRange("count", table, r)
	if err != nil {
		return 0, err
	}
	if tx.reads != nil {
		tx.reads.table(table).readRange(r)
	}
	n := 0
	if t.base == nil {
		n = t.count(r)
	} else if n, err = tx.countOverBase(t, r); err != nil {
		return 0, err
	}
	if r.Limit > 0 {
		n = min(n, r.Limit)
	}
	return n, nil
}

// Tables is as in [backend.ReadTx].
func (tx *ReadTx) Tables() ([]string, error) {
	if tx.done {
		return nil, &backend.Error{Class: backend.ErrTxDone, Op: "tables"}
	}
	if tx.reads != nil {
		tx.reads.names = true
	}
	names := make([]string, len(tx.tables))
	for i, t := range tx.tables {
		names[i] = t.name
	}
	return names, nil
}

// ReadVersion is as in [backend.ReadTx].
func (tx *ReadTx) ReadVersion() uint64 {
	if tx.reads != nil {
		tx.reads.version = true
	}
	return tx.version
}

// check returns the error of an operation on a table before the table is
// looked up.
func (tx *ReadTx) check(op, table string) error {
	if tx.done {
		return &backend.Error{Class: backend.ErrTxDone, Op: op, Table: table}
	}
	if _, ok := tx.find(table); ok {
		return nil // its name was checked when it was made
	}
	return backend.CheckTable(table)
}

func (tx *ReadTx) lookup(op, name string) (*tree, error) {
	i, ok := tx.find(name)
	if !ok {
		if tx.reads != nil {
			tx.reads.table(name).readAll()
		}
		return nil, &backend.Error{Class: backend.ErrTableNotFound, Op: op, Table: name}
	}
	return tx.tables[i].tree, nil
}

// find returns the index of a table, or where it belongs. A program often
// stays with one table for a while.
func (tx *ReadTx) find(name string) (int, bool) {
	if tx.last < len(tx.tables) && tx.tables[tx.last].name == name {
		return tx.last, true
	}
	i, ok := find(tx.tables, name)
	if ok {
		tx.last = i
	}
	return i, ok
}

// inRange returns the table of a scan or count, after all checks.
func (tx *ReadTx) inRange(op, table string, r backend.Range) (*tree, error) {
	if err := tx.check(op, table); err != nil {
		return nil, err
	}
	if err := backend.CheckRange(r); err != nil {
		return nil, err
	}
	if err := tx.ctx.Err(); err != nil {
		return nil, err
	}
	t, err := tx.lookup(op, table)
	if err == nil {
		t.settle()
	}
	return t, err
}
