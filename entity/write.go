package entity

import (
	"errors"
	"iter"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/keys"
)

// Put sets key to value, whether it exists or not, and keeps every index in
// step. A unique index that holds one of the row's new keys for another row is
// [backend.ErrUnique]; a primary key over [keys.MaxPrimaryKey] bytes, an index
// key over [MaxIndexKey] or a value over what the engine takes is
// [backend.ErrTooLarge]; what the codec or a key can't encode is
// [backend.ErrInvalid]. Nothing was written then, and the transaction can go on.
// All that must be read is read before anything is written, so the same holds
// for [backend.ErrNotInMemory].
//
// Each write is checked by itself: rows that exchange their unique keys need a
// third key, or a Delete, in between.
func (s *Store[K, V]) Put(tx *Tx, key K, value V) error {
	return s.write("put", tx, key, value, nil)
}

// Insert is as [Store.Put] for a key that doesn't exist. One that does is
// [backend.ErrExists].
func (s *Store[K, V]) Insert(tx *Tx, key K, value V) error {
	return s.write("insert", tx, key, value, wantMissing)
}

func wantMissing(old []byte) error {
	if old != nil {
		return failure(backend.ErrExists, "the key has a value")
	}
	return nil
}

// PutMany puts rows, one after another as [Store.Put] does, and stops at the
// first that fails. A batch is put as a whole or not at all: when it fails
// after its first row, the transaction can't be committed any more; but with
// [backend.ErrNotInMemory] the rows before the one that failed are put, and the
// caller goes on from there.
func (s *Store[K, V]) PutMany(tx *Tx, rows iter.Seq2[K, V]) error {
	began := tx.writes
	for key, value := range rows {
		if err := s.Put(tx, key, value); err != nil {
			if tx.writes != began && !errors.Is(err, backend.ErrNotInMemory) {
				return tx.fail(err)
			}
			return err
		}
	}
	return nil
}

// Delete deletes key with its index entries and reports whether it existed. A
// missing key is no error. Where the store has indexes, a value that can't be
// read is [backend.ErrCorrupt]. With [backend.ErrNotInMemory] nothing was
// written, as in [Store.Put].
func (s *Store[K, V]) Delete(tx *Tx, key K) (existed bool, err error) {
	b, m, err := s.begin("delete", tx, key)
	if err != nil {
		return false, err
	}
	defer tx.give(m)
	if len(s.indexes) == 0 {
		existed, err = tx.w.Delete(b.def.name, m.primary)
		switch {
		case backend.IsNotFound(err): // the table: nothing was ever put into it
			return false, nil
		case err != nil:
			return false, s.failure("delete", m.primary, err)
		}
		tx.writes++
		return existed, nil
	}
	old, err := tx.row(b, m)
	if err == nil && old != nil {
		err = s.oldKeys(m, key, old)
	}
	if err != nil {
		return false, s.failure("delete", m.primary, err)
	}
	if old == nil {
		return false, nil
	}
	return true, tx.remove("delete", b, m)
}

// DeleteMany deletes keys, one after another as [Store.Delete] does, and
// returns how many existed. It stops at the first that fails. When it has
// deleted a row by then, the transaction can't be committed any more; but with
// [backend.ErrNotInMemory] the caller goes on from there.
func (s *Store[K, V]) DeleteMany(tx *Tx, ks iter.Seq[K]) (int, error) {
	n := 0
	for key := range ks {
		existed, err := s.Delete(tx, key)
		if err != nil {
			if n > 0 && !errors.Is(err, backend.ErrNotInMemory) {
				tx.fail(err)
			}
			return n, err
		}
		if existed {
			n++
		}
	}
	return n, nil
}

