package pagetree

import (
	"bytes"
	"context"
	"errors"

	"github.com/larderdb/larder/backend"
)

// ValueLevel is the level that [Tree.Walk] gives for pages of single values.
const ValueLevel = 255

// Walk calls fn for every page of the tree, those of values included, with its
// level. It reads inner nodes, and of the leaves those that lead to pages of
// values; an error of fn ends it.
func (t *Tree) Walk(ctx context.Context, fn func(id ID, level uint8) error) error {
	if t.Root.Page == 0 {
		return nil
	}
	return t.walk(ctx, t.Root.Page, t.Root.Level, true, fn)
}

func (t *Tree) walk(ctx context.Context, id ID, level uint8, apart bool, fn func(ID, uint8) error) error {
	if err := fn(id, level); err != nil || level == 0 && !apart {
		return err
	}
	nd, err := t.node(ctx, id, level, false)
	if err != nil {
		return err
	}
	for i := range nd.n {
		if level > 0 {
			c := nd.child(i)
			err = t.walk(ctx, c.id, level-1, c.apart, fn)
		} else if _, _, v, _ := nd.pair(i); v != 0 {
			err = fn(v, ValueLevel)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Drop calls w.Replaced for every page of the tree.
func Drop(ctx context.Context, t Tree, w Writer) error {
	return t.Walk(ctx, func(id ID, _ uint8) error {
		w.Replaced(id)
		return nil
	})
}

// Verify reads every page of the tree and calls damage for each that can't be
// read, or that contradicts the page above it: with the table, and with the
// lower bound of the keys that are lost with the page as Key. It goes on with
// the next one. An error that isn't [backend.ErrCorrupt] ends it.
func (t *Tree) Verify(ctx context.Context, damage func(*backend.Error)) error {
	if t.Root.Page == 0 {
		return nil
	}
	v := verifier{t, ctx, damage}
	root := child{id: t.Root.Page, count: t.Root.Count, size: t.Root.Size, apart: true}
	_, err := v.node(root, t.Root.Level, nil)
	return err
}

type verifier struct {
	tree   *Tree
	ctx    context.Context
	damage func(*backend.Error)
}

// found hands out err if it is a damage, and otherwise returns it.
func (v *verifier) found(err error, key []byte) error {
	var e *backend.Error
	if !errors.As(err, &e) || !errors.Is(err, backend.ErrCorrupt) {
		return err
	}
	own := *e
	own.Table, own.Key = v.tree.Table, bytes.Clone(key)
	v.damage(&own)
	return nil
}

// node verifies what c leads to, whose keys are below end, if that isn't nil. It
// returns the bytes of the pages that it found.
func (v *verifier) node(c child, level uint8, end []byte) (size uint64, err error) {
	nd, err := v.tree.node(v.ctx, c.id, level, false)
	if err == nil {
		err = v.tree.fits(nd, c, level, end)
	}
	if err != nil {
		return c.size, v.found(err, c.bound)
	}
	size = uint64(len(nd.b))
	for i := range nd.n {
		if level > 0 {
			next := nd.child(i)
			stop := end
			if i+1 < nd.n {
				stop = nd.bound(i + 1)
			}
			n, err := v.node(next, level-1, stop)
			if err != nil {
				return 0, err
			}
			size += n
		} else if key, _, apart, n := nd.pair(i); apart != 0 {
			if _, err := v.tree.value(v.ctx, apart, n, false); err != nil {
				if err = v.found(err, key); err != nil {
					return 0, err
				}
			}
			size += valuePage(n)
		}
	}
	if size != c.size {
		err = damaged(nd.b[0], c.id, v.tree.Table, "leads to another number of bytes than the page above it says")
		return c.size, v.found(err, c.bound)
	}
	return size, nil
}

// fits reports whether nd is what c says, with keys below end, if that isn't
// nil.
func (t *Tree) fits(nd *Page, c child, level uint8, end []byte) error {
	count, apart := uint64(nd.n), false
	var first, last []byte
	if level == 0 {
		first, last = nd.key(0), nd.key(nd.n-1)
	} else {
		first, last, count = nd.bound(0), nd.bound(nd.n-1), 0
	}
	for i := range nd.n {
		if level > 0 {
			e := nd.child(i)
			count, apart = count+e.count, apart || e.apart
		} else if _, _, id, _ := nd.pair(i); id != 0 {
			apart = true
		}
	}
	switch {
	case bytes.Compare(first, c.bound) < 0 || end != nil && bytes.Compare(last, end) >= 0:
		return damaged(nd.b[0], c.id, t.Table, "has keys outside of its bounds")
	case count != c.count:
		return damaged(nd.b[0], c.id, t.Table, "leads to another number of pairs than the page above it says")
	case apart && !c.apart:
		return damaged(nd.b[0], c.id, t.Table, "leads to pages of values that the page above it doesn't know of")
	}
	return nil
}
