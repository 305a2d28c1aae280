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
		for _, key := range m.difference(m.new[i].sorted(), m.old[i].sorted()) {
			if err := tx.checkFree(x, m, key); err != nil {
				return &indexError{x.def.name, err}
			}
		}
	}
	return nil
}

// checkFree returns an error when x has an entry of another row under key.
func (tx *Tx) checkFree(x *boundIndex, m *scratch, key []byte) error {
	r := backend.Range{Limit: 2}
	r.Start, r.End = keys.Within(key)
	m.holder = holder{prefix: len(key), primary: m.primary}
	tx.r.Scan(x.table, r)(m.see)
	found := m.holder
	m.holder = holder{}
	switch {
	case found.other != nil:
		return errHeld(found.other, key)
	case errors.Is(found.err, backend.ErrTableNotFound):
		return nil
	}
	return found.err
}

// errHeld is the error for an index key that another row has.
func errHeld(primary, key []byte) error {
	return failure(backend.ErrUnique, "row "+keys.Fmt(primary)+" has the index key "+keys.Fmt(key))
}

// A holder looks for the row that holds an index key. It is a part of scratch,
// as is its method see as a function, since a loop would allocate both for
// each key.
type holder struct {
	prefix  int    // length of the index key in an entry
	primary []byte // of the row that may hold the key
	other   []byte // of another row that does
	err     error
}

func (h *holder) see(entry backend.KV, err error) bool {
	if err != nil {
		h.err = err
	} else if primary := entry.Key[h.prefix:]; !bytes.Equal(primary, h.primary) {
		h.other = primary
	}
	return h.err == nil && h.other == nil
}

// writeEntries deletes the entries of the index keys that went and puts those
// of the keys that came. The row is written already, so a failure keeps the
// transaction from being committed.
func (tx *Tx) writeEntries(op string, b *boundStore, m *scratch) error {
	for i := range b.indexes {
		x := &b.indexes[i]
		if err := tx.writeIndex(x, m, m.old[i].sorted(), m.new[i].sorted()); err != nil {
			return tx.fail(rowError(op, b.def.name, x.def.name, m.primary, err))
		}
	}
	return nil
}

func (tx *Tx) writeIndex(x *boundIndex, m *scratch, old, new [][]byte) error {
	for _, key := range m.difference(old, new) {
		m.entry = append(append(m.entry[:0], key...), m.primary...)
		err := tx.removeKey(x.table, m.entry)                        // a row that was read has its entries
		if err != nil && !errors.Is(err, backend.ErrTableNotFound) { // there is as little to do as for a missing key
			return err
		}
	}
	for _, key := range m.difference(new, old) {
		m.entry = append(append(m.entry[:0], key...), m.primary...)
		if err := tx.w.Put(x.table, m.entry, entryValue); err != nil {
			return err
		}
	}
	return nil
}

// removeKey is [backend.Remove], which has to find out each time what tx can do.
func (tx *Tx) removeKey(table string, key []byte) error {
	if tx.remover == nil {
		return backend.Remove(tx.w, table, key)
	}
	return tx.remover.Remove(table, key)
}
