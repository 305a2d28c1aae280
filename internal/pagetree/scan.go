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
// read ahead, more of them the longer it is, and so for values that are pages of
// their own; unless cached is set: then nothing is, and a page that isn't in
// memory ends it with [backend.ErrNotInMemory]. An error is yielded once, at the
// end.
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

// A scan is one loop over the pairs of a tree.
type scan struct {
	tree   *Tree
	ctx    context.Context
	r      backend.Range
	cached bool
	yield  func(backend.KV, error) bool

	path   []step // from the leaf, at its level 0, to the root
	leaves window // under path[1]
	values window // in path[0]
}

// A step is a node on the way to a leaf and the entry of it that was taken.
type step struct {
	*Page
	at int
}

// run yields until there is no more, or none is wanted.
func (s *scan) run() error {
	s.path = make([]step, int(s.tree.Root.Level)+1)
	if err := s.descend(int(s.tree.Root.Level), true); err != nil {
		return err
	}
	for {
		more, err := s.leaf(s.path[0].Page)
		if err == nil && more {
			more, err = s.next()
		}
		if err != nil || !more {
			return err
		}
	}
}

// descend goes to the page that path leads to at a level, and on to a leaf under
// it: to the one where the range begins if that is under it, or else the first in
// the scan's direction.
func (s *scan) descend(level int, begin bool) error {
	for {
		nd, err := s.page(level)
		if err != nil {
			return err
		}
		st := &s.path[level]
		st.Page, st.at = nd, 0
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
			s.leaves.asked = 0
			s.leavesAhead()
		}
		level--
	}
}

// page returns the page that path leads to at a level.
func (s *scan) page(level int) (*Page, error) {
	if level == len(s.path)-1 {
		nd, err := s.tree.root(s.ctx, s.cached)
		return nd, s.tree.lost(err, nil)
	}
	above := &s.path[level+1]
	nd, err := s.tree.below(s.ctx, above.Page, above.at, s.cached, true)
	if err != nil {
		return nil, s.tree.lost(err, above.bound(above.at))
	}
	return nd, nil
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
		s.leaves.step()
		if level == 1 {
			s.leavesAhead()
		}
		return true, s.descend(level-1, false)
	}
	return false, nil
}

// leavesAhead asks for leaves after the one that path[1] leads to.
func (s *scan) leavesAhead() {
	if s.cached {
		return
	}
	st := &s.path[1]
	s.ask(s.leaves.more(scanAhead, func(n int) ID {
		i := st.at + n
		if s.r.Reverse {
			i = st.at - n
		}
		if i < 0 || i >= st.n ||
			s.r.Reverse && bytes.Compare(st.bound(i+1), s.r.Start) <= 0 ||
			!s.r.Reverse && s.r.End != nil && bytes.Compare(st.bound(i), s.r.End) >= 0 {
			return 0
		}
		return st.childID(i)
	}))
}

// valuesAhead asks for values that are pages of their own, of pairs after the one
// at i, whose value is one.
func (s *scan) valuesAhead(nd *Page, i, from, to int) {
	if s.cached {
		return
	}
	s.ask(s.values.more(scanAhead, func(n int) ID {
		size := uint64(0)
		for at := i; ; {
			if s.r.Reverse {
				at--
			} else {
				at++
			}
			if at < from || at >= to {
				return 0
			}
			_, _, apart, m := nd.pair(at)
			if apart == 0 {
				continue
			}
			if size += m; size > maxValuesAhead {
				return 0
			}
			if n--; n == 0 {
				return apart
			}
		}
	}))
	s.values.step()
}

func (s *scan) ask(ids []ID) {
	if len(ids) > 0 {
		s.tree.Pages.Ahead(ids)
	}
}

// leaf yields a leaf's pairs in the range and reports whether more are wanted.
func (s *scan) leaf(nd *Page) (bool, error) {
	from, to := 0, nd.n
	begun := s.leaves.passed > 0
	if len(s.r.Start) > 0 && (!begun || s.r.Reverse) {
		from, _ = nd.search(s.r.Start)
	}
	if s.r.End != nil && (!begun || !s.r.Reverse) {
		to, _ = nd.search(s.r.End)
	}
	s.values.asked = 0
	i, step := from, 1
	if s.r.Reverse {
		i, step = to-1, -1
	}
	for ; i >= from && i < to; i += step {
		key, v, apart, size := nd.pair(i)
		if apart != 0 {
			s.valuesAhead(nd, i, from, to)
			var err error
			if v, err = s.tree.value(s.ctx, apart, size, s.cached); err != nil {
				return false, s.tree.lost(err, key)
			}
		}
		if !s.yield(backend.KV{Key: key, Value: v}, nil) {
			return false, nil
		}
	}
	return true, nil
}
