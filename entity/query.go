package entity

import (
	"bytes"
	"iter"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/keys"
)

// A Query says which rows of a store are wanted and in which order. A store or
// an index makes it, from ranges of keys; its methods return a changed copy. It
// holds no data, may be a package-level variable and is safe for concurrent use:
//
//	ByOwner.Query(keys.Eq(alice)).And(ByTag.Query(keys.Eq(urgent))).Limit(20)
//
// What is wrong with it, a key that can't be encoded for example, is reported as
// [backend.ErrInvalid] when it is run. Explain says what running it takes.
//
// A row comes once, also when several of its keys lie in the ranges of an index:
// at the first of them.
type Query[K keys.Key[K], V any] struct {
	first   *selection[K, V]
	and     []*selection[K, V]
	filters []func(K, *V) bool
	order   func(a, b *Row[K, V]) int
	reverse bool
	limit   int
	token   string
	err     error // what is wrong with an argument
}

// A selection is what one store or one index contributes to a query.
type selection[K keys.Key[K], V any] struct {
	store   *Store[K, V]  // of the store's own keys
	index   IndexOf[K, V] // or nil
	many    bool          // a row may have several keys
	several bool          // and several of them in the ranges
	isKey   func([]byte) bool
	ranges  []backend.Range // as joined returns them
	err     error
}

// Query returns the query of the rows whose keys lie in any of the ranges, in
// the order of their keys. Without ranges it is all rows: a program that makes
// ranges of what a user has chosen looks whether there are any.
//
// The ranges may overlap, and may be in any order. They have no order, limit or
// token of their own.
func (s *Store[K, V]) Query(ranges ...keys.Range[K]) *Query[K, V] {
	sel := &selection[K, V]{store: s, isKey: isKey[K]}
	sel.ranges, sel.err = bounds(ranges)
	return &Query[K, V]{first: sel}
}

// Query returns the query of the rows that have an index key in any of the
// ranges, in the order of the index. It is otherwise as [Store.Query]; without
// ranges it is all rows that are in the index.
func (x *Index[I, K, V]) Query(ranges ...keys.Range[I]) *Query[K, V] {
	sel := &selection[K, V]{index: x, many: x.many != nil, isKey: isKey[I]}
	sel.ranges, sel.err = bounds(ranges)
	sel.several = sel.many && !isOneKey(sel.ranges, sel.isKey)
	return &Query[K, V]{first: sel}
}

// isKey reports whether b is one key of type K.
func isKey[K keys.Key[K]](b []byte) bool {
	_, err := keys.Decode[K](b)
	return err == nil
}

// isOneKey reports whether the ranges hold one index key at most.
func isOneKey(ranges []backend.Range, isKey func([]byte) bool) bool {
	if len(ranges) != 1 {
		return len(ranges) == 0
	}
	start, end := keys.Within(ranges[0].Start)
	return ranges[0].End != nil && bytes.Equal(ranges[0].End, end) && isKey(start)
}

// And returns the query of the rows that the others select, too, in q's order.
// Their filters count as q's own. They have no order, limit or token, and
// are of the same store.
func (q *Query[K, V]) And(others ...*Query[K, V]) *Query[K, V] {
	c := *q
	c.and = append([]*selection[K, V](nil), q.and...)
	c.filters = append([]func(K, *V) bool(nil), q.filters...)
	for _, o := range others {
		if o == nil || o.first == nil {
			return c.refuse("a query given to And wasn't made by a store or an index")
		}
		if o.order != nil || o.reverse || o.limit != 0 || o.token != "" {
			return c.refuse("a query given to And has an order, a limit or a token: give it to the first one")
		}
		if o.err != nil && c.err == nil {
			c.err = o.err
		}
		c.and = append(append(c.and, o.first), o.and...)
		c.filters = append(c.filters, o.filters...)
	}
	return &c
}