// begin returns memory with the primary key in it, for a write.
func (s *Store[K, V]) begin(op string, tx *Tx, key K) (*boundStore, *scratch, error) {
	b, err := tx.store(s.def)
	if err == nil {
		err = tx.writable()
	}
	if err != nil {
		return nil, nil, s.failure(op, nil, err)
	}
	m := tx.take()
	if m.primary, err = appendKey(m.primary[:0], key, keys.MaxPrimaryKey, primaryTooLarge); err != nil {
		tx.give(m)
		return nil, nil, s.failure(op, nil, err)
	}
	m.reset(len(s.indexes))
	return b, m, nil
}

// write puts a row if demand has no objection to the frame that is stored, nil
// when there is none. A nil demand has none.
func (s *Store[K, V]) write(op string, tx *Tx, key K, value V, demand func(old []byte) error) error {
	b, m, err := s.begin(op, tx, key)
	if err != nil {
		return err
	}
	defer tx.give(m)
	v := s.values.Get().(*V)
	*v = value
	err = s.encode(m, key, v)
	var zero V
	*v = zero
	s.values.Put(v)
	if err != nil {
		return s.failure(op, m.primary, err)
	}
	frame := s.newFrame(tx, m)
	if demand != nil || len(s.indexes) > 0 {
		old, err := tx.row(b, m)
		if err == nil && demand != nil {
			err = demand(old)
		}
		switch {
		case err != nil || old == nil:
		case equalRows(old, frame):
			m.reset(len(s.indexes)) // no key came or went
		case len(s.indexes) > 0:
			err = s.oldKeys(m, key, old)
		}
		if err == nil {
			err = tx.checkUnique(b, m)
		}
		if err != nil {
			return s.failure(op, m.primary, err)
		}
	}
	return tx.put(op, b, m, frame)
}

// encode sets m's payload and new index keys to those of a row that is to be
// written, unless the store's check refuses it.
func (s *Store[K, V]) encode(m *scratch, key K, v *V) (err error) {
	if s.check != nil {
		if err := s.check(key, v); err != nil {
			return err
		}
	}
	if m.payload, err = s.codec.Append(m.payload[:0], v); err != nil {
		return &backend.Error{Class: backend.ErrInvalid, Reason: "value can't be encoded", Err: err}
	}
	return s.indexKeys(m.new, key, v)
}

// row returns the frame that is stored for the primary key in m, or nil when
// there is none.
func (tx *Tx) row(b *boundStore, m *scratch) ([]byte, error) {
	frame, err := tx.r.Get(b.def.name, m.primary)
	if err != nil && backend.IsNotFound(err) {
		return nil, nil
	}
	return frame, err
}

// put writes the row in m, after all that can refuse it was asked.
func (tx *Tx) put(op string, b *boundStore, m *scratch, frame []byte) error {
	var stamps []backend.Stamp
	if at := revisionAt(frame); at > 0 {
		m.stamp[0].Offset = at
		stamps = m.stamp[:]
	}
	if err := tx.w.Put(b.def.name, m.primary, frame, stamps...); err != nil {
		return rowError(op, b.def.name, "", m.primary, err)
	}
	tx.writes++
	return tx.writeEntries(op, b, m)
}

// remove deletes the row in m, which exists.
func (tx *Tx) remove(op string, b *boundStore, m *scratch) error {
	if err := tx.removeKey(b.def.name, m.primary); err != nil {
		return rowError(op, b.def.name, "", m.primary, err)
	}
	tx.writes++
	return tx.writeEntries(op, b, m)
}

// oldKeys sets m.old to the index keys of a row that is stored.
func (s *Store[K, V]) oldKeys(m *scratch, key K, frame []byte) error {
	v := s.values.Get().(*V)
	err := s.decode(frame, v)
	if err == nil {
		err = s.indexKeys(m.old, key, v)
	}
	var zero V
	*v = zero
	s.values.Put(v)
	return err
}

// indexKeys adds the row's keys in each index to the index's list.
func (s *Store[K, V]) indexKeys(lists []keyList, key K, v *V) error {
	for i, x := range s.indexes {
		if err := x.appendKeys(&lists[i], key, v); err != nil {
			return &indexError{s.def.indexes[i].name, err}
		}
	}
	return nil
}
