package mvcc

import (
	"bytes"
	"context"

	"github.com/larderdb/larder/backend"
)

// count returns how many of t's own pairs, tombstones among them, lie in r,
// whose Limit it ignores.
func (t *tree) count(r backend.Range) int {
	n := t.pairs.Len()
	if r.End != nil {
		n = t.rank(r.End)
	}
	if len(r.Start) > 0 {
		n = max(n-t.rank(r.Start), 0)
	}
	return n
}

// rank returns how many keys are smaller than key.
func (t *tree) rank(key []byte) int {
	low, high := 0, t.pairs.Len()
	for pivot := pivot(key); low < high; {
		mid := int(uint(low+high) >> 1)
		if p, _ := t.pairs.GetAt(mid); less(p, pivot) {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// countOverBase returns how many pairs of t, which has a Base, lie in r, whose
// Limit it ignores.
func (tx *ReadTx) countOverBase(t *tree, r backend.Range) (int, error) {
	cached := tx.isCached()
	n, err := t.base.Count(tx.ctx, r, cached)
	if err != nil {
		return 0, err
	}
	// New keys often come after all those of the Base, or between two of them.
	span, live := t.span(r)
	if span.End == nil {
		return n, nil
	}
	switch below, err := t.base.Count(tx.ctx, span, cached); {
	case err != nil:
		return 0, err
	case below == 0:
		return n + live, nil
	}
	t.pairs.Ascend(pivot(r.Start), func(p Pair) bool {
		if r.End != nil && bytes.Compare(p.Key(), r.End) >= 0 {
			return false
		}
		var below bool
		if below, err = t.inBase(tx.ctx, p.Key(), cached); err != nil {
			return false
		}
		if p.isTombstone() && below {
			n--
		} else if !p.isTombstone() && !below {
			n++
		}
		return true
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// span returns the range from the first to the last of t's own pairs in r,
// tombstones among them, and how many of them are none. Without any the range has
// no end.
func (t *tree) span(r backend.Range) (span backend.Range, live int) {
	var last []byte
	t.pairs.Ascend(pivot(r.Start), func(p Pair) bool {
		if r.End != nil && bytes.Compare(p.Key(), r.End) >= 0 {
			return false
		}
		if last == nil {
			span.Start = p.Key()
		}
		if last = p.Key(); !p.isTombstone() {
			live++
		}
		return true
	})
	if last != nil {
		span.End = append(bytes.Clone(last), 0)
	}
	return span, live
}

// inBase reports whether t's Base has key. It counts, because Get would fetch
// values that are stored apart.
func (t *tree) inBase(ctx context.Context, key []byte, cached bool) (bool, error) {
	end := append(make([]byte, 0, backend.MaxKey+1), key...)
	n, err := t.base.Count(ctx, backend.Range{Start: key, End: append(end, 0)}, cached)
	return n > 0, err
}
