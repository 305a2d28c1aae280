package entity

import (
	"bytes"
	"sort"

	"github.com/larderdb/larder/backend"
)

// A hit is a row that a query may want.
type hit struct {
	entry   []byte // in the table that is walked
	primary []byte
	frame   []byte // nil as long as the row wasn't read
}

// A walk is the way over the first selection of a query. It knows bytes only, so
// that there is one for all types.
type walk struct {
	scan   *scan                                      // names the table, and the errors and tokens
	whole  []backend.Range                            // what the selection and those of the same table select
	ranges []backend.Range                            // what is left of them after the token
	split  func(entry, before []byte) ([]byte, error) // nil in the store's own table
	keyed  [][]backend.Range                          // primary keys must lie in each
	only   map[string]struct{}                        // and be of these; nil is all
	limit  int                                        // of pairs, where each is a row of the query
	listed bool                                       // what is in hits takes the ranges' place
	hits   []hit                                      // ascending
}

// each yields the hits in their order. An error ends it.
func (w *walk) each(yield func(*hit, error) bool) {
	if w.listed {
		for i := range w.hits {
			if w.scan.place.reverse {
				i = len(w.hits) - 1 - i
			}
			h := w.hits[i]
			if !yield(&h, nil) {
				return
			}
		}
		return
	}
	n := 0
	for i := range w.ranges {
		if w.scan.place.reverse {
			i = len(w.ranges) - 1 - i
		}
		w.scan.r = w.ranges[i]
		w.scan.r.Reverse = w.scan.place.reverse
		if w.limit > 0 {
			w.scan.r.Limit = w.limit - n
		}
		var h hit
		for kv, err := range w.scan.pairs {
			if err == nil {
				err = w.read(&h, kv)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !w.wants(h.primary) {
				continue
			}
			if !yield(&h, nil) {
				return
			}
			n++
		}
		if w.limit > 0 && n == w.limit {
			return
		}
	}
}

// read sets h to what the pair says. h is the pair's before.
func (w *walk) read(h *hit, kv backend.KV) error {
	if w.split == nil {
		*h = hit{entry: kv.Key, primary: kv.Key, frame: kv.Value}
		return nil
	}
	before := h.entry[:len(h.entry)-len(h.primary)]
	primary, err := w.split(kv.Key, before)
	if err != nil {
		return w.scan.failure(kv.Key, err)
	}
	*h = hit{entry: kv.Key, primary: primary}
	return nil
}

// wants reports whether a row is selected by what is known of primary keys.
func (w *walk) wants(primary []byte) bool {
	for _, ranges := range w.keyed {
		if !inside(ranges, primary) {
			return false
		}
	}
	if w.only == nil {
		return true
	}
	_, ok := w.only[string(primary)]
	return ok
}

// isPlain reports whether every pair of the ranges is a row of the query, as far
// as keys say.
func (w *walk) isPlain() bool { return w.only == nil && len(w.keyed) == 0 && !w.listed }

// count returns how many hits there are, of which several may be of one row. It
// stops at the limit if that is positive.
func (w *walk) count(several bool, limit int) (n int, err error) {
	seen := make(map[string]struct{})
	for h, err := range w.each {
		if err != nil {
			return 0, err
		}
		if several {
			if _, ok := seen[string(h.primary)]; ok {
				continue
			}
			seen[string(h.primary)] = struct{}{}
		}
		if n++; n == limit {
			break
		}
	}
	return n, nil
}

// list makes hits, in any order, the ones that are walked.
func (w *walk) list(hits []hit) {
	sort.Sort(byEntry(hits))
	w.hits, w.listed = hits, true
}

type byEntry []hit

func (o byEntry) Len() int           { return len(o) }
func (o byEntry) Less(i, j int) bool { return bytes.Compare(o[i].entry, o[j].entry) < 0 }
func (o byEntry) Swap(i, j int)      { o[i], o[j] = o[j], o[i] }

// countRanges returns how many pairs of table lie in the ranges, but no more
// than limit if that is positive.
func (tx *Tx) countRanges(table string, ranges []backend.Range, limit int) (int, error) {
	n := 0
	for _, r := range ranges {
		if limit > 0 {
			if r.Limit = limit - n; r.Limit == 0 {
				break
			}
		}
		in, err := backend.Count(tx.r, table, r)
		if err := ignoreNotFound(err); err != nil {
			return 0, err
		}
		n += in
	}
	return n, nil
}

// firstIn returns the row's first entry, or its last, in the ranges: one of the
// list's keys and the primary key. It is nil when there is none, and valid until
// the next call.
func (l *keyList) firstIn(ranges []backend.Range, primary []byte, last bool) []byte {
	all := l.sorted()
	for i := range all {
		if last {
			i = len(all) - 1 - i
		}
		l.entry = append(append(l.entry[:0], all[i]...), primary...)
		if inside(ranges, l.entry) {
			return l.entry
		}
	}
	return nil
}
