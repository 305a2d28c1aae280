package entity_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

// A plainKey is a key as the model has it: a string, then numbers. Of one that
// descends it holds the negative.
type plainKey struct {
	s string
	n int
}

func (k plainKey) compare(o plainKey) int {
	return cmp.Or(cmp.Compare(k.s, o.s), cmp.Compare(k.n, o.n))
}

// A picked is a selection as the model has it.
type picked struct {
	query *entity.Query[itemKey, Item]
	text  string
	keys  func(k itemKey, it Item) []plainKey
	in    func(plainKey) bool
}

func plain(k itemKey) plainKey { return plainKey{string(k.A), int(k.B)} }

// has reports whether a row has a key that is picked.
func (p picked) has(k itemKey, it Item) bool { return slices.ContainsFunc(p.keys(k, it), p.in) }

// A wish is a query as the model has it.
type wish struct {
	query   *entity.Query[itemKey, Item]
	text    string
	first   picked
	and     []picked
	filters []func(itemKey, Item) bool
	order   func(a, b Item) int
	reverse bool
	limit   int
}

type itemModel map[itemKey]Item

// matching returns the keys of the rows that match, but for filters and limit,
// in the order of the walk.
func (m itemModel) matching(w wish) []itemKey {
	at := map[itemKey]plainKey{}
	for k, it := range m {
		if !w.has(k, it) {
			continue
		}
		var ks []plainKey
		for _, key := range w.first.keys(k, it) {
			if w.first.in(key) {
				ks = append(ks, key)
			}
		}
		at[k] = slices.MinFunc(ks, plainKey.compare)
		if w.walksBack() {
			at[k] = slices.MaxFunc(ks, plainKey.compare)
		}
	}
	all := slices.SortedFunc(maps.Keys(at), func(a, b itemKey) int {
		return cmp.Or(at[a].compare(at[b]), plain(a).compare(plain(b)))
	})
	if w.walksBack() {
		slices.Reverse(all)
	}
	return all
}

func (w wish) walksBack() bool { return w.reverse && w.order == nil }

func (w wish) has(k itemKey, it Item) bool {
	return w.first.has(k, it) && !slices.ContainsFunc(w.and, func(p picked) bool { return !p.has(k, it) })
}

func (w wish) passes(k itemKey, it Item) bool {
	return !slices.ContainsFunc(w.filters, func(f func(itemKey, Item) bool) bool { return !f(k, it) })
}

