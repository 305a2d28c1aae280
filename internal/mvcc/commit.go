package mvcc

import (
	"encoding/binary"
	"math"

	"github.com/larderdb/larder/backend"
)

// pending is what a stamp reads as until the commit has a number.
const pending = math.MaxUint64

// Commit ends the transaction, if it has not ended, and returns the snapshot
// that it leads to, with stamps filled in, at a version higher than its
// base's. The base stays as it is. When nothing was written, Commit returns
// the base. A transaction that has grown too large fails with
// [backend.ErrTooLarge]. Commit is called once.
func (tx *WriteTx) Commit(version uint64) (*Snapshot, error) {
	tx.End()
	if tx.failed != nil {
		return nil, tx.failed
	}
	if !tx.changed {
		return tx.base, nil
	}
	for _, t := range tx.tables {
		t.tree.settle()
	}
	tx.fillStamps(version)
	for _, t := range tx.tables {
		if t.tree.private {
			t.tree.private = false
		}
	}
	return &Snapshot{version: version, tables: tx.tables}, nil
}

// fillStamps gives the stamped pairs the commit's number. A pair whose key has
// a stamp moves to another place in its tree.
func (tx *WriteTx) fillStamps(version uint64) {
	moved := tx.stamped[:0]
	for _, op := range tx.stamped {
		if !op.keyStamped() {
			op.fill(version)
		} else if tx.holds(op) { // and it was not overwritten, deleted or dropped since
			tx.writable(op.Table).remove(Join(op.Pair.Key(), nil)) // op's own key is about to change
			moved = append(moved, op)
		}
	}
	for _, op := range moved {
		op.fill(version)
		tx.writable(op.Table).set(op.Pair.rehead())
	}
}

// holds reports whether the pair that op has put is still there.
func (tx *WriteTx) holds(op Op) bool {
	i, ok := tx.find(op.Table)
	if !ok {
		return false
	}
	p, ok := tx.tables[i].tree.pairs.Get(op.Pair)
	return ok && p.start == op.Pair.start
}

func (op *Op) keyStamped() bool {
	for _, s := range op.Stamps {
		if s.InKey {
			return true
		}
	}
	return false
}

func (op *Op) fill(version uint64) {
	for _, s := range op.Stamps {
		fill(op.Pair.stamped(s), version)
	}
}

func fill(stamp []byte, version uint64) {
	binary.BigEndian.PutUint64(stamp[:backend.StampSize], version)
}
