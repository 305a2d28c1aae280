package entity

import (
	"bytes"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/keys"
)

// each calls fn with the rows of the query in their order, until it is false.
// The row is nil where neither the caller nor the query needs its value. It is the
// caller's when r.keeps, and else used again after fn.
func (r *run[K, V]) each(fn func(h *hit, row *Row[K, V]) bool) error {
	if r.q.order != nil {
		return r.sorted(fn)
	}
	return r.inOrder(r.q.limit, fn)
}

// inOrder is each in the order of the walk, with limit rows at most if that is
// positive.
func (r *run[K, V]) inOrder(limit int, fn func(h *hit, row *Row[K, V]) bool) error {
	if r.looksUp && !r.walk.listed {
		if err := r.lookUp(); err != nil {
			return err
		}
	}
	if r.loops && r.tx.w != nil && !r.settled && r.settles() {
		if err := r.settle(); err != nil {
			return err
		}
	}
	n := 0
	for h, err := range r.walk.each {
		if err != nil {
			return err
		}
		row, is, err := r.examine(h)
		if err != nil {
			return r.failure(h.entry, err)
		}
		if is == filtered {
			continue
		}
		if is == wanted && !fn(h, row) {
			return nil
		}
		if n++; n == limit {
			return nil
		}
	}
	return nil
}

// settles reports whether the rows of a loop that can write must be known before
// it begins. The engine's scan sees to one range, where each pair is a row.
func (r *run[K, V]) settles() bool {
	return r.q.order == nil && (len(r.walk.ranges) > 1 || r.q.first.several || r.asks)
}

// settle finds out which rows match, but for the filters, which see them as they
// are when it is their turn.
func (r *run[K, V]) settle() error {
	limit := r.q.limit
	if len(r.q.filters) > 0 {
		limit = 0
	}
	all := *r
	all.loops, all.decodes, all.keeps = false, false, false
	all.q = &Query[K, V]{first: r.q.first, and: r.q.and}
	var hits []hit
	err := all.inOrder(limit, func(h *hit, _ *Row[K, V]) bool {
		hits = append(hits, *h)
		return true
	})
	r.walk.list(hits)
	r.settled = true
	return err
}

// lookUp makes the rows of r.walk.only, as far as they have keys in the ranges,
// the ones that are walked.
func (r *run[K, V]) lookUp() error {
	var hits []hit
	last := r.walk.scan.place.reverse
	for key := range r.walk.only {
		h := hit{primary: []byte(key)}
		h.entry = h.primary
		if x := r.q.first.index; x != nil {
			_, err := r.load(&h)
			if err == nil {
				r.spare, err = r.decode(&h)
			}
			if err == nil {
				err = r.keysOf(x, r.spare)
			}
			if err != nil {
				return r.failure(h.primary, err)
			}
			entry := r.list.firstIn(r.walk.whole, h.primary, last)
			h.entry = append([]byte(nil), entry...)
			h.frame = nil // or it would keep its page in memory
		}
		if len(h.entry) > 0 && inside(r.walk.ranges, h.entry) {
			hits = append(hits, h)
		}
	}
	r.walk.list(hits)
	return nil
}

// A verdict says what a hit is.
type verdict int

const (
	filtered verdict = iota // no row of the query
	wanted
	gone // one when the loop began, which has changed it
)

// examine finds out whether the hit is a row of the query.
func (r *run[K, V]) examine(h *hit) (*Row[K, V], verdict, error) {
	changed := r.tx.writes != r.began
	if changed {
		h.frame = nil
	}
	asks := changed && (r.q.first.index != nil || len(r.q.and) > 0) || !r.settled && (r.q.first.several || r.asks)
	decodes := asks || r.decodes || len(r.q.filters) > 0
	if !decodes && !changed {
		return nil, wanted, nil
	}
	if found, err := r.load(h); !found {
		return nil, gone, err
	}
	if !decodes {
		return nil, wanted, nil
	}
	row, err := r.decode(h)
	if err != nil {
		return nil, filtered, err
	}
	r.spare = row
	if asks {
		switch matches, err := r.matches(h, row, changed); {
		case err != nil:
			return nil, filtered, err
		case !matches && changed:
			return nil, gone, nil
		case !matches:
			return nil, filtered, nil
		}
	}
	for _, holds := range r.q.filters {
		if !holds(row.Key, &row.Value) {
			return nil, filtered, nil
		}
	}
	if r.keeps {
		r.spare = nil
	}
	return row, wanted, nil
}

// load reads the hit's row, and reports whether it is still there.
func (r *run[K, V]) load(h *hit) (bool, error) {
	if h.frame != nil {
		return true, nil
	}
	frame, err := r.tx.r.Get(r.table, h.primary)
	if backend.IsNotFound(err) {
		if r.tx.writes != r.began {
			return false, nil
		}
		err = failure(backend.ErrCorrupt, "the entry's row is missing")
	}
	h.frame = frame
	return err == nil, err
}

// decode returns the hit's row, in the memory of the one before where that is
// free.
func (r *run[K, V]) decode(h *hit) (*Row[K, V], error) {
	row := r.spare
	if row == nil {
		row = new(Row[K, V])
	} else {
		*row = Row[K, V]{}
	}
	row.Revision, row.at = revisionOf(h.frame), position{r.walk.scan, h.entry}
	var err error
	if row.Key, err = keys.Decode[K](h.primary); err == nil {
		err = r.store.decode(h.frame, &row.Value)
	}
	return row, err
}

// matches reports whether a row has the keys that the query selects, and
// whether it comes at this entry and not at another.
func (r *run[K, V]) matches(h *hit, row *Row[K, V], changed bool) (bool, error) {
	first := r.q.first
	if first.index != nil && (changed || first.several) {
		if err := r.keysOf(first.index, row); err != nil {
			return false, err
		}
		entry := r.list.firstIn(r.walk.whole, h.primary, r.walk.scan.place.reverse)
		switch {
		case entry == nil && changed:
			return false, nil
		case entry == nil:
			return false, failure(backend.ErrCorrupt, "the entry's row doesn't have this index key")
		case !changed && !bytes.Equal(entry, h.entry):
			return false, nil
		}
	}
	for i := range r.steps {
		st := &r.steps[i]
		if st.collected && !changed {
			continue
		}
		if err := r.keysOf(st.index, row); err != nil {
			return false, &indexError{st.index.index().name, err}
		}
		if r.list.firstIn(st.ranges, h.primary, false) == nil {
			return false, nil
		}
	}
	return true, nil
}

// keysOf sets r.list to the row's keys in an index.
func (r *run[K, V]) keysOf(x IndexOf[K, V], row *Row[K, V]) error {
	r.list.reset()
	return x.appendKeys(&r.list, row.Key, &row.Value)
}

// count returns how many rows each would give. It decodes none unless each has to,
// to find out which they are.
func (r *run[K, V]) count() (n int, err error) {
	first := r.q.first
	if len(r.q.filters) > 0 || r.asks || first.several && r.q.token != "" || first.index != nil && r.looksUp {
		err = r.inOrder(r.q.limit, func(*hit, *Row[K, V]) bool {
			n++
			return true
		})
		return n, err
	}
	if r.walk.isPlain() && !first.several {
		n, err = r.tx.countRanges(r.walk.scan.table, r.walk.ranges, r.q.limit)
	} else {
		if r.looksUp {
			err = r.lookUp()
		}
		if err == nil {
			n, err = r.walk.count(first.several, r.q.limit)
		}
	}
	if err != nil {
		err = r.failure(nil, err)
	}
	return n, err
}
