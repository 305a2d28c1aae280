//go:build !wasm

package bolt

import (
	"bytes"
	"slices"

	"go.etcd.io/bbolt"
)

// A step is one change that a closure made after others had become members of
// its group, with what it takes to undo it. Undone, it holds what it takes to
// do it again.
type step struct {
	t     *table
	key   []byte // nil when the step made the table
	value []byte // what key has on the other side of the step, nil for nothing
}

// before tells the loops, and the steps to undo, what key has before it is
// changed. A nil value says that the key doesn't exist. The key isn't kept.
func (tx *writeTx) before(t *table, key, value []byte) {
	for _, l := range t.loops {
		l.save(key, value)
	}
	if tx.lock != nil && tx.group.members > 0 {
		tx.steps = append(tx.steps, step{t: t, key: bytes.Clone(key), value: value})
	}
	t.changes++
	tx.wrote = true
}

// set puts a pair.
func (tx *writeTx) set(t *table, key, value []byte) error {
	if tx.lock != nil || len(t.loops) > 0 {
		tx.before(t, key, t.bucket.Get(key))
	}
	t.changes++
	tx.wrote = true
	return t.bucket.Put(key, value)
}

// create makes the bucket of a table that is missing.
func (tx *writeTx) create(t *table) (err error) {
	if t.bucket, err = tx.btx.CreateBucket([]byte(t.name)); err != nil {
		return failure("put", err, t.name)
	}
	if tx.lock != nil && tx.group.members > 0 {
		tx.steps = append(tx.steps, step{t: t})
	}
	return nil
}

// drop deletes the bucket of a table. There is no step that would undo it, as
// that would take all pairs of the table: members are committed first.
func (tx *writeTx) drop(t *table) error {
	if tx.group.members > 0 {
		if tx.s.split(tx.group); tx.failed != nil {
			return tx.failed
		}
	}
	c := t.bucket.Cursor()
	for _, l := range t.loops {
		for key, value := c.Seek(l.rng.Start); key != nil && (l.rng.End == nil || bytes.Compare(key, l.rng.End) < 0); key, value = c.Next() {
			l.save(key, value)
		}
	}
	if err := tx.btx.DeleteBucket([]byte(t.name)); err != nil {
		return failure("drop", err, t.name)
	}
	t.bucket = nil
	t.changes++
	tx.wrote = true
	return nil
}

// undo takes all steps back.
func (tx *writeTx) undo() (err error) {
	defer func() {
		if damage := recover(); damage != nil {
			err = damaged("rollback", "", nil, damage)
		}
	}()
	for i := range slices.Backward(tx.steps) {
		if err := tx.steps[i].turn(tx.btx, true); err != nil {
			return failure("rollback", err, "")
		}
	}
	return nil
}

// redo takes the steps that were undone again, in the group that the
// transaction has now to itself.
func (tx *writeTx) redo() (err error) {
	defer func() {
		if damage := recover(); damage != nil {
			err = damaged("update", "", nil, damage)
		}
	}()
	tx.btx = tx.group.btx
	tx.extent = tx.s.extent(tx.btx)
	for t := range tx.used {
		t.bucket = tx.btx.Bucket([]byte(t.name))
		t.changes++
	}
	for i := range tx.steps {
		if err := tx.steps[i].turn(tx.btx, false); err != nil {
			return failure("update", err, "")
		}
	}
	tx.steps = nil
	return nil
}

// turn undoes the step, or does it again.
func (st *step) turn(btx *bbolt.Tx, undo bool) (err error) {
	switch {
	case st.key != nil:
		now := st.t.bucket.Get(st.key)
		if st.value == nil {
			err = st.t.bucket.Delete(st.key)
		} else {
			err = st.t.bucket.Put(st.key, st.value)
		}
		st.value = now
	case undo:
		st.t.bucket = nil
		err = btx.DeleteBucket([]byte(st.t.name))
	default:
		st.t.bucket, err = btx.CreateBucket([]byte(st.t.name))
	}
	return err
}
