package mvcc

import (
	"slices"

	"github.com/larderdb/larder/backend"
)

// A WriteTx is a [backend.WriteTx], [backend.Copier], [backend.Remover], [backend.Counter] and
// [backend.CachedReader] that derives a snapshot from another.
type WriteTx struct {
	ReadTx
	base      *Snapshot
	ownTables bool // tables is no longer the base's
	changed   bool
	size      int   // bytes put and deleted
	failed    error // why the transaction can't commit
	stamped   []Op  // the puts that have stamps
	arena     arena
	graves    arena // of the keys that are deleted
	recording bool
	ops       []Op
}

// Record makes the transaction keep its operations for Ops and what it reads
// for Reads. It is called before the first of them.
func (tx *WriteTx) Record() {
	tx.recording = true
	tx.reads = &Reads{existing: tx.base.tables}
}

// Reads returns what the transaction has read of its snapshot since Record, and
// nil when that was not called.
func (tx *WriteTx) Reads() *Reads { return tx.reads }

// Ops returns what the transaction has done since Record, in order, without
// what had no effect. Stamps read as 0xFF before Commit, which fills them in,
// in these same operations: Ops are encoded before Commit.
func (tx *WriteTx) Ops() []Op { return tx.ops }

// Changed reports whether the transaction has written anything. One that has
// not takes no number.
func (tx *WriteTx) Changed() bool { return tx.changed }

// Err returns the error that Commit will return, so that an engine with a log
// can learn of it before it writes there.
func (tx *WriteTx) Err() error { return tx.failed }

// PutCopies is as in [backend.Copier].
func (tx *WriteTx) PutCopies() {}

// Put is as in [backend.WriteTx]. It copies key and value.
func (tx *WriteTx) Put(table string, key, value []byte, stamps ...backend.Stamp) error {
	i, ok := tx.find(table)
	if tx.done || !ok {
		if err := tx.check("put", table); err != nil {
			return err
		}
	}
	if err := backend.CheckPair(table, key, value, stamps); err != nil {
		return err
	}
	if err := tx.charge("put", table, len(key)+len(value)); err != nil {
		return err
	}
	t, from := tx.writableAt(i, ok, table), &tx.arena
	if len(stamps) == 0 && t.keeps() {
		from = &t.arena
	}
	tx.put(t, &Op{Kind: Put, Table: table, Pair: from.join(key, value), Stamps: slices.Clone(stamps)})
	return nil
}

// Delete is as in [backend.WriteTx].
func (tx *WriteTx) Delete(table string, key []byte) (existed bool, err error) {
	if err := tx.check("delete", table); err != nil {
		return false, err
	}
	if err := backend.CheckKey(key); err != nil {
		return false, err
	}
	t, err := tx.lookup("delete", table)
	if err != nil {
		return false, err
	}
	i := tx.last
	t.settle()
	p, ok := t.get(key)
	if tx.reads != nil {
		tx.reads.lookedUp(t, table, key, p, ok)
	}
	if !ok && t.base != nil {
		if ok, err = t.inBase(tx.ctx, key, tx.isCached()); err != nil {
			return false, err
		}
	}
	if !ok || p.isTombstone() {
		return false, nil // and no node was copied
	}
	return true, tx.deleteKey(i, table, key, p)
}

// Remove is as in [backend.Remover]. It is a change of the database also when
// the key was missing.
func (tx *WriteTx) Remove(table string, key []byte) error {
	i, ok := tx.find(table)
	if tx.done || !ok {
		if err := tx.check("delete", table); err != nil {
			return err
		}
	}
	if err := backend.CheckKey(key); err != nil {
		return err
	}
	if !ok {
		_, err := tx.lookup("delete", table)
		return err
	}
	if tx.reads != nil {
		tx.reads.table(table)
	}
	var p Pair
	if t := tx.tables[i].tree; t.base == nil && !t.keeps() {
		p, _ = t.pairs.Get(pivot(key))
	}
	return tx.deleteKey(i, table, key, p)
}

