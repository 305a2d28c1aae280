package pagetree

import (
	"bytes"
	"context"
	"iter"

	"github.com/larderdb/larder/backend"
)

// A Change sets Key to Value or deletes it.
type Change struct {
	Key, Value []byte
	Delete     bool
}

// A Writer takes what [Merge] makes.
type Writer interface {
	// NewID returns an id that no page has or had.
	NewID() (ID, error)
	// Write stores a page, which is the writer's from then on. What a page leads
	// to has been written before.
	Write(ctx context.Context, id ID, page []byte) error
	// Replaced says that a page of the old tree is not part of the new one. It is
	// called once for each.
	Replaced(id ID)
}

// Merge writes the tree that t is after changes, which ascend by key, each key
// once, and returns its root. Deleting a key that is missing changes nothing, and
// a leaf, or a subtree, in which nothing changes is kept as it is.
//
// It holds few pages at a time in memory, whatever the number of changes. Slices
// of changes must stay as they are until Merge returns. After an error, what was
// written is of no use, and nothing counts as replaced.
func Merge(ctx context.Context, t Tree, changes iter.Seq[Change], w Writer) (Root, error) {
	t.often = nil // a merge has its own way to read ahead
	return merge(ctx, &t, changes, w, defaultSizes)
}

func merge(ctx context.Context, t *Tree, changes iter.Seq[Change], w Writer, sz sizes) (Root, error) {
	if t.Root.Level > maxLevel {
		return Root{}, damaged(kindInner, t.Root.Page, t.Table, "has an impossible level")
	}
	if err := backend.CheckTable(t.Table); err != nil {
		return Root{}, err
	}
	m := merger{builder: builder{ctx: ctx, tree: t, w: w, sizes: sz}}
	m.top = item{page: t.Root.Page, count: t.Root.Count, size: t.Root.Size, apart: true, kept: true}
	var last []byte
	for c := range changes {
		err := backend.CheckPair(t.Table, c.Key, c.Value, nil)
		if err == nil && bytes.Compare(last, c.Key) >= 0 {
			err = &backend.Error{Class: backend.ErrInvalid, Table: t.Table, Key: c.Key, Reason: "changes are out of order"}
		}
		if err == nil {
			err = m.apply(c)
		}
		if err != nil {
			return Root{}, err
		}
		last = c.Key
	}
	if err := m.finish(); err != nil {
		return Root{}, err
	}
	return m.root()
}

// A merger walks through the old tree in step with the changes. Pages that
// changes fall into are opened and hand their entries to the builder one by
// one; everything else is handed to it whole.
type merger struct {
	builder
	top   item    // the old root; its page is 0 when the walk is beyond it or there is none
	stack []frame // pages that are open, from the root down
}

// A frame is an open page of the old tree.
type frame struct {
	*Page
	level int
	lower []byte // no key in it is smaller
	upper []byte // all keys in it are smaller, or nil
	next  int    // first entry that the builder hasn't got

	opened bool   // a child of it was opened
	ahead  window // of children
}

// end returns the bound above the entry i of an inner node.
func (f *frame) end(i int) []byte {
	if i+1 < f.n {
		return f.bound(i + 1)
	}
	return f.upper
}

// item returns entry i of the page as the builder takes it.
func (f *frame) item(i int) item {
	if f.level == 0 {
		return pairItem(f.Page, i)
	}
	it := childItem(f.Page, i)
	if i == 0 {
		it.key = f.lower // which may be smaller, and nothing lies in between
	}
	return it
}

// apply goes to where c belongs, and makes it.
func (m *merger) apply(c Change) error {
	for len(m.stack) > 0 {
		f := &m.stack[len(m.stack)-1]
		if f.upper == nil || bytes.Compare(c.Key, f.upper) < 0 {
			break
		}
		if err := m.close(); err != nil {
			return err
		}
	}
	if there, err := m.opened(c); err != nil || !there {
		return err
	}
	var lower []byte
	if len(m.stack) > 0 {
		f := &m.stack[len(m.stack)-1]
		i, found := f.search(c.Key)
		if err := m.pairs(f, i); err != nil {
			return err
		}
		if found {
			if _, _, apart, _ := f.pair(i); apart != 0 {
				m.w.Replaced(apart)
			}
			f.next = i + 1
		}
		lower = f.lower
	}
	if c.Delete {
		return nil
	}
	it, err := m.newPair(c)
	if err != nil {
		return err
	}
	return m.add(it, lower)
}

// opened opens the pages down to the leaf that c falls into, and reports
// whether c is to be made there: a deletion of what is missing opens nothing.
func (m *merger) opened(c Change) (bool, error) {
	looked := false
	for {
		it, level, end := m.top, int(m.tree.Root.Level), []byte(nil)
		var f *frame
		i := 0
		if len(m.stack) > 0 {
			f = &m.stack[len(m.stack)-1]
			if f.level == 0 {
				return true, nil
			}
			i = f.searchBound(c.Key, true)
			it, level, end = f.item(i), f.level-1, f.end(i)
		}
		if c.Delete && !looked {
			if found, err := m.tree.has(m.ctx, it.page, uint8(level), c.Key); !found {
				return false, err
			}
			looked = true
		}
		if it.page == 0 {
			return true, nil
		}
		if f == nil {
			m.top = item{}
		} else {
			m.readAhead(f, i)
			if err := m.children(f, i); err != nil {
				return false, err
			}
			f.next = i + 1
		}
		opened, err := m.open(it, level, end)
		if err != nil {
			return false, err
		}
		m.stack = append(m.stack, opened)
	}
}

// readAhead is called before child i of f is opened. Where changes fall into
// one leaf after the other, the next ones will most likely be wanted too.
func (m *merger) readAhead(f *frame, i int) {
	if f.level != 1 {
		return
	}
	dense := f.opened && i <= f.next+1
	f.opened = true
	if !dense {
		f.ahead = window{}
		return
	}
	f.ahead.step()
	ids := f.ahead.more(mergeAhead, func(n int) ID {
		if i+n >= f.n {
			return 0
		}
		return f.childID(i + n)
	})
	if len(ids) > 0 {
		m.tree.Pages.Ahead(ids)
	}
}

// close hands what is left of the innermost open page to the builder.
func (m *merger) close() error {
	f := &m.stack[len(m.stack)-1]
	m.stack = m.stack[:len(m.stack)-1]
	if f.level == 0 {
		return m.pairs(f, f.n)
	}
	return m.children(f, f.n)
}

// finish hands over all that is left of the old tree.
func (m *merger) finish() error {
	for len(m.stack) > 0 {
		if err := m.close(); err != nil {
			return err
		}
	}
	if m.top.page == 0 {
		return nil
	}
	return m.keep(m.top, int(m.tree.Root.Level), nil)
}
