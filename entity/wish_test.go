package entity_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"pgregory.net/rapid"

	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/keys"
)

// A rowsModel is what a store should hold. Queries search it from end to end.
type rowsModel[K keys.Key[K], V any] map[K]V

// A picked is a selection as the model has it.
type picked[K keys.Key[K], V any] struct {
	query *entity.Query[K, V]
	text  string
	keys  func(K, V) []plainKey
	in    func(plainKey) bool
}

// has reports whether a row has a key that is picked.
func (p picked[K, V]) has(k K, v V) bool { return slices.ContainsFunc(p.keys(k, v), p.in) }

// A wish is a query as the model has it. TestQueryModel and TestLayer wish.
type wish[K keys.Key[K], V any] struct {
	at      func(K) plainKey // a primary key
	number  func(K, *V) int  // is summed and filtered by
	size    func(*V) int     // is sorted by
	project projection[K, V] // may be nil

	query   *entity.Query[K, V]
	text    string
	first   picked[K, V]
	and     []picked[K, V]
	filters []func(K, V) bool
	order   func(a, b V) int
	reverse bool
	limit   int
}

// A projection returns the keys of the rows that Project yields.
type projection[K keys.Key[K], V any] func(*entity.Tx, *entity.Query[K, V]) ([]K, error)

// draw draws a query of what pick draws.
func (w wish[K, V]) draw(rt *rapid.T, pick func(*rapid.T) picked[K, V]) wish[K, V] {
	w.first = pick(rt)
	w.query, w.text = w.first.query, w.first.text
	for range rapid.IntRange(0, 2).Draw(rt, "ands") {
		p := pick(rt)
		w.and, w.query, w.text = append(w.and, p), w.query.And(p.query), w.text+".And "+p.text
	}
	if rapid.IntRange(0, 2).Draw(rt, "filter") == 0 {
		least := rapid.IntRange(-3, 3).Draw(rt, "least")
		w.filters = append(w.filters, func(k K, v V) bool { return w.number(k, &v) >= least })
		w.query = w.query.Filter(func(k K, v *V) bool { return w.number(k, v) >= least })
		w.text += ".Filter"
	}
	if rapid.IntRange(0, 2).Draw(rt, "order") == 0 {
		w.order = func(a, b V) int { return cmp.Compare(w.size(&a), w.size(&b)) }
		w.query = w.query.OrderBy(func(a, b *entity.Row[K, V]) int { return w.order(a.Value, b.Value) })
		w.text += ".OrderBy"
	}
	if w.reverse = rapid.Bool().Draw(rt, "reverse"); w.reverse {
		w.query, w.text = w.query.Reverse(), w.text+".Reverse"
	}
	w.limit = rapid.IntRange(0, 5).Draw(rt, "limit")
	w.query, w.text = w.query.Limit(w.limit), w.text+fmt.Sprint(".Limit ", w.limit)
	return w
}

// matching returns the keys of the rows that match, but for filters and limit,
// in the order of the walk.
func (m rowsModel[K, V]) matching(w wish[K, V]) []K {
	at := map[K]plainKey{}
	for k, v := range m {
		if !w.has(k, v) {
			continue
		}
		var ks []plainKey
		for _, key := range w.first.keys(k, v) {
			if w.first.in(key) {
				ks = append(ks, key)
			}
		}
		at[k] = slices.MinFunc(ks, plainKey.compare)
		if w.walksBack() {
			at[k] = slices.MaxFunc(ks, plainKey.compare)
		}
	}
	all := slices.SortedFunc(maps.Keys(at), func(a, b K) int {
		return cmp.Or(at[a].compare(at[b]), w.at(a).compare(w.at(b)))
	})
	if w.walksBack() {
		slices.Reverse(all)
	}
	return all
}

func (w wish[K, V]) walksBack() bool { return w.reverse && w.order == nil }

func (w wish[K, V]) has(k K, v V) bool {
	return w.first.has(k, v) && !slices.ContainsFunc(w.and, func(p picked[K, V]) bool { return !p.has(k, v) })
}