// deleteKey deletes key of the i-th table, which holds it in p, if p isn't zero.
func (tx *WriteTx) deleteKey(i int, table string, key []byte, p Pair) error {
	if err := tx.charge("delete", table, len(key)); err != nil {
		return err
	}
	t := tx.writableAt(i, true, table)
	// A tombstone must not keep the value alive. Where p goes altogether, its
	// buffer serves for the operation.
	if t.base != nil || p.start == nil {
		p = tx.graves.join(key, nil)
		tx.graves.added++
	}
	tx.delete(t, &Op{Kind: Delete, Table: table, Pair: p.keyOnly()})
	return nil
}

// DropTable is as in [backend.WriteTx].
func (tx *WriteTx) DropTable(table string) error {
	if err := tx.check("drop", table); err != nil {
		return err
	}
	if _, err := tx.lookup("drop", table); err != nil {
		return err
	}
	if tx.reads != nil {
		tx.reads.table(table).readAll()
	}
	if tx.failed != nil {
		return tx.failed
	}
	tx.drop(&Op{Kind: Drop, Table: table})
	return nil
}

// charge adds n bytes to the transaction's size. Once that is too large, it
// stays so and nothing is written any more.
func (tx *WriteTx) charge(op, table string, n int) error {
	if tx.failed != nil {
		return tx.failed
	}
	if tx.size+n > backend.MaxTx {
		tx.failed = &backend.Error{
			Class: backend.ErrTooLarge, Op: op, Table: table,
			Reason: "transaction writes more than 64 MiB; split it",
		}
		return tx.failed
	}
	tx.size += n
	return nil
}

// put makes the change op to t, the tree of its table that is writable.
func (tx *WriteTx) put(t *tree, op *Op) {
	if len(op.Stamps) > 0 {
		t.settle()
		for _, s := range op.Stamps {
			fill(op.Pair.stamped(s), pending)
		}
		op.Pair = op.Pair.rehead()
		tx.stamped = append(tx.stamped, *op)
	}
	switch {
	case len(op.Stamps) == 0 && t.keep(op.Pair):
	case t.set(op.Pair):
		tx.arena.added = 0
	default:
		tx.arena.added++
	}
	tx.record(op)
}

// delete makes the change op to t, as put does.
func (tx *WriteTx) delete(t *tree, op *Op) {
	if !t.keep(op.Pair.tombstone()) {
		t.remove(op.Pair)
	}
	tx.arena.added = 0
	tx.record(op)
}

func (tx *WriteTx) drop(op *Op) {
	if i, ok := tx.find(op.Table); ok {
		tx.own()
		tx.tables = slices.Delete(tx.tables, i, i+1)
	}
	tx.record(op)
}

func (tx *WriteTx) record(op *Op) {
	tx.changed = true
	if !tx.recording {
		return
	}
	if len(tx.ops) == cap(tx.ops) { // append would copy a long list more often
		tx.ops = slices.Grow(tx.ops, max(len(tx.ops), 4))
	}
	tx.ops = append(tx.ops, *op)
}

// writable returns the tree of a table for one change. It makes a missing
// table, and its own copy of a tree that isn't the transaction's or that a
// loop is reading.
func (tx *WriteTx) writable(name string) *tree {
	i, ok := tx.find(name)
	return tx.writableAt(i, ok, name)
}

// writableAt is writable for who has found the table, or where it belongs.
func (tx *WriteTx) writableAt(i int, found bool, name string) *tree {
	if found {
		if t := tx.tables[i].tree; t.private && t.loops == 0 {
			return t
		}
	}
	tx.own()
	if found {
		tx.tables[i].tree = tx.tables[i].tree.clone()
	} else {
		tx.tables = slices.Insert(tx.tables, i, table{name, newTree()})
		tx.last = i
	}
	return tx.tables[i].tree
}

// own makes tx.tables the transaction's own list.
func (tx *WriteTx) own() {
	if !tx.ownTables {
		tx.tables, tx.ownTables = slices.Clone(tx.tables), true
	}
}
