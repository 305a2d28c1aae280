package entity_test

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"pgregory.net/rapid"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
)

// modify makes a write that depends on what there is.
func (m *modelTable[K, V]) modify(rt *rapid.T, tx *entity.Tx, op string, key K, value V) error {
	old, exists := m.work[key]
	same := func(v V) bool { return fmt.Sprintf("%+v", v) == fmt.Sprintf("%+v", old) }
	switch op {
	case "update", "upsert":
		mine := rapid.IntRange(0, 5).Draw(rt, "function fails") == 0
		change := func(v *V, existed bool) error {
			if existed != exists || !same(*v) {
				rt.Fatalf("%s(%v) gets %+v, %v, want %+v, %v", op, key, *v, existed, old, exists)
			}
			if *v = value; mine {
				return errMine
			}
			return nil
		}
		var err error
		if op == "upsert" {
			err = m.store.Upsert(tx, key, change)
		} else {
			err = m.store.Update(tx, key, func(v *V) error { return change(v, true) })
		}
		if op == "update" && !exists {
			return m.expect(rt, op, err, backend.ErrNotFound)
		}
		if mine {
			if err == nil {
				rt.Fatalf("%s(%v) = nil, want the function's error", op, key)
			}
			if errors.Is(err, errMine) {
				return nil
			}
			return err
		}
		return m.expect(rt, op, err, m.put(key, value, false))
	case "take":
		delete(m.work, key)
		got, existed, err := m.store.Take(tx, key)
		if err == nil && (existed != exists || !same(got)) {
			rt.Fatalf("Take(%v) = %+v, %v, want %+v, %v", key, got, existed, old, exists)
		}
		return err
	case "delete range":
		all := make(map[string]K)
		for key := range m.work {
			all[enc(key)] = key
		}
		r := someRange(rt, []K{key, m.ids.Draw(rt, "another")})
		if r = r.Limit(2); rapid.Bool().Draw(rt, "without limit") {
			r = r.Limit(0)
		}
		gone := selected(all, bounds(rt, r))
		for _, k := range gone {
			delete(m.work, all[k])
		}
		n, err := m.store.DeleteRange(tx, r)
		if err == nil && n != len(gone) {
			rt.Fatalf("DeleteRange of %s = %d, want %d", m.name, n, len(gone))
		}
		return err
	default:
		now := m.workings[key]
		revision := rapid.SampledFrom([]uint64{now, now, 0, 1, math.MaxUint64}).Draw(rt, "revision")
		var want backend.Class
		switch {
		case !m.revisions:
			want = backend.ErrInvalid
		case !exists || revision != now:
			want = backend.ErrStale
		default:
			want = m.put(key, value, false)
		}
		return m.expect(rt, op, m.store.Swap(tx, key, revision, value), want)
	}
}

// query compares a random query with a search through the rows.
func (m *modelTable[K, V]) query(rt *rapid.T, tx *entity.Tx) error {
	w := wish[K, V]{
		at:     func(k K) plainKey { return plainKey{s: enc(k)} },
		number: m.number,
		size:   func(v *V) int { return len(fmt.Sprint(*v)) },
		project: func(tx *entity.Tx, q *entity.Query[K, V]) ([]K, error) {
			return collect(entity.Project(tx, q, m.codec))
		},
	}.draw(rt, m.pick)
	return w.compare(rt, tx, m.work)
}

// pick draws a query of the store or of one of its indexes.
func (m *modelTable[K, V]) pick(rt *rapid.T) picked[K, V] {
	key := m.ids.Draw(rt, "key")
	if name, ok := m.someIndex(rt); ok {
		return m.indexes[name].pick(rt, key, m.values.Draw(rt, "value"))
	}
	ranges, in, text := someRangesOf(rt, []K{key, m.ids.Draw(rt, "another")})
	return picked[K, V]{
		query: m.store.Query(ranges...),
		text:  m.name + text,
		in:    in,
		keys:  func(k K, _ V) []plainKey { return []plainKey{{s: enc(k)}} },
	}
}

// someIndex returns the name of an index, or false for the store itself.
func (m *modelTable[K, V]) someIndex(rt *rapid.T) (string, bool) {
	names := append(slices.Sorted(maps.Keys(m.indexes)), "")
	name := rapid.SampledFrom(names).Draw(rt, "of")
	return name, name != ""
}