// run returns the keys of the rows that the query should yield.
func (m itemModel) run(w wish) []itemKey {
	var all []itemKey
	for _, k := range m.matching(w) {
		if w.passes(k, m[k]) {
			all = append(all, k)
		}
	}
	if w.order != nil {
		slices.SortStableFunc(all, func(a, b itemKey) int {
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

// What keys are drawn from.
var (
	someOwners = rapid.SampledFrom([]string{"", "a", "a\x00", "ab", "b"})
	someTags   = rapid.SampledFrom([]string{"x", "xy", "y", "z"})
	someCodes  = rapid.SampledFrom([]string{"", "c1", "c2", "c3", "c4"})
	someRanks  = rapid.IntRange(-3, 3)
	someKeys   = rapid.Custom(func(t *rapid.T) itemKey {
		return itemID(someOwners.Draw(t, "owner"), rapid.IntRange(0, 3).Draw(t, "n"))
	})
	someItems = rapid.Custom(func(t *rapid.T) Item {
		return Item{
			Rank: someRanks.Draw(t, "rank"),
			Code: someCodes.Draw(t, "code"),
			Tags: rapid.SliceOfN(someTags, 0, 4).Draw(t, "tags"),
			Open: rapid.Bool().Draw(t, "open"),
		}
	})
)

// A kind says how to draw the keys of an index.
type kind[I keys.Key[I]] struct {
	draw   func(*rapid.T) (I, plainKey)
	prefix func(I) keys.Part // its first component, nil when it is the only one
	text   bool              // the first component is a string
}

// ranges draws some ranges and what the model makes of them.
func (d kind[I]) ranges(rt *rapid.T) ([]keys.Range[I], func(plainKey) bool, string) {
	var all []keys.Range[I]
	var ins []func(plainKey) bool
	var texts []string
	add := func(text string, r keys.Range[I], in func(plainKey) bool) {
		all, ins, texts = append(all, r), append(ins, in), append(texts, text)
	}
	for range rapid.IntRange(0, 3).Draw(rt, "ranges") {
		k, p := d.draw(rt)
		to, q := d.draw(rt)
		kinds := []string{"eq", "from", "after", "before", "upto", "between", "all"}
		if d.prefix != nil {
			kinds = append(kinds, "prefix")
		}
		if d.text {
			kinds = append(kinds, "text")
		}
		text := rapid.SampledFrom(kinds).Draw(rt, "range")
		switch of := fmt.Sprint(text, p); text {
		case "eq":
			add(of, keys.Eq(k), func(x plainKey) bool { return x == p })
		case "from":
			add(of, keys.From(k), func(x plainKey) bool { return x.compare(p) >= 0 })
		case "after":
			add(of, keys.After(k), func(x plainKey) bool { return x.compare(p) > 0 })
		case "before":
			add(of, keys.Before(k), func(x plainKey) bool { return x.compare(p) < 0 })
		case "upto":
			add(of, keys.UpTo(k), func(x plainKey) bool { return x.compare(p) <= 0 })
		case "between":
			add(of+fmt.Sprint(q), keys.Between(k, to), func(x plainKey) bool { return x.compare(p) >= 0 && x.compare(q) < 0 })
		case "all":
			add(of, keys.All[I](), func(plainKey) bool { return true })
		case "prefix":
			add(of, keys.Prefix[I](d.prefix(k)), func(x plainKey) bool { return x.s == p.s })
		case "text":
			add(of, keys.StringPrefix[I](p.s), func(x plainKey) bool { return strings.HasPrefix(x.s, p.s) })
		}
	}
	return all, func(x plainKey) bool {
		return len(ins) == 0 || slices.ContainsFunc(ins, func(in func(plainKey) bool) bool { return in(x) })
	}, strings.Join(texts, "|")
}

// pick draws a query of one store or index.
func (d items) pick(rt *rapid.T) picked {
	number := kind[keys.Int]{draw: func(rt *rapid.T) (keys.Int, plainKey) {
		n := someRanks.Draw(rt, "key")
		return keys.Int(n), plainKey{n: n}
	}}
	word := func(some *rapid.Generator[string]) kind[keys.String] {
		return kind[keys.String]{text: true, draw: func(rt *rapid.T) (keys.String, plainKey) {
			s := some.Draw(rt, "key")
			return keys.String(s), plainKey{s: s}
		}}
	}
	pair := kind[tagged]{text: true, prefix: func(k tagged) keys.Part { return k.A }, draw: func(rt *rapid.T) (tagged, plainKey) {
		p := plainKey{someTags.Draw(rt, "key"), someRanks.Draw(rt, "rank")}
		return tagged{A: keys.String(p.s), B: keys.Int(p.n)}, p
	}}
	owned := kind[itemKey]{text: true, prefix: func(k itemKey) keys.Part { return k.A }, draw: func(rt *rapid.T) (itemKey, plainKey) {
		k := someKeys.Draw(rt, "key")
		return k, plain(k)
	}}
	falling := kind[ranked]{text: true, prefix: func(k ranked) keys.Part { return k.A }, draw: func(rt *rapid.T) (ranked, plainKey) {
		s, n := someOwners.Draw(rt, "owner"), someRanks.Draw(rt, "rank")
		return ranked{A: keys.String(s), B: keys.Desc[keys.Int]{Value: keys.Int(n)}}, plainKey{s, -n}
	}}
	p := picked{text: rapid.SampledFrom([]string{"items", "by_rank", "by_tag", "by_open", "by_code", "by_owner", "by_both"}).Draw(rt, "of")}
	var ranges string
	switch p.text {
	case "items":
		r, in, text := owned.ranges(rt)
		p.query, p.in, ranges = d.store.Query(r...), in, text
		p.keys = func(k itemKey, _ Item) []plainKey { return []plainKey{plain(k)} }
	case "by_rank":
		r, in, text := number.ranges(rt)
		p.query, p.in, ranges = d.byRank.Query(r...), in, text
		p.keys = func(_ itemKey, it Item) []plainKey { return []plainKey{{n: it.Rank}} }
	case "by_tag":
		r, in, text := word(someTags).ranges(rt)
		p.query, p.in, ranges = d.byTag.Query(r...), in, text
		p.keys = func(_ itemKey, it Item) (all []plainKey) {
			for _, tag := range it.Tags {
				all = append(all, plainKey{s: tag})
			}
			return all
		}
	case "by_open":
		r, in, text := number.ranges(rt)
		p.query, p.in, ranges = d.byOpen.Query(r...), in, text
		p.keys = func(_ itemKey, it Item) (all []plainKey) {
			if it.Open {
				all = append(all, plainKey{n: it.Rank})
			}
			return all
		}
	case "by_code":
		r, in, text := word(someCodes).ranges(rt)
		p.query, p.in, ranges = d.byCode.Query(r...), in, text
		p.keys = func(_ itemKey, it Item) (all []plainKey) {
			if it.Code != "" {
				all = append(all, plainKey{s: it.Code})
			}
			return all
		}
	case "by_owner":
		r, in, text := falling.ranges(rt)
		p.query, p.in, ranges = d.byOwner.Query(r...), in, text
		p.keys = func(k itemKey, it Item) []plainKey { return []plainKey{{string(k.A), -it.Rank}} }
	case "by_both":
		r, in, text := pair.ranges(rt)
		p.query, p.in, ranges = d.byBoth.Query(r...), in, text
		p.keys = func(_ itemKey, it Item) (all []plainKey) {
			for _, tag := range it.Tags {
				if it.Open {
					all = append(all, plainKey{tag, it.Rank})
				}
			}
			return all
		}
	}
	p.text += "(" + ranges + ")"
	return p
}

// wish draws a query.
func (d items) wish(rt *rapid.T) wish {
	w := wish{first: d.pick(rt)}
	w.query, w.text = w.first.query, w.first.text
	for range rapid.IntRange(0, 2).Draw(rt, "ands") {
		p := d.pick(rt)
		w.and, w.query, w.text = append(w.and, p), w.query.And(p.query), w.text+".And "+p.text
	}
	if rapid.IntRange(0, 2).Draw(rt, "filter") == 0 {
		least := someRanks.Draw(rt, "least")
		w.filters = append(w.filters, func(_ itemKey, it Item) bool { return it.Rank >= least })
		w.query = w.query.Filter(func(_ itemKey, it *Item) bool { return it.Rank >= least })
		w.text += ".Filter"
	}
	if rapid.IntRange(0, 2).Draw(rt, "order") == 0 {
		w.order = func(a, b Item) int { return cmp.Compare(len(a.Tags), len(b.Tags)) }
		w.query = w.query.OrderBy(func(a, b *entity.Row[itemKey, Item]) int { return w.order(a.Value, b.Value) })
		w.text += ".OrderBy"
	}
	if w.reverse = rapid.Bool().Draw(rt, "reverse"); w.reverse {
		w.query, w.text = w.query.Reverse(), w.text+".Reverse"
	}
	w.limit = rapid.IntRange(0, 5).Draw(rt, "limit")
	w.query, w.text = w.query.Limit(w.limit), w.text+fmt.Sprint(".Limit ", w.limit)
	return w
}

// TestQueryModel compares random queries over random rows with a search
// through a map.
func TestQueryModel(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		t.Run("B41 random queries answer what the model does", func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				raw(t, s, func(tx backend.WriteTx) error { return restore(tx, nil) })
				d := newItems(msgpack.Of[Item]())
				db, err := entity.Open(t.Context(), s, d.store)
				if err != nil {
					rt.Fatalf("Open: %v", err)
				}
				m := itemModel{}
				err = db.Update(t.Context(), func(_ context.Context, tx *entity.Tx) error {
					clear(m)
					for range rapid.IntRange(0, 20).Draw(rt, "rows") {
						if err := m.put(tx, d, someKeys.Draw(rt, "key"), someItems.Draw(rt, "item")); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					rt.Fatalf("Update: %v", err)
				}
				for range rapid.IntRange(1, 6).Draw(rt, "queries") {
					w := d.wish(rt)
					err := errors.Join(
						db.View(t.Context(), func(_ context.Context, tx *entity.Tx) error { return w.compare(rt, tx, m) }),
						db.Update(t.Context(), func(_ context.Context, tx *entity.Tx) error {
							if err := w.compare(rt, tx, m); err != nil {
								return err
							}
							return w.change(rt, tx, d, maps.Clone(m))
						}))
					if !errors.Is(err, errRollback) {
						rt.Fatalf("%s: %v", w.text, err)
					}
				}
				if err := entity.Verify(t.Context(), db); err != nil {
					rt.Fatalf("Verify: %v", err)
				}
			})
		})
	})
}

// errRollback ends an Update whose writes the next query shouldn't see.
var errRollback = errors.New("rollback")

// put puts a row into the database and, unless its code is another's, into m.
func (m itemModel) put(tx *entity.Tx, d items, k itemKey, it Item) error {
	err := d.store.Put(tx, k, it)
	switch {
	case err == nil:
		m[k] = it
	case errors.Is(err, backend.ErrUnique):
		err = nil
	}
	return err
}

// compare runs the query in every way.
func (w wish) compare(rt *rapid.T, tx *entity.Tx, m itemModel) error {
	want := m.run(w)
	got, err := collect(w.query.Rows(tx))
	if err != nil {
		return err
	}
	if !slices.Equal(got, want) {
		rt.Errorf("%s: rows are %v, want %v of %v", w.text, got, want, m)
	}
	for row, err := range w.query.Rows(tx) {
		if err != nil || fmt.Sprint(row.Value) != fmt.Sprint(m[row.Key]) {
			rt.Errorf("%s: row %v is %v, %v, want %v", w.text, row.Key, row.Value, err, m[row.Key])
		}
	}
	if n, err := w.query.Count(tx); n != len(want) || err != nil {
		rt.Errorf("%s: Count = %d, %v, want %d", w.text, n, err, len(want))
	}
	row, found, err := w.query.First(tx)
	if err != nil || found != (len(want) > 0) || found && row.Key != want[0] {
		rt.Errorf("%s: First = %v, %v, %v, want the first of %v", w.text, row, found, err, want)
	}
	ranks, err := collect(entity.Project(tx, w.query, msgpack.Of[struct{ Rank int }]()))
	if err != nil || !slices.Equal(ranks, want) {
		rt.Errorf("%s: Project yields %v, %v, want %v", w.text, ranks, err, want)
	}
	sum := 0
	for _, k := range want {
		sum += m[k].Rank
	}
	total, err := entity.Summarize(tx, w.query, func(_ itemKey, it *Item) int { return it.Rank })
	if err != nil || total.Count != len(want) || total.Sum != sum {
		rt.Errorf("%s: Summarize = %+v, %v, want %d rows, sum %d", w.text, total, err, len(want), sum)
	}
	if p, err := w.query.Explain(tx); err != nil || p.String() == "" {
		rt.Errorf("%s: Explain = %v, %v", w.text, p, err)
	}
	if w.order != nil {
		return nil
	}
	// In pages the result is the same, and the rest is counted right.
	all := w
	all.limit = 0
	want = m.run(all)
	var pages []itemKey
	token, size := "", rapid.IntRange(1, 4).Draw(rt, "page")
	for last := false; !last; {
		rest, err := w.query.Limit(0).Resume(token).Count(tx)
		if err != nil || rest != len(want)-len(pages) {
			rt.Errorf("%s: Count after %d rows = %d, %v, want %d", w.text, len(pages), rest, err, len(want)-len(pages))
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
		if len(pages) > len(want) {
			break
		}
	}
	if !slices.Equal(pages, want) {
		rt.Errorf("%s: pages of %d rows are %v, want %v", w.text, size, pages, want)
	}
	return nil
}

// change runs a loop over the query that changes rows. Each row that matched as
// the loop began comes once, in that order, if it still matches.
func (w wish) change(rt *rapid.T, tx *entity.Tx, d items, m itemModel) error {
	rows, sorted, before := m.matching(w), m.run(w), maps.Clone(m)
	// next returns the key of the next row that should come.
	left := w.limit
	next := func() (itemKey, bool) {
		if w.order != nil {
			if len(sorted) == 0 {
				return itemKey{}, false
			}
			k := sorted[0]
			sorted = sorted[1:]
			return k, true
		}
		for len(rows) > 0 && (w.limit == 0 || left > 0) {
			k := rows[0]
			rows = rows[1:]
			it, exists := m[k]
			matches := exists && w.has(k, it)
			if matches && !w.passes(k, it) {
				continue
			}
			left--
			if matches {
				return k, true
			}
		}
		return itemKey{}, false
	}
	loop := w.query.Rows(tx)
	if rapid.Bool().Draw(rt, "project") {
		loop = entity.Project(tx, w.query, msgpack.Of[Item]())
	}
	for row, err := range loop {
		if err != nil {
			return err
		}
		want, ok := next()
		if !ok || row.Key != want {
			rt.Fatalf("%s: the loop comes to %v, want %v, %v", w.text, row.Key, want, ok)
		}
		it := m[row.Key]
		if w.order != nil {
			it = before[row.Key]
		}
		if fmt.Sprint(row.Value) != fmt.Sprint(it) {
			rt.Errorf("%s: the loop has %v for %v, want %v", w.text, row.Value, row.Key, it)
		}
		for range rapid.IntRange(0, 3).Draw(rt, "changes") {
			k := someKeys.Draw(rt, "key")
			if len(rows) > 0 && rapid.Bool().Draw(rt, "ahead") {
				k = rapid.SampledFrom(rows).Draw(rt, "row")
			}
			if rapid.IntRange(0, 2).Draw(rt, "delete") == 2 {
				if _, err := d.store.Delete(tx, k); err != nil {
					return err
				}
				delete(m, k)
			} else if err := m.put(tx, d, k, someItems.Draw(rt, "item")); err != nil {
				return err
			}
		}
	}
	if k, ok := next(); ok {
		rt.Errorf("%s: the loop ended before %v", w.text, k)
	}
	return errRollback
}
