package entity

import (
	"sort"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/keys"
)

// reading is how many entries of an index are walked in about the time in which
// one row is read and decoded.
const reading = 4

// A run is a query in one transaction: how it is carried out, and how far it is.
type run[K keys.Key[K], V any] struct {
	q       *Query[K, V]
	tx      *Tx
	store   *Store[K, V]
	table   string // of the rows
	walk    walk
	steps   []step[K, V] // the indexes of And, those with the fewest entries first
	entries int          // in walk's ranges, at most as many as start has counted
	asks    bool         // each row is asked for the keys of some step
	looksUp bool         // the rows of walk.only are looked up, and the ranges not walked

	decodes bool // the caller wants values
	keeps   bool // and keeps rows
	loops   bool // the caller may write between two rows
	settled bool // the hits are known to match
	began   int  // tx.writes then
	list    keyList
	spare   *Row[K, V]
}

// A step is a selection of And that neither ranges nor primary keys decide.
type step[K keys.Key[K], V any] struct {
	*selection[K, V]
	table     string
	entries   int  // as run.entries
	collected bool // into walk.only
}

// start returns a run of q.
func (q *Query[K, V]) start(op string, tx *Tx) (*run[K, V], error) {
	r := &run[K, V]{q: q, tx: tx, began: tx.writes}
	if q.first == nil {
		return nil, &Error{Op: op, Err: failure(backend.ErrInvalid, "the query wasn't made by a store or an index")}
	}
	r.walk.scan = &scan{tx: tx, op: op}
	err := r.bind()
	if err == nil {
		err = r.resume()
	}
	if err == nil {
		err = r.decide()
	}
	if err != nil {
		return nil, r.failure(nil, err)
	}
	if r.walk.isPlain() && !r.asks && len(q.filters) == 0 && !q.first.several && q.order == nil {
		r.walk.limit = q.limit
	}
	return r, nil
}

// failure names the store, the index and the key in an error, where they aren't yet.
func (r *run[K, V]) failure(key []byte, err error) error {
	if _, ok := err.(*Error); ok {
		return err
	}
	return r.walk.scan.failure(key, err)
}

// bind finds the tables of the selections.
func (r *run[K, V]) bind() error {
	first := r.q.first
	s := r.walk.scan
	bound, table, index, err := first.bind(r.tx)
	s.place.index = index
	if err != nil {
		s.place.store = table // where it is the store's own
		return err
	}
	r.store = bound.definition.base().(*Store[K, V])
	r.table = bound.def.name
	s.table, s.place.store = table, r.table
	s.place.reverse = r.q.reverse && r.q.order == nil
	r.walk.ranges = first.ranges
	if x := first.index; x != nil {
		r.walk.split = x.splitter()
	}
	switch {
	case r.tx.done:
		return backend.ErrTxDone
	case first.err != nil:
		return first.err
	case r.q.err != nil:
		return r.q.err
	}
	for _, sel := range r.q.and {
		other, table, index, err := sel.bind(r.tx)
		if err == nil && sel.err != nil {
			err = sel.err
		}
		if err == nil && other != bound {
			err = failure(backend.ErrInvalid, "a query given to And is of another store")
		}
		if err != nil {
			return &indexError{index, err}
		}
		switch {
		case table == s.table && !sel.many:
			r.walk.ranges = intersected(r.walk.ranges, sel.ranges)
		case sel.index == nil:
			r.walk.keyed = append(r.walk.keyed, sel.ranges)
		default:
			r.steps = append(r.steps, step[K, V]{selection: sel, table: table})
		}
	}
	r.walk.whole = r.walk.ranges
	return nil
}

// bind returns the selection's store, its table and the name of its index.
func (sel *selection[K, V]) bind(tx *Tx) (store *boundStore, table, index string, err error) {
	if sel.index == nil {
		b, err := tx.store(sel.store.def)
		return b, sel.store.def.name, "", err
	}
	def := sel.index.index()
	if def == nil {
		return nil, "", "", failure(backend.ErrInvalid, "the index wasn't made by this package's functions")
	}
	b, err := tx.index(def)
	if err != nil {
		return nil, "", def.name, err
	}
	return b.store, b.table, def.name, nil
}

// resume leaves the ranges that the token says were walked.
func (r *run[K, V]) resume() error {
	if r.q.token == "" {
		return nil
	}
	if r.q.order != nil {
		return failure(backend.ErrUnsupported, "rows that OrderBy sorts can't be resumed: rows in the order of an index can")
	}
	key, err := r.walk.scan.place.parse(r.q.token)
	if err != nil {
		return err
	}
	left, ok := remaining(r.walk.ranges, key, r.q.reverse)
	if !ok {
		return failure(backend.ErrInvalid, "resume token is of a key outside of the query's ranges")
	}
	r.walk.ranges = left
	return nil
}

// decide finds the cheapest way to the rows that are in all indexes. It collects
// the primary keys of the smallest index, and of those after it that aren't much
// larger than what is left; of the others each row is asked.
func (r *run[K, V]) decide() error {
	if len(r.steps) == 0 {
		return nil
	}
	if err := r.measure(); err != nil {
		return err
	}
	left := r.entries
	for i := range r.steps {
		st := &r.steps[i]
		if st.entries > reading*left {
			r.asks = true
			continue
		}
		if err := r.collect(st); err != nil {
			return err
		}
		st.collected = true
		left = min(left, len(r.walk.only))
	}
	if r.walk.only == nil {
		return nil
	}
	if r.q.first.index == nil {
		r.looksUp = true // looking up a primary key is no more than walking to it
		return nil
	}
	n, err := r.tx.countRanges(r.walk.scan.table, r.walk.ranges, reading*len(r.walk.only)+1)
	r.looksUp = n > reading*len(r.walk.only)
	return err
}

// measure counts the entries of the first selection and of the steps, and sorts
// the steps. It counts no further than one of them goes, and a bit: engines may
// have to walk to count.
func (r *run[K, V]) measure() (err error) {
	for limit, ends := 1024, false; !ends; limit *= 2 * reading {
		if r.entries, err = r.tx.countRanges(r.walk.scan.table, r.walk.ranges, limit); err != nil {
			return err
		}
		ends = r.entries < limit/reading
		for i := range r.steps {
			st := &r.steps[i]
			if st.entries, err = r.tx.countRanges(st.table, st.ranges, limit); err != nil {
				return &indexError{st.index.index().name, err}
			}
			ends = ends || st.entries < limit/reading
		}
	}
	sort.Sort(byEntries[K, V](r.steps))
	return nil
}

type byEntries[K keys.Key[K], V any] []step[K, V]

func (o byEntries[K, V]) Len() int           { return len(o) }
func (o byEntries[K, V]) Less(i, j int) bool { return o[i].entries < o[j].entries }
func (o byEntries[K, V]) Swap(i, j int)      { o[i], o[j] = o[j], o[i] }

// collect leaves those primary keys that have an entry in the step's ranges.
func (r *run[K, V]) collect(st *step[K, V]) error {
	s := &scan{tx: r.tx, op: r.walk.scan.op, table: st.table, place: place{store: r.table, index: st.index.index().name}}
	w := walk{scan: s, ranges: st.ranges, split: st.index.splitter(), keyed: r.walk.keyed, only: r.walk.only}
	found := make(map[string]struct{})
	for h, err := range w.each {
		if err != nil {
			return err
		}
		found[string(h.primary)] = struct{}{}
	}
	r.walk.only = found
	return nil
}
