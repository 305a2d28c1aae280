package mvcc

import (
	"bytes"

	"github.com/tidwall/btree"
)

// merge is run for a table with a Base. The Base sets the pace, because it may
// have to fetch pages; the tree's own pairs are fetched one by one between
// its pairs, up to the last of those.
func (w *walk) merge() {
	m := merger{walk: w, own: w.tree.pairs.Iter()}
	m.seek()
	n := 0
	for kv, err := range w.tree.base.Scan(w.tx.ctx, w.r, w.tx.isCached()) {
		if n++; err == nil && n%batch == 0 {
			err = w.tx.ctx.Err()
		}
		if err != nil {
			w.fail(err)
			return
		}
		hidden := m.more && m.upTo(kv.Key)
		if w.over || !hidden && !w.emit(kv) {
			return
		}
	}
	switch {
	case !m.more:
	case n == 0:
		w.run()
	default:
		w.runFrom(m.next)
	}
}

// A merger fetches the pairs of a walk's tree one by one.
type merger struct {
	*walk
	own  btree.IterG[Pair]
	next Pair // what was fetched last
	more bool // next is in the range and was not yielded yet
}

// seek fetches the first pair.
func (m *merger) seek() {
	r := m.r
	switch {
	case !r.Reverse && len(r.Start) == 0:
		m.more = m.own.First()
	case !r.Reverse:
		m.more = m.own.Seek(pivot(r.Start))
	case r.End != nil && m.own.Seek(pivot(r.End)):
		m.more = m.own.Prev()
	default:
		m.more = m.own.Last()
	}
	m.fetched()
}

// fetched takes over what the iterator has moved to.
func (m *merger) fetched() {
	if m.more {
		m.next = m.own.Item()
		m.more = !past(m.next, m.r)
	}
}

func (m *merger) advance() {
	if m.r.Reverse {
		m.more = m.own.Prev()
	} else {
		m.more = m.own.Next()
	}
	m.fetched()
}

// upTo yields the tree's pairs up to key, of which the Base has a pair, and
// reports whether that pair is hidden by one of them. The walk may be over
// then.
func (m *merger) upTo(key []byte) (hidden bool) {
	for m.more {
		p := m.next
		order := bytes.Compare(p.Key(), key)
		if m.r.Reverse {
			order = -order
		}
		if order > 0 {
			return false
		}
		if !p.isTombstone() && !m.emit(p.kv()) {
			return true
		}
		m.advance()
		if order == 0 {
			return true
		}
	}
	return false
}
