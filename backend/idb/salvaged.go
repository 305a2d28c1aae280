package idb

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"slices"
	"sort"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/pagetree"
)

// A leaf is a sound leaf.
type leaf struct {
	id          pagetree.ID
	first, last []byte // keys
	live        bool   // the root leads to it
}

// leafOf returns what b, stored as the page id, is, if it is a sound leaf.
func leafOf(id pagetree.ID, b []byte) (table string, l leaf, err error) {
	table, pairs, err := pagetree.Salvage(id, b)
	if err != nil {
		return "", leaf{}, err
	}
	l.id = id
	for p := range pairs {
		if l.first == nil {
			l.first = p.Key
		}
		l.last = p.Key
	}
	l.first, l.last = bytes.Clone(l.first), bytes.Clone(l.last)
	return table, l, nil
}

// leafOrder sorts leaves by their first keys. Package slices would make code of
// its own for them, some kilobytes of a wasm module.
type leafOrder []leaf

func (o leafOrder) Len() int           { return len(o) }
func (o leafOrder) Less(i, j int) bool { return bytes.Compare(o[i].first, o[j].first) < 0 }
func (o leafOrder) Swap(i, j int)      { o[i], o[j] = o[j], o[i] }

// resolve returns the leaves of a table, ascending by their first keys.
func (s *salvager) resolve(table string, live []leaf) []leaf {
	known := map[pagetree.ID]bool{}
	for _, l := range live {
		known[l.id] = true
	}
	all := slices.Clone(live)
	for _, l := range s.leaves[table] {
		if !known[l.id] {
			all = append(all, l)
		}
	}
	sort.Stable(leafOrder(all))
	return all
}

// salvaged is what is sound of a table. It is a [mvcc.Base].
type salvaged struct {
	s      *salvager
	leaves []leaf // ascending by first key; they may overlap
}

// Get is as in [mvcc.Base].
func (t *salvaged) Get(ctx context.Context, key []byte, cached bool) ([]byte, error) {
	r := backend.Range{Start: key, End: append(bytes.Clone(key), 0)}
	for kv, err := range t.Scan(ctx, r, cached) {
		return kv.Value, err
	}
	return nil, backend.ErrNotFound
}

// Count is as in [mvcc.Base].
func (t *salvaged) Count(ctx context.Context, r backend.Range, cached bool) (n int, err error) {
	for _, err := range t.Scan(ctx, r, cached) {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// Len returns how many leaves there are: what counts is whether there are any.
func (t *salvaged) Len() int { return len(t.leaves) }

// Scan is as in [mvcc.Base], ascending only.
func (t *salvaged) Scan(ctx context.Context, r backend.Range, cached bool) iter.Seq2[backend.KV, error] {
	return func(yield func(backend.KV, error) bool) {
		var open []openLeaf
		for next := 0; next < len(t.leaves) || len(open) > 0; {
			// All leaves that may hold the smallest key that is left.
			for next < len(t.leaves) && (len(open) == 0 || bytes.Compare(t.leaves[next].first, smallest(open)) <= 0) {
				o, err := t.s.open(ctx, t.leaves[next])
				if err != nil {
					yield(backend.KV{}, err)
					return
				}
				next++
				if len(o.pairs) > 0 {
					open = append(open, o)
				}
			}
			if len(open) == 0 {
				continue
			}
			key := smallest(open)
			best := -1
			for i := range open {
				if bytes.Compare(open[i].first, key) <= 0 && bytes.Compare(key, open[i].last) <= 0 && (best < 0 || newer(open[i].leaf, open[best].leaf)) {
					best = i
				}
			}
			p, live := open[best].pairs[0], open[best].live
			ours := bytes.Equal(p.Key, key)
			for i := range open {
				if bytes.Equal(open[i].pairs[0].Key, key) {
					open[i].pairs = open[i].pairs[1:]
				}
			}
			open = slices.DeleteFunc(open, func(o openLeaf) bool { return len(o.pairs) == 0 })
			if !ours || bytes.Compare(key, r.Start) < 0 {
				continue
			}
			if r.End != nil && bytes.Compare(key, r.End) >= 0 {
				return
			}
			kv, ok, err := t.s.value(ctx, p, live)
			if err != nil {
				yield(backend.KV{}, err)
				return
			}
			if ok && !yield(kv, nil) {
				return
			}
		}
	}
}

// An openLeaf is a leaf with those of its pairs that are still to come.
type openLeaf struct {
	leaf
	pairs []pagetree.Pair
}

func smallest(open []openLeaf) []byte {
	return slices.MinFunc(open, func(a, b openLeaf) int { return bytes.Compare(a.pairs[0].Key, b.pairs[0].Key) }).pairs[0].Key
}

// newer reports whether a counts where it overlaps b.
func newer(a, b leaf) bool {
	if a.live != b.live {
		return a.live
	}
	return a.id > b.id
}

// open reads a leaf. One that is damaged has no pairs.
func (s *salvager) open(ctx context.Context, l leaf) (openLeaf, error) {
	page, err := s.cache.page(ctx, l.id, false)
	if err != nil {
		return openLeaf{leaf: l}, err
	}
	_, pairs, err := pagetree.Salvage(l.id, page.Bytes())
	return openLeaf{l, slices.Collect(pairs)}, err
}

// value returns a pair with its value, which may be a page of its own. It
// reports false when that is lost; what the root leads to was looked at before.
func (s *salvager) value(ctx context.Context, p pagetree.Pair, live bool) (kv backend.KV, ok bool, err error) {
	kv = backend.KV{Key: p.Key, Value: p.Value}
	if p.Apart == 0 {
		return kv, true, nil
	}
	page, err := s.cache.page(ctx, p.Apart, false)
	if err == nil {
		kv.Value, err = pagetree.Value(p.Apart, page.Bytes())
	}
	if err == nil || live && errors.Is(err, backend.ErrCorrupt) {
		return kv, err == nil, nil
	}
	return kv, false, s.damage.found("", err)
}
