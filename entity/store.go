package entity

import (
	"iter"
	"sync"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/keys"
)

// A Store holds values of type V under keys of type K. It is a definition: it
// holds no data, its methods work in any transaction of any [DB] that was
// opened with it, and it is safe for concurrent use.
//
// All its errors are an [Error] with the store's name. In a transaction of a
// DB that was opened without the store they are [backend.ErrTableNotFound].
type Store[K keys.Key[K], V any] struct {
	def     *storeSchema
	codec   Codec[V]
	indexes []IndexOf[K, V]
	values  *sync.Pool        // of *V, zeroed
	check   func(K, *V) error // may be nil; its errors are refusals
	format  byte              // of the frames that are written
}

// New returns the definition of a store. Its types follow from the arguments
// but for the key's: entity.New[keys.RowID]("todos", msgpack.Of[Todo](), ByDue).
//
// The name is 1 to 128 bytes of UTF-8 and doesn't begin with an underscore; so
// are the names of indexes. New accepts any, and [Open] reports what is wrong.
// An index belongs to one store.
func New[K keys.Key[K], V any](name string, codec Codec[V], indexes ...IndexOf[K, V]) *Store[K, V] {
	s := &Store[K, V]{
		def:     &storeSchema{name: name, version: 1},
		codec:   codec,
		indexes: indexes,
		values:  &sync.Pool{New: func() any { return new(V) }},
		format:  frameV1,
	}
	if codec != nil {
		s.def.codec, s.def.model = codec.Name(), modelOf(codec)
	}
	for _, x := range indexes {
		if x == nil {
			s.def.indexes = append(s.def.indexes, nil)
		} else {
			s.def.indexes = append(s.def.indexes, x.index())
		}
	}
	return s
}

// WithSchema returns a copy of the store of another version, and with a
// specification. A new store has version 1 and an empty specification.
//
// When a database holds a lower version it is raised as the database is
// opened, and indexes that the definition lacks are dropped; from then on code
// with the lower version gets [backend.ErrSchemaNewer]. Rows keep the version
// that they were written with. The specification says how keys and values are
// made, where that is data, as for collections defined from JavaScript. A
// database that holds the same version with another specification is refused
// with [backend.ErrInvalid].
func (s *Store[K, V]) WithSchema(version uint32, spec string) *Store[K, V] {
	c := s.copy()
	c.def.version, c.def.spec = version, spec
	return c
}

// copy returns a copy of the store that is a definition of its own.
func (s *Store[K, V]) copy() *Store[K, V] {
	c, def := *s, *s.def
	c.def = &def
	return &c
}

// Name returns the name that the store was given.
func (s *Store[K, V]) Name() string { return s.def.name }

func (s *Store[K, V]) schema() *storeSchema {
	if s == nil {
		return nil
	}
	return s.def
}

func (s *Store[K, V]) base() any { return s }

// Get returns the value of key, and whether there is one. A missing key is no
// error. A value that can't be read is [backend.ErrCorrupt].
func (s *Store[K, V]) Get(tx *Tx, key K) (value V, found bool, err error) {
	var zero V
	b, err := tx.store(s.def)
	if err != nil {
		return zero, false, s.failure("get", nil, err)
	}
	m := tx.take()
	defer tx.give(m)
	if m.primary, err = appendKey(m.primary[:0], key, keys.MaxPrimaryKey, primaryTooLarge); err != nil {
		return zero, false, s.failure("get", nil, err)
	}
	frame, err := tx.r.Get(b.def.name, m.primary)
	if err != nil {
		if backend.IsNotFound(err) {
			return zero, false, nil
		}
		return zero, false, s.failure("get", m.primary, err)
	}
	v := s.values.Get().(*V)
	if err = s.decode(frame, v); err != nil {
		err = s.failure("get", m.primary, err)
	} else {
		value = *v
	}
	*v = zero
	s.values.Put(v)
	return value, err == nil, err
}

// GetMany returns an iterator over the rows of the given keys, in that order.
// Missing ones are left out. An error ends the loop after it was yielded once,
// with a nil Row.
func (s *Store[K, V]) GetMany(tx *Tx, ks iter.Seq[K]) iter.Seq2[*Row[K, V], error] {
	return func(yield func(*Row[K, V], error) bool) {
		for key := range ks {
			row, found, err := s.GetRow(tx, key)
			switch {
			case err != nil:
				yield(nil, err)
				return
			case found:
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}

// decode sets v to the value in frame.
func (s *Store[K, V]) decode(frame []byte, v *V) error {
	payload, err := s.payload(frame)
	if err != nil {
		return err
	}
	return decodeAs(s.codec, payload, v)
}

// payload returns what the store's codec writes of the value in frame, in this
// definition's version.
func (s *Store[K, V]) payload(frame []byte) ([]byte, error) {
	version, payload, err := parseFrame(frame)
	switch {
	case err != nil:
	case version > s.def.version:
		err = failure(backend.ErrCorrupt, "frame has a schema version that the catalogue doesn't know")
	case version < s.def.version && s.def.steps != nil:
		payload, _, err = s.def.steps.upgrade(version, payload)
	}
	return payload, err
}

func decodeAs[V any](codec Codec[V], payload []byte, v *V) error {
	if err := codec.Decode(payload, v); err != nil {
		return &backend.Error{Class: backend.ErrCorrupt, Reason: "value can't be decoded", Err: err}
	}
	return nil
}

// failure names the store and the row in err.
func (s *Store[K, V]) failure(op string, key []byte, err error) error {
	return rowError(op, s.def.name, "", key, err)
}

func (s *Store[K, V]) checkRow(primary, frame []byte) error {
	if _, err := keys.Decode[K](primary); err != nil {
		return err
	}
	return s.decode(frame, new(V))
}

func (s *Store[K, V]) upgradeRow(frame []byte) ([]byte, error) {
	version, payload, err := parseFrame(frame)
	if err != nil || s.def.steps == nil {
		return nil, err
	}
	payload, changed, err := s.def.steps.upgrade(version, payload)
	if err != nil || !changed {
		return nil, err
	}
	// The row is what it was, and so is its revision.
	fresh := makeFrame(frame[0], s.def.version, payload)
	if at := revisionAt(frame); at > 0 {
		copy(fresh[revisionAt(fresh):][:backend.StampSize], frame[at:])
	}
	return fresh, nil
}

func (s *Store[K, V]) indexRow(i int, primary, frame []byte, list *keyList) error {
	list.reset()
	key, err := keys.Decode[K](primary)
	if err != nil {
		return err
	}
	v := new(V)
	if err := s.decode(frame, v); err != nil {
		return err
	}
	return s.indexes[i].appendKeys(list, key, v)
}

func (s *Store[K, V]) splitEntry(i int, entry []byte) ([]byte, error) {
	return s.indexes[i].splitEntry(entry)
}
