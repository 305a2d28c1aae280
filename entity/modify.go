package entity

import "github.com/larderdb/larder/backend"

// Update gives fn the value of key, and puts what fn has made of it as
// [Store.Put] does, also when fn changed nothing. A missing key is
// [backend.ErrNotFound], and fn isn't called. When fn returns an error, Update
// returns it, in an [Error] with the key. Nothing was written then, as with all
// errors of Put, and the transaction can go on.
//
// The value is fn's to change and to keep. What fn itself writes in the
// transaction stays, but for key, to which the value is written over it. A
// caller that goes on after [backend.ErrNotInMemory] calls Update again, so fn
// may run more than once.
func (s *Store[K, V]) Update(tx *Tx, key K, fn func(v *V) error) error {
	return s.modify("update", tx, key, func(v *V, existed bool) error {
		if !existed {
			return failure(backend.ErrNotFound, "the key has no value")
		}
		return fn(v)
	})
}

// Upsert is as [Store.Update], and gives fn the zero value when the key is
// missing. It tells fn whether the key exists.
func (s *Store[K, V]) Upsert(tx *Tx, key K, fn func(v *V, existed bool) error) error {
	return s.modify("upsert", tx, key, fn)
}

func (s *Store[K, V]) modify(op string, tx *Tx, key K, fn func(v *V, existed bool) error) error {
	b, m, err := s.begin(op, tx, key)
	if err != nil {
		return err
	}
	defer tx.give(m)
	began := tx.writes
	v := new(V) // none of the pool's, since fn may keep it
	old, err := tx.row(b, m)
	if err == nil && old != nil {
		// fn changes the value in place, so the keys of the old one come first.
		if err = s.decode(old, v); err == nil {
			err = s.indexKeys(m.old, key, v)
		}
	}
	if err == nil {
		err = fn(v, old != nil)
	}
	if err == nil {
		err = s.encode(m, key, v)
	}
	if err == nil && tx.writes != began {
		err = s.rereadKeys(tx, b, m, key)
	}
	if err == nil {
		err = tx.checkUnique(b, m)
	}
	if err != nil {
		return s.failure(op, m.primary, err)
	}
	return tx.put(op, b, m, s.newFrame(tx, m))
}

// rereadKeys sets m.old anew, after a caller's function has written something
// that may have been this row.
func (s *Store[K, V]) rereadKeys(tx *Tx, b *boundStore, m *scratch, key K) error {
	for i := range s.indexes {
		m.old[i].reset()
	}
	old, err := tx.row(b, m)
	if err != nil || old == nil {
		return err
	}
	return s.oldKeys(m, key, old)
}

// Take deletes key with its index entries, as [Store.Delete] does, and returns
// the value that it had, and whether it existed. A missing key is no error. A
// value that can't be read is [backend.ErrCorrupt], and stays.
func (s *Store[K, V]) Take(tx *Tx, key K) (old V, existed bool, err error) {
	var zero V
	b, m, err := s.begin("take", tx, key)
	if err != nil {
		return zero, false, err
	}
	defer tx.give(m)
	frame, err := tx.row(b, m)
	if err == nil && frame == nil {
		return zero, false, nil
	}
	v := new(V)
	if err == nil {
		err = s.decode(frame, v)
	}
	if err == nil {
		err = s.indexKeys(m.old, key, v)
	}
	if err != nil {
		return zero, false, s.failure("take", m.primary, err)
	}
	if err := tx.remove("take", b, m); err != nil {
		return zero, false, err
	}
	return *v, true, nil
}