// Filter returns the query of those rows for which the function is true. It sees
// decoded rows, one after another, so it bounds what is yielded and not what is
// read. It must neither change v nor keep it, nor write to the database. Of several filters all
// must be true; they are asked in their order.
func (q *Query[K, V]) Filter(holds func(K, *V) bool) *Query[K, V] {
	c := *q
	if holds == nil {
		return c.refuse("a query's filter is nil")
	}
	n := len(q.filters)
	c.filters = append(q.filters[:n:n], holds)
	return &c
}

// OrderBy returns the query with its rows in the order of the function, which
// is negative when a comes before b and positive when b comes before a, as of
// package cmp. Rows that are equal to it stay in the order of the keys.
//
// All rows of the query are read, and sorted in memory, before the first comes;
// with a Limit no more than so many are held. Such rows have no tokens. An index
// whose key has the order is better where there are many rows.
func (q *Query[K, V]) OrderBy(compare func(a, b *Row[K, V]) int) *Query[K, V] {
	c := *q
	if compare == nil {
		return c.refuse("a query's order is nil")
	}
	c.order = compare
	return &c
}

// Reverse returns the query in the opposite order; reversed twice it is as it was.
// Rows that are equal to OrderBy's function stay in ascending order of the keys.
func (q *Query[K, V]) Reverse() *Query[K, V] {
	c := *q
	c.reverse = !c.reverse
	return &c
}

// Limit returns the query of the first n rows. No limit is 0; a negative one
// is an error.
func (q *Query[K, V]) Limit(n int) *Query[K, V] {
	c := *q
	if c.limit = n; n < 0 {
		return c.refuse("limit is negative")
	}
	return &c
}

// Resume returns the query from where the page ended whose last row gave the
// token, see [Row.Token]. An empty token is the query from its beginning. A token
// of another store, index or direction, or of a key outside of the query's
// ranges, is [backend.ErrInvalid]; with OrderBy it is [backend.ErrUnsupported].
func (q *Query[K, V]) Resume(token string) *Query[K, V] {
	c := *q
	c.token = token
	return &c
}

// refuse returns c, which fails when it is run.
func (q Query[K, V]) refuse(reason string) *Query[K, V] {
	if q.err == nil {
		q.err = failure(backend.ErrInvalid, reason)
	}
	return &q
}

// Rows returns an iterator over the rows of the query. It may be used more than
// once. Each loop sees the rows that matched as it began, and no others.
//
// In an Update the loop may write. A row that it changes before it comes to it
// keeps its place, and is yielded as it is then. It is left out, and counts for
// the limit, when it was deleted or isn't selected any more; filters are asked
// when it is a row's turn. Sorted rows are all read before the first comes, and
// are yielded as they were.
//
// An error ends the loop after it was yielded once, with a nil Row. A row or an
// entry that can't be read is [backend.ErrCorrupt].
func (q *Query[K, V]) Rows(tx *Tx) iter.Seq2[*Row[K, V], error] {
	return func(yield func(*Row[K, V], error) bool) {
		r, err := q.start("query", tx)
		if err == nil {
			r.decodes, r.keeps, r.loops = true, true, true
			err = r.each(func(h *hit, row *Row[K, V]) bool { return yield(row, nil) })
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// First returns the first row of the query, and whether there is one. No row is
// no error.
func (q *Query[K, V]) First(tx *Tx) (first *Row[K, V], found bool, err error) {
	r, err := q.Limit(1).start("query", tx)
	if err == nil {
		r.decodes, r.keeps = true, true
		err = r.each(func(h *hit, row *Row[K, V]) bool {
			first = row
			return false
		})
	}
	if err != nil {
		return nil, false, err
	}
	return first, first != nil, nil
}

// Count returns how many rows Rows would yield. It decodes rows only where Rows
// must in order to find them: for filters, where And's indexes are of very
// different sizes, and after a token of an index in which rows have several of
// the keys. Of such an index it holds the rows' primary keys as it counts.
func (q *Query[K, V]) Count(tx *Tx) (int, error) {
	r, err := q.start("count", tx)
	if err != nil {
		return 0, err
	}
	return r.count()
}
