package entity

import (
	"bytes"
	"errors"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/keys"
)

// entryValue is the value of every index entry. Engines share it.
var entryValue = []byte{0x01}

// checkUnique returns an error when a unique index holds a key that comes to
// the row for another row. The row's primary key and index keys are in m.
func (tx *Tx) checkUnique(b *boundStore, m *scratch) error {
	for i := range b.indexes {
		x := &b.indexes[i]
		if !x.def.unique {
			continue
		}
		err := difference(m.new[i].sorted(), m.old[i].sorted(), func(key []byte) error {
			return tx.checkFree(x, m, key)
		})
		if err != nil {
			return &indexError{x.def.name, err}
		}
	}
	return nil
}

// checkFree returns an error when x has an entry of another row under key.
func (tx *Tx) checkFree(x *boundIndex, m *scratch, key []byte) error {
	r := backend.Range{Limit: 2}
	m.end = append(m.end[:0], key...)
	r.Start, r.End = keys.Within(m.end)
	for kv, err := range tx.r.Scan(x.table, r) {
		switch {
		case errors.Is(err, backend.ErrTableNotFound):
			return nil
		case err != nil:
			return err
		}
		if other := kv.Key[len(key):]; !bytes.Equal(other, m.primary) {
			return failure(backend.ErrUnique, "row "+keys.Fmt(other)+" has the index key "+keys.Fmt(key))
		}
	}
	return nil
}

// writeEntries deletes the entries of the index keys that went and puts those
// of the keys that came. The row is written already, so a failure keeps the
// transaction from being committed.
func (tx *Tx) writeEntries(op string, b *boundStore, m *scratch) error {
	for i := range b.indexes {
		x := &b.indexes[i]
		old, new := m.old[i].sorted(), m.new[i].sorted()
		err := difference(old, new, func(key []byte) error {
			m.entry = append(append(m.entry[:0], key...), m.primary...)
			_, err := tx.w.Delete(x.table, m.entry)
			if errors.Is(err, backend.ErrTableNotFound) {
				return nil // as little to do as for a missing key
			}
			return err
		})
		if err == nil {
			err = difference(new, old, func(key []byte) error {
				m.entry = append(append(m.entry[:0], key...), m.primary...)
				return tx.w.Put(x.table, m.entry, entryValue)
			})
		}
		if err != nil {
			return tx.fail(rowError(op, b.def.name, x.def.name, m.primary, err))
		}
	}
	return nil
}
