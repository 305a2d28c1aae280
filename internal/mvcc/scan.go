package mvcc

import (
	"bytes"
	"iter"

	"github.com/larderdb/larder/backend"
)

// ctxEvery is after how many pairs a long scan looks at its context; the
// contract asks for no more than 1,024.
const ctxEvery = 512

// Scan is as in [backend.ReadTx].
func (tx *ReadTx) Scan(table string, r backend.Range) iter.Seq2[backend.KV, error] {
	return func(yield func(backend.KV, error) bool) {
		t, err := tx.inRange("scan", table, r)
		if err != nil {
			yield(backend.KV{}, err)
			return
		}
		if t.private {
			// A write makes a copy of this tree for itself while loops > 0.
			t.loops++
			defer func() { t.loops-- }()
		}
		tx.walk(t, r, yield)
	}
}

// comparisons is how many pairs a walk compares with its last bound. One that
// is still going on then looks up where it will end, which is dear for a short
// walk and spares a long one a third of its time.
const comparisons = 32

// walk calls yield with the pairs of t in r.
func (tx *ReadTx) walk(t *tree, r backend.Range, yield func(backend.KV, error) bool) {
	n, attend := 0, 0 // pairs yielded; how many of them until more than the next pair is to be looked at
	var end *byte     // of the first pair after the range, when n >= comparisons
	step := func(p Pair) bool {
		if n == attend {
			switch {
			case r.Limit > 0 && n == r.Limit:
				return false
			case n < comparisons:
				if r.Reverse && n == 0 && r.End != nil && bytes.Equal(p.Key(), r.End) {
					return true // the end itself is not in the range
				}
				if past(p, r) {
					return false
				}
				attend++
			default:
				if n == comparisons {
					end = t.after(r)
				}
				if err := tx.ctx.Err(); err != nil {
					yield(backend.KV{}, err)
					return false
				}
				attend += ctxEvery
				if r.Limit > 0 {
					attend = min(attend, r.Limit)
				}
			}
		}
		if p.start == end {
			return false
		}
		if tx.done {
			yield(backend.KV{}, &backend.Error{Class: backend.ErrTxDone, Op: "scan"})
			return false
		}
		n++
		return yield(p.kv(), nil)
	}
	switch {
	case !r.Reverse && len(r.Start) == 0:
		t.pairs.Scan(step)
	case !r.Reverse:
		t.pairs.Ascend(pivot(r.Start), step)
	case r.End == nil:
		t.pairs.Reverse(step)
	default:
		t.pairs.Descend(pivot(r.End), step)
	}
}

// past reports whether p lies beyond r in the direction of its walk.
func past(p Pair, r backend.Range) bool {
	if r.Reverse {
		return bytes.Compare(p.Key(), r.Start) < 0
	}
	return r.End != nil && bytes.Compare(p.Key(), r.End) >= 0
}

// after returns the start of the first pair past r, or nil when there is none.
func (t *tree) after(r backend.Range) (start *byte) {
	first := func(p Pair) bool {
		if past(p, r) {
			start = p.start
		}
		return start == nil
	}
	switch {
	case r.Reverse && len(r.Start) > 0:
		t.pairs.Descend(pivot(r.Start), first)
	case !r.Reverse && r.End != nil:
		t.pairs.Ascend(pivot(r.End), first)
	}
	return start
}
