package mvcc

import (
	"context"

	"github.com/larderdb/larder/backend"
)

// An OpKind says what an operation does.
type OpKind uint8

const (
	Put    OpKind = iota // sets a key of a table, which it creates when it is missing
	Delete               // removes a key, which may be missing, of a table that exists
	Drop                 // removes a table that exists
)

// An Op is one change that a transaction has made.
type Op struct {
	Kind   OpKind
	Table  string
	Pair   Pair            // of a Put; for a Delete it has an empty value; for a Drop it is zero
	Stamps []backend.Stamp // of a Put: where the commit's number belongs
}

// Apply returns the snapshot that ops lead to from s, at a version higher than
// its own; s stays as it is. The result is what committing the transaction
// gave that recorded ops, at that version and on an equal snapshot, whatever
// part of either lies in Bases; Apply never looks into one. The pairs keep
// referring to the buffers that they adopted, but those with stamps, which
// Apply copies.
//
// Operations that no transaction could have recorded on an equal snapshot are
// [backend.ErrCorrupt].
func (s *Snapshot) Apply(version uint64, ops []Op) (*Snapshot, error) {
	tx := s.Write(context.Background())
	tx.changed = true // no operation is a commit too
	for i := range ops {
		op := ops[i]
		if reason := tx.apply(&op); reason != "" {
			return nil, corrupt("apply", op.Table, op.Pair.Key(), reason)
		}
	}
	return tx.Commit(version)
}

// apply does op again, or returns what is wrong with it.
func (tx *WriteTx) apply(op *Op) (reason string) {
	key, value := op.Pair.Key(), op.Pair.Value()
	i, ok := tx.find(op.Table)
	switch op.Kind {
	case Put:
		err := backend.CheckPair(op.Table, key, value, op.Stamps)
		if err == nil && !ok {
			err = tx.check("put", op.Table)
		}
		if err != nil {
			return err.Error()
		}
		if len(op.Stamps) > 0 {
			op.Pair = Join(key, value)
		}
		tx.put(tx.writableAt(i, ok, op.Table), op)
	case Delete:
		if err := backend.CheckKey(key); err != nil {
			return err.Error()
		}
		if !ok {
			return "deletes from a table that doesn't exist"
		}
		tx.delete(tx.writableAt(i, true, op.Table), op)
	case Drop:
		if !ok {
			return "drops a table that doesn't exist"
		}
		tx.drop(op)
	default:
		return "operation of an unknown kind"
	}
	return ""
}

// corrupt returns the error for stored data that doesn't fit.
func corrupt(op, table string, key []byte, reason string) error {
	return &backend.Error{
		Class: backend.ErrCorrupt, Op: op, Reason: reason,
		Table: table[:min(len(table), backend.MaxTableName)], Key: key[:min(len(key), backend.MaxKey)],
	}
}
