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

func plain(k itemKey) plainKey { return plainKey{string(k.A), int(k.B)} }

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
func (d items) pick(rt *rapid.T) picked[itemKey, Item] {
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
	p := picked[itemKey, Item]{text: rapid.SampledFrom([]string{"items", "by_rank", "by_tag", "by_open", "by_code", "by_owner", "by_both"}).Draw(rt, "of")}
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
func (d items) wish(rt *rapid.T) wish[itemKey, Item] {
	return wish[itemKey, Item]{
		at:     plain,
		number: func(_ itemKey, it *Item) int { return it.Rank },
		size:   func(it *Item) int { return len(it.Tags) },
		project: func(tx *entity.Tx, q *entity.Query[itemKey, Item]) ([]itemKey, error) {
			return collect(entity.Project(tx, q, msgpack.Of[struct{ Rank int }]()))
		},
	}.draw(rt, d.pick)
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
				m := rowsModel[itemKey, Item]{}
				err = db.Update(t.Context(), func(_ context.Context, tx *entity.Tx) error {
					clear(m)
					for range rapid.IntRange(0, 20).Draw(rt, "rows") {
						if err := d.put(tx, m, someKeys.Draw(rt, "key"), someItems.Draw(rt, "item")); err != nil {
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
					err := db.View(t.Context(), func(_ context.Context, tx *entity.Tx) error { return w.compare(rt, tx, m) })
					if err != nil {
						rt.Fatalf("%s in a View: %v", w.text, err)
					}
					err = db.Update(t.Context(), func(_ context.Context, tx *entity.Tx) error {
						if err := w.compare(rt, tx, m); err != nil {
							return err
						}
						return d.change(rt, tx, w, maps.Clone(m))
					})
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
func (d items) put(tx *entity.Tx, m rowsModel[itemKey, Item], k itemKey, it Item) error {
	err := d.store.Put(tx, k, it)
	switch {
	case err == nil:
		m[k] = it
	case errors.Is(err, backend.ErrUnique):
		err = nil
	}
	return err
}

// change runs a loop over the query that changes rows. Each row that matched as
// the loop began comes once, in that order, if it still matches.
func (d items) change(rt *rapid.T, tx *entity.Tx, w wish[itemKey, Item], m rowsModel[itemKey, Item]) error {
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
			} else if err := d.put(tx, m, k, someItems.Draw(rt, "item")); err != nil {
				return err
			}
		}
	}
	if k, ok := next(); ok {
		rt.Errorf("%s: the loop ended before %v", w.text, k)
	}
	return errRollback
}
