package entity

import (
	"errors"
	"iter"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/keys"
)

// A Row is a key and its value, as a scan yields it. It is the caller's to
// keep.
type Row[K keys.Key[K], V any] struct {
	Key   K
	Value V

	// Revision is the number of the commit that wrote the row, see
	// [Store.WithRevisions]: 0 for a row that was written without one, and
	// [math.MaxUint64] for one that the transaction itself has written.
	Revision uint64

	at position
}

// Token returns a token with which a scan of the same store or index in the
// same direction goes on after this row: text of base64url's characters, which
// may be stored and shown. It is [backend.ErrTxDone] after the transaction
// has ended, [backend.ErrInvalid] when the row is not a scan's or a query's, and
// [backend.ErrUnsupported] when the query sorted it, see [Query.OrderBy].
func (r *Row[K, V]) Token() (string, error) { return r.at.token() }

// A position is where a scan was when it yielded a row or an entry.
type position struct {
	scan *scan
	key  []byte // of the pair, in the engine's own memory; nil when rows were sorted
}

func (p position) token() (string, error) {
	switch {
	case p.scan == nil:
		return "", failure(backend.ErrInvalid, "only rows and entries of a scan or a query have a token")
	case p.scan.tx.done:
		return "", backend.ErrTxDone
	case p.key == nil:
		return "", failure(backend.ErrUnsupported, "a row that OrderBy sorted has no place to go on from: rows in the order of an index do")
	}
	return p.scan.place.token(p.key), nil
}

// A scan is one walk over an engine's table.
type scan struct {
	tx    *Tx
	op    string
	table string
	place place
	r     backend.Range
}

// newScan returns a scan of the part of table that r selects.
func newScan[K keys.Key[K]](op string, tx *Tx, table string, p place, r keys.Range[K]) (*scan, error) {
	s := &scan{tx: tx, op: op, table: table, place: p}
	var err error
	if s.r, err = r.Bounds(); err != nil {
		return nil, s.failure(nil, err)
	}
	s.place.reverse = s.r.Reverse
	if token := r.Token(); token != "" {
		key, err := s.place.parse(token)
		if err != nil {
			return nil, s.failure(nil, err)
		}
		s.r = after(s.r, key)
	}
	return s, nil
}

// pairs yields the pairs of the scan. A table that nothing was ever put into
// is empty.
func (s *scan) pairs(yield func(backend.KV, error) bool) {
	s.tx.r.Scan(s.table, s.r)(func(kv backend.KV, err error) bool {
		if err == nil {
			return yield(kv, nil)
		}
		if !errors.Is(err, backend.ErrTableNotFound) {
			yield(backend.KV{}, s.failure(nil, err))
		}
		return false
	})
}

func (s *scan) failure(key []byte, err error) error {
	return rowError(s.op, s.place.store, s.place.index, key, err)
}

// Scan returns an iterator over the rows whose keys lie in r, in the order of
// their keys, or against it when r says so. It sees the rows as they were when
// the loop began: what the loop puts or deletes neither shows nor hides one.
// The iterator may be used more than once.
//
// A range with a resume token goes on after the row that gave the token, which
// needn't exist any more. A token that is damaged, or of another store, an
// index or the other direction, is [backend.ErrInvalid].
//
// An error ends the loop after it was yielded once, with a nil Row. A row that
// can't be read is [backend.ErrCorrupt]; no row is passed over.
func (s *Store[K, V]) Scan(tx *Tx, r keys.Range[K]) iter.Seq2[*Row[K, V], error] {
	return func(yield func(*Row[K, V], error) bool) {
		scan, err := s.scan("scan", tx, r)
		if err != nil {
			yield(nil, err)
			return
		}
		for kv, err := range scan.pairs {
			if err != nil {
				yield(nil, err)
				return
			}
			row := &Row[K, V]{Revision: revisionOf(kv.Value), at: position{scan, kv.Key}}
			if row.Key, err = keys.Decode[K](kv.Key); err == nil {
				err = s.decode(kv.Value, &row.Value)
			}
			if err != nil {
				yield(nil, scan.failure(kv.Key, err))
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

func (s *Store[K, V]) scan(op string, tx *Tx, r keys.Range[K]) (*scan, error) {
	b, err := tx.store(s.def)
	if err != nil {
		return nil, s.failure(op, nil, err)
	}
	return newScan(op, tx, b.def.name, place{store: b.def.name}, r)
}

// Count returns how many rows [Store.Scan] would yield, without decoding them.
func (s *Store[K, V]) Count(tx *Tx, r keys.Range[K]) (int, error) {
	scan, err := s.scan("count", tx, r)
	if err != nil {
		return 0, err
	}
	return scan.count()
}

// count returns how many pairs the scan would yield.
func (s *scan) count() (int, error) {
	n, err := backend.Count(s.tx.r, s.table, s.r)
	if err != nil && !errors.Is(err, backend.ErrTableNotFound) {
		return 0, s.failure(nil, err)
	}
	return n, nil
}
