package mvcc

import (
	"bytes"
	"iter"

	"github.com/larderdb/larder/backend"
)

// ctxEvery is after how many pairs a scan looks at its context.
const ctxEvery = 1024

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
		n := 0
		t.scan(r, func(p Pair) bool {
			if err := tx.interrupted(n); err != nil {
				yield(backend.KV{}, err)
				return false
			}
			n++
			return yield(p.kv(), nil) && n != r.Limit
		})
	}
}

// interrupted returns why a loop must end that has yielded n pairs, or nil.
func (tx *ReadTx) interrupted(n int) error {
	if tx.done {
		return &backend.Error{Class: backend.ErrTxDone, Op: "scan"}
	}
	if n%ctxEvery == ctxEvery-1 {
		return tx.ctx.Err()
	}
	return nil
}

// scan calls yield with the pairs of r, whose limit it disregards, until it
// returns false.
func (t *tree) scan(r backend.Range, yield func(Pair) bool) {
	if r.Reverse {
		t.descend(r, yield)
	} else {
		t.ascend(r, yield)
	}
}

func (t *tree) ascend(r backend.Range, yield func(Pair) bool) {
	step := yield
	if r.End != nil {
		step = func(p Pair) bool { return bytes.Compare(p.Key(), r.End) < 0 && yield(p) }
	}
	if len(r.Start) == 0 {
		t.pairs.Scan(step)
	} else {
		t.pairs.Ascend(pivot(r.Start), step)
	}
}

func (t *tree) descend(r backend.Range, yield func(Pair) bool) {
	step := yield
	if len(r.Start) > 0 {
		step = func(p Pair) bool { return bytes.Compare(p.Key(), r.Start) >= 0 && yield(p) }
	}
	if r.End == nil {
		t.pairs.Reverse(step)
		return
	}
	t.pairs.Descend(pivot(r.End), func(p Pair) bool {
		return bytes.Equal(p.Key(), r.End) || step(p) // the end itself is not in the range
	})
}
