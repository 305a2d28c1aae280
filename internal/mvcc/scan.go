package mvcc

import (
	"bytes"
	"iter"
	"slices"

	"github.com/larderdb/larder/backend"
)

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
		w := walk{tx: tx, tree: t, r: r, yield: yield}
		if tx.reads != nil {
			// The whole range, until the loop has ended sooner: it may also end
			// by a panic that the closure recovers from, or never.
			w.reads = tx.reads.table(table)
			w.read = w.reads.readRange(r)
		}
		if t.base != nil {
			// A copy, because merge's walk is the allocator's and run's needn't be.
			over := w
			over.merge()
			return
		}
		w.run()
	}
}

// A walk that has yielded short pairs is a long one. It looks up where it will
// end, which is dear for a short walk, and doesn't compare each key with its
// last bound any more. And it takes pairs by the batch and touches all of them
// before it yields the first: pairs lie scattered in memory, and a processor
// that isn't told waits for one after another.
const (
	short = 32
	batch = 16
)

// A walk is one loop over the pairs of a tree in a range.
type walk struct {
	tx    *ReadTx
	tree  *tree
	r     backend.Range
	yield func(backend.KV, error) bool
	reads *tableReads // or nil

	n       int   // pairs yielded
	end     *byte // start of the first pair after the range, when the walk is long
	pending int   // pairs of next that wait
	next    [batch]Pair
	read    int32 // what reads calls the walk's range
	over    bool  // nothing is to be yielded any more
	skip    bool  // the first pair may be r.End, which is not in the range
	touched byte  // what touching leaves, so that it isn't left out
}

func (w *walk) run() {
	t, r := w.tree.pairs, w.r
	switch {
	case !r.Reverse && len(r.Start) == 0:
		t.Scan(w.step)
	case !r.Reverse:
		t.Ascend(pivot(r.Start), w.step)
	case r.End == nil:
		t.Reverse(w.step)
	default:
		w.skip = true
		t.Descend(pivot(r.End), w.step)
	}
	if !w.over && w.pending > 0 {
		w.flush()
	}
}

// runFrom is run for a walk that goes on at p, which is in its range.
func (w *walk) runFrom(p Pair) {
	if w.n >= short {
		w.end = w.tree.after(w.r)
	}
	if w.r.Reverse {
		w.tree.pairs.Descend(p, w.step)
	} else {
		w.tree.pairs.Ascend(p, w.step)
	}
	if !w.over && w.pending > 0 {
		w.flush()
	}
}

// step takes the next pair of the tree and reports whether there should be
// more.
func (w *walk) step(p Pair) bool {
	if w.n < short {
		if w.skip {
			if w.skip = false; bytes.Equal(p.Key(), w.r.End) {
				return true
			}
		}
		if past(p, w.r) {
			return false
		}
		if !p.isTombstone() && !w.emit(p.kv()) {
			return false
		}
		if w.n == short {
			w.end = w.tree.after(w.r)
		}
		return true
	}
	if p.start == w.end {
		return false
	}
	w.next[w.pending] = p
	w.pending++
	return w.pending < batch || w.flush()
}

// flush yields the pairs that wait and reports whether there should be more.
func (w *walk) flush() bool {
	pairs := w.next[:w.pending]
	w.pending = 0
	if err := w.tx.ctx.Err(); err != nil {
		return w.fail(err)
	}
	for _, p := range pairs {
		w.touched += *p.start
	}
	if w.tree.base != nil {
		pairs = slices.DeleteFunc(pairs, Pair.isTombstone)
	}
	for _, p := range pairs {
		if w.tx.done {
			return w.fail(errDone())
		}
		w.n++
		if !w.yield(p.kv(), nil) || w.n == w.r.Limit {
			return w.stop(p.Key())
		}
	}
	return true
}

// emit yields a pair and reports whether there should be more.
func (w *walk) emit(kv backend.KV) bool {
	if w.tx.done {
		return w.fail(errDone())
	}
	w.n++
	if !w.yield(kv, nil) || w.n == w.r.Limit {
		return w.stop(kv.Key)
	}
	return true
}

// stop ends the walk after the pair of key.
func (w *walk) stop(key []byte) bool {
	w.over = true
	if w.reads != nil {
		w.reads.narrow(w.read, key, w.r.Reverse)
	}
	return false
}

func errDone() error { return &backend.Error{Class: backend.ErrTxDone, Op: "scan"} }

// fail ends the walk with an error.
func (w *walk) fail(err error) bool {
	w.over = true
	w.yield(backend.KV{}, err)
	return false
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
