package entity

import (
	"iter"

	"github.com/larderdb/larder/keys"
)

// An IndexOf is an index over stores of V under K: an [Index] or a [Unique].
type IndexOf[K keys.Key[K], V any] interface {
	index() *indexSchema

	// appendKeys adds the row's index keys to list, in no order.
	appendKeys(list *keyList, key K, v *V) error

	// splitEntry returns the primary key in an entry.
	splitEntry(entry []byte) (primary []byte, err error)

	// splitter returns splitEntry without a look at the primary key, for a walk. It
	// is given the index key of the entry before.
	splitter() func(entry, before []byte) ([]byte, error)
}

// An Index orders the rows of one store by index keys of type I. Rows under
// the same index key are ordered by their primary keys. It is a definition: it
// holds no data, and is safe for concurrent use.
//
// All errors of its methods are an [Error] with the index's name. In a
// transaction of a [DB] that was opened without the store they are
// [backend.ErrTableNotFound].
type Index[I keys.Key[I], K keys.Key[K], V any] struct {
	def   *indexSchema
	one   func(K, *V) I
	many  func(K, *V) iter.Seq[I]
	where func(K, *V) bool // nil in an index of all rows
}

// NewIndex returns an index of one key per row. It is an argument of [New].
//
// The function computes the index key from a row. It must depend on nothing
// but the row as the codec stores it, since the entries of a row that goes are
// found by computing its keys again. It may run more than once for a write, and must
// neither change v nor keep it.
func NewIndex[I keys.Key[I], K keys.Key[K], V any](name string, key func(K, *V) I) *Index[I, K, V] {
	return &Index[I, K, V]{def: &indexSchema{name: name, version: 1}, one: key}
}

// NewMultiIndex returns an index of any number of keys per row: several, or
// none, also by a nil sequence, which leaves the row out of the index. A key that
// occurs twice counts once. The function is as that of [NewIndex].
func NewMultiIndex[I keys.Key[I], K keys.Key[K], V any](name string, all func(K, *V) iter.Seq[I]) *Index[I, K, V] {
	return &Index[I, K, V]{def: &indexSchema{name: name, version: 1}, many: all}
}

// WithSchema returns a copy of the index of another version, and with a
// specification. A new index has version 1 and an empty specification.
//
// A database that holds a lower version of the index has it built anew when it
// is opened; one that holds a higher version is refused with
// [backend.ErrSchemaNewer]. The specification says what the index extracts,
// where that is data, as for collections defined from JavaScript. A database
// that holds the same version with another specification is refused with
// [backend.ErrInvalid].
func (x *Index[I, K, V]) WithSchema(version uint32, spec string) *Index[I, K, V] {
	def := *x.def
	def.version, def.spec = version, spec
	return &Index[I, K, V]{def: &def, one: x.one, many: x.many, where: x.where}
}

// Where returns a copy of the index that leaves out the rows for which the
// function is false: a partial index, which is smaller, costs nothing for the
// rows that it leaves out, and, if it is unique, lets those have the same key. Of two
// Wheres both must be true.
//
// The function is as that of [NewIndex]. To leave out other rows than before, raise
// the index's version, see [Index.WithSchema].
func (x *Index[I, K, V]) Where(holds func(K, *V) bool) *Index[I, K, V] {
	def := *x.def
	c := &Index[I, K, V]{def: &def, one: x.one, many: x.many, where: holds}
	switch also := x.where; {
	case holds == nil:
		c.one, c.many = nil, nil // Open refuses it
	case also != nil:
		c.where = func(key K, v *V) bool { return also(key, v) && holds(key, v) }
	}
	return c
}

// Name returns the name that the index was given.
func (x *Index[I, K, V]) Name() string { return x.def.name }

func (x *Index[I, K, V]) index() *indexSchema {
	if x == nil || x.def == nil || x.one == nil && x.many == nil {
		return nil
	}
	return x.def
}

func (x *Index[I, K, V]) appendKeys(list *keyList, key K, v *V) error {
	if x.where != nil && !x.where(key, v) {
		return nil
	}
	if x.one != nil {
		return addKey(list, x.one(key, v))
	}
	if all := x.many(key, v); all != nil {
		return addKeys(list, all)
	}
	return nil
}

// addKeys is apart from appendKeys because its loop's variables escape.
func addKeys[I keys.Key[I]](list *keyList, all iter.Seq[I]) error {
	for k := range all {
		if err := addKey(list, k); err != nil {
			return err
		}
	}
	return nil
}

func addKey[I keys.Key[I]](list *keyList, key I) error {
	b, err := appendKey(list.buf, key, MaxIndexKey, indexTooLarge)
	if err != nil {
		return err
	}
	list.add(b)
	return nil
}

func (x *Index[I, K, V]) splitEntry(entry []byte) ([]byte, error) {
	var index I
	_, primary, err := index.DecodeKey(entry)
	if err == nil {
		_, err = keys.Decode[K](primary)
	}
	return primary, err
}

// A Unique is an index in which no two rows have the same key. It has all the
// methods of an [Index].
type Unique[I keys.Key[I], K keys.Key[K], V any] struct {
	Index[I, K, V]
}

// NewUnique returns a unique index of one key per row, as [NewIndex] does. A
// write that would give a row a key of another row is [backend.ErrUnique].
func NewUnique[I keys.Key[I], K keys.Key[K], V any](name string, key func(K, *V) I) *Unique[I, K, V] {
	return &Unique[I, K, V]{Index[I, K, V]{def: &indexSchema{name: name, version: 1, unique: true}, one: key}}
}

// NewMultiUnique returns a unique index of any number of keys per row, as
// [NewMultiIndex] does: several names of one row, or a name that rows needn't
// have.
func NewMultiUnique[I keys.Key[I], K keys.Key[K], V any](name string, all func(K, *V) iter.Seq[I]) *Unique[I, K, V] {
	return &Unique[I, K, V]{Index[I, K, V]{def: &indexSchema{name: name, version: 1, unique: true}, many: all}}
}

// WithSchema is as [Index.WithSchema].
func (x *Unique[I, K, V]) WithSchema(version uint32, spec string) *Unique[I, K, V] {
	return &Unique[I, K, V]{*x.Index.WithSchema(version, spec)}
}

// Where is as [Index.Where].
func (x *Unique[I, K, V]) Where(holds func(K, *V) bool) *Unique[I, K, V] {
	return &Unique[I, K, V]{*x.Index.Where(holds)}
}

func (x *Unique[I, K, V]) index() *indexSchema {
	if x == nil {
		return nil
	}
	return x.Index.index()
}
