package entity

import (
	"container/heap"
	"sort"

	"github.com/larderdb/larder/keys"
)

// sorted is each in the order of OrderBy.
func (r *run[K, V]) sorted(fn func(h *hit, row *Row[K, V]) bool) error {
	all := &sorter[K, V]{compare: r.q.order, reverse: r.q.reverse}
	ordered := *r
	ordered.decodes, ordered.keeps, ordered.loops = true, true, false
	err := ordered.inOrder(0, func(h *hit, row *Row[K, V]) bool {
		row.at.key = nil
		all.add(sortedRow[K, V]{row, *h, all.n}, r.q.limit)
		all.n++
		return true
	})
	if err != nil {
		return err
	}
	all.lastFirst = false
	sort.Sort(all)
	for _, s := range all.rows {
		if !fn(&s.hit, s.row) {
			return nil
		}
	}
	return nil
}

type sortedRow[K keys.Key[K], V any] struct {
	row *Row[K, V]
	hit hit
	n   int // which it was in the order of the walk
}

// A sorter holds rows to be sorted. As long as it is a heap the last one is the first.
type sorter[K keys.Key[K], V any] struct {
	rows      []sortedRow[K, V]
	n         int // of rows that were added
	compare   func(a, b *Row[K, V]) int
	reverse   bool
	lastFirst bool
}

// add adds s, or drops the row that is then the last of more than limit, if
// that is positive.
func (o *sorter[K, V]) add(s sortedRow[K, V], limit int) {
	o.lastFirst = limit > 0
	switch {
	case limit == 0:
		o.rows = append(o.rows, s)
	case len(o.rows) < limit:
		heap.Push(o, s)
	case o.before(&s, &o.rows[0]):
		o.rows[0] = s
		heap.Fix(o, 0)
	}
}

// before reports whether a comes before b.
func (o *sorter[K, V]) before(a, b *sortedRow[K, V]) bool {
	c := 0
	if o.reverse {
		c = o.compare(b.row, a.row)
	} else {
		c = o.compare(a.row, b.row)
	}
	return c < 0 || c == 0 && a.n < b.n
}

func (o *sorter[K, V]) Len() int { return len(o.rows) }

func (o *sorter[K, V]) Less(i, j int) bool {
	if o.lastFirst {
		i, j = j, i
	}
	return o.before(&o.rows[i], &o.rows[j])
}

func (o *sorter[K, V]) Swap(i, j int) { o.rows[i], o.rows[j] = o.rows[j], o.rows[i] }

func (o *sorter[K, V]) Push(s any) { o.rows = append(o.rows, s.(sortedRow[K, V])) }

// Pop is never called: rows are replaced.
func (o *sorter[K, V]) Pop() any {
	last := o.rows[len(o.rows)-1]
	o.rows = o.rows[:len(o.rows)-1]
	return last
}
