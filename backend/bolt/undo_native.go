//go:build !wasm

package bolt

import (
	"bytes"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/larderdb/larder/backend"
)

// A step is one change that a closure made after others had become members of
// its group, with what it takes to undo it. Undone, it holds what it takes to
// do it again.
type step struct {
	t     *table
	kind  stepKind
	key   []byte
	value []byte       // what key has on the other side of the step, nil for nothing
	pairs []backend.KV // of a table that was dropped
}

type stepKind uint8

const (
	stepSet stepKind = iota
	stepCreate
	stepDrop
)

// before tells the loops, and the steps to undo, what key has before it is
// changed. A nil value says that the key doesn't exist. The key isn't kept.
func (tx *writeTx) before(t *table, key, value []byte) {
	for _, l := range t.loops {
		l.save(key, value)
	}
	if tx.lock != nil && tx.group.members > 0 {
		tx.steps = append(tx.steps, step{t: t, kind: stepSet, key: bytes.Clone(key), value: value})
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
		tx.steps = append(tx.steps, step{t: t, kind: stepCreate})
	}
	return nil
}

// drop deletes the bucket of a table.
func (tx *writeTx) drop(t *table) error {
	c := t.bucket.Cursor()
	for _, l := range t.loops {
		for key, value := c.Seek(l.rng.Start); key != nil && (l.rng.End == nil || bytes.Compare(key, l.rng.End) < 0); key, value = c.Next() {
			l.save(key, value)
		}
	}
	if tx.lock != nil && tx.group.members > 0 {
		tx.steps = append(tx.steps, step{t: t, kind: stepDrop, pairs: pairs(t.bucket)})
	}
	if err := tx.btx.DeleteBucket([]byte(t.name)); err != nil {
		return failure("drop", err, t.name)
	}
	t.bucket = nil
	t.changes++
	tx.wrote = true
	return nil
}

func pairs(b *bbolt.Bucket) (all []backend.KV) {
	c := b.Cursor()
	for key, value := c.First(); key != nil; key, value = c.Next() {
		all = append(all, backend.KV{Key: key, Value: value})
	}
	return all
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
	for name, t := range tx.tables {
		t.bucket = tx.btx.Bucket([]byte(name))
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
	name := []byte(st.t.name)
	switch {
	case st.kind == stepSet:
		now := st.t.bucket.Get(st.key)
		if st.value == nil {
			err = st.t.bucket.Delete(st.key)
		} else {
			err = st.t.bucket.Put(st.key, st.value)
		}
		st.value = now
	case (st.kind == stepCreate) == undo:
		st.t.bucket = nil
		err = btx.DeleteBucket(name)
	default:
		if st.t.bucket, err = btx.CreateBucket(name); err != nil {
			return err
		}
		if undo {
			for _, kv := range st.pairs {
				if err := st.t.bucket.Put(kv.Key, kv.Value); err != nil {
					return err
				}
			}
		}
	}
	return err
}
