// Package stringstore is the string-keyed form of stores that programs had
// before keys had types. It is there for the time in which such a program moves
// to [entity.Store], and holds nothing of its own: a [Store] is another way to
// the rows of an entity.Store, so that old and new code work on the same rows,
// in the same transactions, with the same indexes.
//
// docs/guides/moving.md goes through the steps.
//
// Deprecated: use [entity.Store] with a key type of its own.
package stringstore

import (
	"strconv"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/keys"
)

// A Store holds values of type V under strings.
//
// The errors of its methods are those of the entity.Store. A key that is none
// of the entity.Store's, such as an empty one where it has ids, is
// [backend.ErrInvalid] in all of them.
//
// Deprecated: use [entity.Store].
type Store[V any] interface {
	// Put sets key to value, whether it exists or not.
	Put(tx *entity.Tx, key string, value V) error

	// Get returns the value of key, and whether there is one.
	Get(tx *entity.Tx, key string) (value V, found bool, err error)

	// Delete deletes key. A missing key is no error.
	Delete(tx *entity.Tx, key string) error

	// ScanPrefix returns the rows whose keys begin with prefix, in ascending
	// order of the keys' bytes. A row that can't be read is an error, and none is
	// returned then. A prefix that is not valid UTF-8 is [backend.ErrInvalid].
	ScanPrefix(tx *entity.Tx, prefix string) ([]Row[V], error)

	// ScanAll returns all rows, as ScanPrefix does.
	ScanAll(tx *entity.Tx) ([]Row[V], error)
}

// A Row is a key and its value.
//
// Deprecated: use [entity.Row].
type Row[V any] struct {
	Key   string
	Value V
}

// Of returns the string-keyed form of a store. A key of the store must be one
// text: a [keys.String], or an id such as [keys.UserID], which are stored alike;
// where it is anything else, the methods are [backend.ErrInvalid]. Databases are
// opened with the store itself.
//
// Deprecated: use the store.
func Of[K keys.Key[K], V any](store *entity.Store[K, V]) Store[V] { return texts[K, V]{store} }

type texts[K keys.Key[K], V any] struct{ store *entity.Store[K, V] }

func (t texts[K, V]) Put(tx *entity.Tx, key string, value V) error {
	k, err := t.key("put", key)
	if err != nil {
		return err
	}
	return t.store.Put(tx, k, value)
}

func (t texts[K, V]) Get(tx *entity.Tx, key string) (value V, found bool, err error) {
	k, err := t.key("get", key)
	if err != nil {
		return value, false, err
	}
	return t.store.Get(tx, k)
}

func (t texts[K, V]) Delete(tx *entity.Tx, key string) error {
	k, err := t.key("delete", key)
	if err != nil {
		return err
	}
	_, err = t.store.Delete(tx, k)
	return err
}

func (t texts[K, V]) ScanAll(tx *entity.Tx) ([]Row[V], error) { return t.scan(tx, keys.All[K]()) }

func (t texts[K, V]) ScanPrefix(tx *entity.Tx, prefix string) ([]Row[V], error) {
	rows, err := t.scan(tx, keys.StringPrefix[K](prefix))
	if err == nil && len(rows) == 0 {
		_, err = t.scan(tx, keys.All[K]().Limit(1)) // keys that are no text have no prefix either
	}
	return rows, err
}

func (t texts[K, V]) scan(tx *entity.Tx, r keys.Range[K]) ([]Row[V], error) {
	var rows []Row[V]
	for row, err := range t.store.Scan(tx, r) {
		if err != nil {
			return nil, err
		}
		b, err := row.Key.AppendKey(nil)
		if err != nil {
			return nil, t.invalid("scan", err.Error())
		}
		key, err := keys.Decode[keys.String](b)
		if err != nil {
			return nil, t.invalid("scan", keys.Fmt(b)+" is not one text")
		}
		rows = append(rows, Row[V]{string(key), row.Value})
	}
	return rows, nil
}

// key returns the store's key whose encoding is that of the string.
func (t texts[K, V]) key(op, key string) (K, error) {
	b, err := keys.String(key).AppendKey(nil)
	if err == nil {
		var k K
		if k, err = keys.Decode[K](b); err == nil {
			return k, nil
		}
	}
	var zero K
	return zero, t.invalid(op, strconv.Quote(key)+" is no key of this store: "+err.Error())
}

func (t texts[K, V]) invalid(op, reason string) error {
	return &entity.Error{Op: op, Store: t.store.Name(), Err: &backend.Error{Class: backend.ErrInvalid, Reason: reason}}
}
