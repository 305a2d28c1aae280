package entity

import (
	"bytes"
	"iter"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/keys"
)

// An Entry is one entry of an index. It is the caller's to keep.
type Entry[I keys.Key[I], K keys.Key[K]] struct {
	IndexKey I
	Key      K // of the row

	at position
}

// Token is as [Row.Token].
func (e *Entry[I, K]) Token() (string, error) { return e.at.token() }

// Scan returns an iterator over the rows that have an index key in r, in the
// order of the index, or against it when r says so. A row with several such
// keys is yielded once for each.
//
// The loop walks the index as it was when the loop began, so that no row comes
// up again because the loop gave it another index key. A row that the loop
// itself deleted, or took the index key from, before it was reached is left
// out; other changed rows are yielded as they are now.
//
// A resume token may come from a row of this index or from an entry, see
// [Index.Keys]; otherwise it is as in [Store.Scan].
//
// An error ends the loop after it was yielded once, with a nil Row. A row or
// an entry that can't be read, or an entry whose row is missing, is
// [backend.ErrCorrupt].
func (x *Index[I, K, V]) Scan(tx *Tx, r keys.Range[I]) iter.Seq2[*Row[K, V], error] {
	return func(yield func(*Row[K, V], error) bool) {
		x.frames(tx, r, func(s *Store[K, V], at position, primary, frame []byte, err error) bool {
			if err == nil {
				row := &Row[K, V]{Revision: revisionOf(frame), at: at}
				if row.Key, err = keys.Decode[K](primary); err == nil {
					err = s.decode(frame, &row.Value)
				}
				if err == nil {
					return yield(row, nil)
				}
				err = at.scan.failure(at.key, err)
			}
			yield(nil, err)
			return false
		})
	}
}

// frames calls yield with what Scan yields, not yet decoded: the row's primary key
// and frame, and where in the index that is. An error comes alone and last.
func (x *Index[I, K, V]) frames(tx *Tx, r keys.Range[I], yield func(s *Store[K, V], at position, primary, frame []byte, err error) bool) {
	b, scan, err := x.begin("scan", tx, r)
	if err != nil {
		yield(nil, position{}, nil, nil, err)
		return
	}
	s := b.store.definition.base().(*Store[K, V])
	began := tx.writes
	split := x.splitter()
	var index []byte // the index key of the entry before
	scan.pairs(func(kv backend.KV, err error) bool {
		if err != nil {
			return yield(nil, position{}, nil, nil, err)
		}
		if tx.writes != began {
			if _, err := tx.r.Get(b.table, kv.Key); backend.IsNotFound(err) {
				return true
			}
		}
		primary, err := split(kv.Key, index)
		var frame []byte
		if err == nil {
			index = kv.Key[:len(kv.Key)-len(primary)]
			if frame, err = tx.r.Get(s.def.name, primary); err != nil && backend.IsNotFound(err) {
				err = failure(backend.ErrCorrupt, "the entry's row is missing")
			}
		}
		if err != nil {
			yield(nil, position{}, nil, nil, scan.failure(kv.Key, err))
			return false
		}
		return yield(s, position{scan, kv.Key}, primary, frame, nil)
	})
}

// splitter returns a function that returns the primary key in entry. It needn't
// decode the index key when that is the entry's before: nothing but another
// element follows a key where the next byte isn't the one with which [keys.Within]
// ends. Nor where an I is [keys.Sized].
func (x *Index[I, K, V]) splitter() func(entry, before []byte) ([]byte, error) {
	var zero I
	sized, _ := any(zero).(keys.Sized)
	return func(entry, before []byte) ([]byte, error) {
		if n := len(before); n > 0 && n < len(entry) && entry[n] != 0xFF && bytes.Equal(entry[:n], before) {
			return entry[n:], nil
		}
		if sized != nil {
			n, err := sized.KeyLen(entry)
			return entry[n:], err
		}
		_, primary, err := zero.DecodeKey(entry)
		return primary, err
	}
}

// Keys returns an iterator over the entries whose index keys lie in r, as
// [Index.Scan] does over their rows, which it doesn't read. It sees the entries
// as they were when the loop began.
func (x *Index[I, K, V]) Keys(tx *Tx, r keys.Range[I]) iter.Seq2[*Entry[I, K], error] {
	return func(yield func(*Entry[I, K], error) bool) {
		_, scan, err := x.begin("scan", tx, r)
		if err != nil {
			yield(nil, err)
			return
		}
		for kv, err := range scan.pairs {
			if err != nil {
				yield(nil, err)
				return
			}
			e := &Entry[I, K]{at: position{scan, kv.Key}}
			var primary []byte
			if e.IndexKey, primary, err = e.IndexKey.DecodeKey(kv.Key); err == nil {
				e.Key, err = keys.Decode[K](primary)
			}
			if err != nil {
				yield(nil, scan.failure(kv.Key, err))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (x *Index[I, K, V]) begin(op string, tx *Tx, r keys.Range[I]) (*boundIndex, *scan, error) {
	b, err := tx.index(x.def)
	if err != nil {
		return nil, nil, rowError(op, "", x.def.name, nil, err)
	}
	s, err := newScan(op, tx, b.table, place{store: b.store.def.name, index: x.def.name}, r)
	return b, s, err
}

// Count returns how many entries [Index.Keys] would yield.
func (x *Index[I, K, V]) Count(tx *Tx, r keys.Range[I]) (int, error) {
	_, scan, err := x.begin("count", tx, r)
	if err != nil {
		return 0, err
	}
	return scan.count()
}

// Get returns the row whose index key is key, and whether there is one. A
// missing row is no error.
func (x *Unique[I, K, V]) Get(tx *Tx, key I) (row *Row[K, V], found bool, err error) {
	for row, err := range x.Scan(tx, keys.Eq(key)) {
		return row, err == nil, err
	}
	return nil, false, nil
}
