package pagetree

import (
	"bytes"
	"context"
	"iter"

	"github.com/larderdb/larder/backend"
)

// Scan returns an iterator over the pairs whose keys lie in r, ascending, or
// descending when r.Reverse is set; r.Limit doesn't count. It reads pages as the
// loop gets there. A loop that goes on past its first leaf has those after it
// read ahead, more of them the longer it is, unless cached is set: then a page
// that isn't in memory ends it with [backend.ErrNotInMemory]. An error is yielded
// once, at the end.
func (t *Tree) Scan(ctx context.Context, r backend.Range, cached bool) iter.Seq2[backend.KV, error] {
	return func(yield func(backend.KV, error) bool) {
		if t.Root.Page == 0 || isEmpty(r) {
			return
		}
		s := scan{tree: t, ctx: ctx, r: r, cached: cached, yield: yield}
		if err := s.run(); err != nil {
			yield(backend.KV{}, err)
		}
	}
}

// maxAhead is how many leaves are read ahead.
const maxAhead = 8

// A scan is one loop over the pairs of a tree.
type scan struct {
	tree   *Tree
	ctx    context.Context
	r      backend.Range
	cached bool
	yield  func(backend.KV, error) bool

	path   []step // from the leaf, at its level 0, to the root
	leaves int    // that the scan has gone on to
	ahead  int    // leaves under path[1], after the one it is at, that are being read already
	ids    [maxAhead]ID
}

// A step is a node on the way to a leaf and the entry of it that was taken.
type step struct {
	node
	at int
}

// run yields until there is no more, or none is wanted.
func (s *scan) run() error {
	s.path = make([]step, int(s.tree.Root.Level)+1)
	if err := s.descend(s.tree.Root.Page, int(s.tree.Root.Level), true); err != nil {
		return err
	}
	for {
		more, err := s.leaf(&s.path[0].node)
		if err == nil && more {
			more, err = s.next()
		}
		if err != nil || !more {
			return err
		}
	}
}

// descend goes from the page id to a leaf under it: to the one where the range
// begins if that is under it, or else the first in the scan's direction.
func (s *scan) descend(id ID, level int, begin bool) error {
	for {
		nd, err := s.tree.node(s.ctx, id, uint8(level), s.cached)
		if err != nil {
			return err
		}
		st := &s.path[level]
		st.node, st.at = nd, 0
		if level == 0 {
			return nil
		}
		switch {
		case !s.r.Reverse && begin:
			st.at = nd.searchBound(s.r.Start, true)
		case s.r.Reverse && begin && s.r.End != nil:
			st.at = nd.searchBound(s.r.End, false)
		case s.r.Reverse:
			st.at = nd.n - 1
		}
		if level == 1 {
			s.ahead = 0
			s.readAhead()
		}
		id, level = nd.childID(st.at), level-1
	}
}

// next goes to the next leaf and reports whether there is one in the range.
func (s *scan) next() (bool, error) {
	for level := 1; level < len(s.path); level++ {
		st := &s.path[level]
		if s.r.Reverse {
			if st.at == 0 {
				continue
			}
			if bytes.Compare(st.bound(st.at), s.r.Start) <= 0 {
				return false, nil
			}
			st.at--
		} else {
			if st.at == st.n-1 {
				continue
			}
			if s.r.End != nil && bytes.Compare(st.bound(st.at+1), s.r.End) >= 0 {
				return false, nil
			}
			st.at++
		}
		s.leaves++
		if level == 1 {
			s.ahead--
			s.readAhead()
		}
		return true, s.descend(st.childID(st.at), level-1, false)
	}
	return false, nil
}

// readAhead asks for leaves after the one at path[1] when few of those that it
// asked for are left: as many as the scan has passed, up to maxAhead.
func (s *scan) readAhead() {
	want := min(s.leaves, maxAhead)
	if s.cached || s.ahead > want/2 {
		return
	}
	s.ahead = max(s.ahead, 0)
	st, n := &s.path[1], 0
	for ; s.ahead < want; s.ahead++ {
		i := st.at + s.ahead + 1
		if s.r.Reverse {
			i = st.at - s.ahead - 1
		}
		if i < 0 || i >= st.n ||
			s.r.Reverse && bytes.Compare(st.bound(i+1), s.r.Start) <= 0 ||
			!s.r.Reverse && s.r.End != nil && bytes.Compare(st.bound(i), s.r.End) >= 0 {
			break
		}
		s.ids[n] = st.childID(i)
		n++
	}
	if n > 0 {
		s.tree.Pages.Ahead(s.ids[:n])
	}
}

// leaf yields a leaf's pairs in the range and reports whether more are wanted.
func (s *scan) leaf(nd *node) (bool, error) {
	from, to := 0, nd.n
	if len(s.r.Start) > 0 && (s.leaves == 0 || s.r.Reverse) {
		from, _ = nd.search(s.r.Start)
	}
	if s.r.End != nil && (s.leaves == 0 || !s.r.Reverse) {
		to, _ = nd.search(s.r.End)
	}
	if s.r.Reverse {
		for i := to - 1; i >= from; i-- {
			if more, err := s.pair(nd, i); err != nil || !more {
				return false, err
			}
		}
		return true, nil
	}
	for i := from; i < to; i++ {
		if more, err := s.pair(nd, i); err != nil || !more {
			return false, err
		}
	}
	return true, nil
}

// pair yields a pair and reports whether more are wanted.
func (s *scan) pair(nd *node, i int) (bool, error) {
	key, v, apart, size := nd.pair(i)
	if apart != 0 {
		var err error
		if v, err = s.tree.value(s.ctx, apart, size, s.cached); err != nil {
			return false, err
		}
	}
	return s.yield(backend.KV{Key: key, Value: v}, nil), nil
}