func (w wish[K, V]) passes(k K, v V) bool {
	return !slices.ContainsFunc(w.filters, func(f func(K, V) bool) bool { return !f(k, v) })
}

// run returns the keys of the rows that the query should yield.
func (m rowsModel[K, V]) run(w wish[K, V]) []K {
	var all []K
	for _, k := range m.matching(w) {
		if w.passes(k, m[k]) {
			all = append(all, k)
		}
	}
	if w.order != nil {
		slices.SortStableFunc(all, func(a, b K) int {
			if w.reverse {
				a, b = b, a
			}
			return w.order(m[a], m[b])
		})
	}
	if w.limit > 0 && len(all) > w.limit {
		all = all[:w.limit]
	}
	return all
}

// compare runs the query in every way. It returns an error that a call has.
func (w wish[K, V]) compare(rt *rapid.T, tx *entity.Tx, m rowsModel[K, V]) error {
	want := m.run(w)
	var got []K
	for row, err := range w.query.Rows(tx) {
		if err != nil {
			return err
		}
		got = append(got, row.Key)
		if show, want := fmt.Sprintf("%+v", row.Value), fmt.Sprintf("%+v", m[row.Key]); show != want {
			rt.Errorf("%s: row %v is %s, want %s", w.text, row.Key, show, want)
		}
	}
	if !slices.Equal(got, want) {
		rt.Errorf("%s: rows are %v, want %v of %v", w.text, got, want, m)
	}
	n, err := w.query.Count(tx)
	if err != nil {
		return err
	}
	if n != len(want) {
		rt.Errorf("%s: Count = %d, want %d", w.text, n, len(want))
	}
	row, found, err := w.query.First(tx)
	if err != nil {
		return err
	}
	if found != (len(want) > 0) || found && row.Key != want[0] {
		rt.Errorf("%s: First = %v, %v, want the first of %v", w.text, row, found, want)
	}
	if w.project != nil {
		projected, err := w.project(tx, w.query)
		if err != nil {
			return err
		}
		if !slices.Equal(projected, want) {
			rt.Errorf("%s: Project yields %v, want %v", w.text, projected, want)
		}
	}
	sum := 0
	for _, k := range want {
		v := m[k]
		sum += w.number(k, &v)
	}
	total, err := entity.Summarize(tx, w.query, w.number)
	if err != nil {
		return err
	}
	if total.Count != len(want) || total.Sum != sum {
		rt.Errorf("%s: Summarize = %+v, want %d rows, sum %d", w.text, total, len(want), sum)
	}
	p, err := w.query.Explain(tx)
	if err != nil {
		return err
	}
	if p.String() == "" {
		rt.Errorf("%s: Explain says nothing", w.text)
	}
	if w.order != nil {
		return nil
	}
	return w.comparePages(rt, tx, m)
}

// comparePages runs the query page by page, and counts the rest at each.
func (w wish[K, V]) comparePages(rt *rapid.T, tx *entity.Tx, m rowsModel[K, V]) error {
	all := w
	all.limit = 0
	want := m.run(all)
	var pages []K
	token, size := "", rapid.IntRange(1, 4).Draw(rt, "page")
	for last := false; !last && len(pages) <= len(want); {
		rest, err := w.query.Limit(0).Resume(token).Count(tx)
		if err != nil {
			return err
		}
		if rest != len(want)-len(pages) {
			rt.Errorf("%s: Count after %d rows = %d, want %d", w.text, len(pages), rest, len(want)-len(pages))
		}
		last = true
		for row, err := range w.query.Limit(size).Resume(token).Rows(tx) {
			if err != nil {
				return err
			}
			pages, last = append(pages, row.Key), false
			if token, err = row.Token(); err != nil {
				return err
			}
		}
	}
	if !slices.Equal(pages, want) {
		rt.Errorf("%s: pages of %d rows are %v, want %v", w.text, size, pages, want)
	}
	return nil
}
