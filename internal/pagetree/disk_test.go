package pagetree_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/pagetree"
)

// A disk holds pages, and takes those that Merge writes.
type disk struct {
	pages    map[pagetree.ID][]byte
	last     pagetree.ID
	written  []pagetree.ID // by the merge under way
	replaced []pagetree.ID

	reads  []pagetree.ID
	ahead  [][]pagetree.ID
	failed map[pagetree.ID]error // what reading a page fails with
	full   int                   // writes that still succeed, if it isn't negative
}

func newDisk() *disk {
	return &disk{pages: map[pagetree.ID][]byte{}, last: 1 << 24, full: -1}
}

func (d *disk) Page(_ context.Context, id pagetree.ID, _ bool) (*pagetree.Page, error) {
	d.reads = append(d.reads, id)
	if err := d.failed[id]; err != nil {
		return nil, err
	}
	b, ok := d.pages[id]
	if !ok {
		return nil, &backend.Error{Class: backend.ErrCorrupt, Reason: fmt.Sprintf("page %d is missing", id)}
	}
	return pagetree.Open(b), nil
}

func (d *disk) Ahead(ids []pagetree.ID) { d.ahead = append(d.ahead, slices.Clone(ids)) }

func (d *disk) Room() int { return 0 }

func (d *disk) NewID() (pagetree.ID, error) {
	d.last++
	return d.last, nil
}

func (d *disk) Write(_ context.Context, id pagetree.ID, b []byte) error {
	if d.full == 0 {
		return &backend.Error{Class: backend.ErrQuota}
	}
	d.full--
	if d.pages[id] != nil {
		return fmt.Errorf("page %d is written twice", id)
	}
	if err := pagetree.Check(id, b); err != nil {
		return errors.New("merge has written: " + err.Error())
	}
	if cap(b) > len(b) {
		return fmt.Errorf("page %d of %d bytes has room for %d", id, len(b), cap(b))
	}
	d.pages[id] = b
	d.written = append(d.written, id)
	return nil
}

func (d *disk) Replaced(id pagetree.ID) { d.replaced = append(d.replaced, id) }

// sizes are the targets of leaves and inner nodes and the longest value in a
// leaf.
type sizes struct{ leaf, inner, inline int }

var standard = sizes{32 << 10, 16 << 10, 16 << 10}

// merge makes the tree that t is after changes.
func (d *disk) merge(t tb, tree pagetree.Tree, s sizes, changes []pagetree.Change) pagetree.Tree {
	t.Helper()
	next, err := d.tryMerge(tree, s, changes)
	if err != nil {
		t.Fatalf("merge: %v", err)
	}
	return next
}

func (d *disk) tryMerge(tree pagetree.Tree, s sizes, changes []pagetree.Change) (pagetree.Tree, error) {
	d.written, d.replaced = nil, nil
	tree.Table, tree.Pages = "t", d
	var err error
	if s == standard {
		tree.Root, err = pagetree.Merge(context.Background(), tree, slices.Values(changes), d)
	} else {
		tree.Root, err = pagetree.MergeSized(context.Background(), tree, slices.Values(changes), d, s.leaf, s.inner, s.inline)
	}
	return tree, err
}

// puts returns changes that set each key to its value.
func puts(pairs map[string]string) []pagetree.Change {
	var all []pagetree.Change
	for _, k := range slices.Sorted(maps.Keys(pairs)) {
		all = append(all, pagetree.Change{Key: []byte(k), Value: []byte(pairs[k])})
	}
	return all
}

// reachable returns the pages of a tree, with their levels.
func reachable(t tb, tree pagetree.Tree) map[pagetree.ID]uint8 {
	t.Helper()
	all := map[pagetree.ID]uint8{}
	err := tree.Walk(context.Background(), func(id pagetree.ID, level uint8) error {
		if _, ok := all[id]; ok {
			return fmt.Errorf("page %d is in the tree twice", id)
		}
		all[id] = level
		return nil
	})
	if err != nil {
		t.Fatalf("walk: %v", err)
	}
	return all
}

// leaves returns the keys in each leaf of a tree.
func leaves(t tb, d *disk, tree pagetree.Tree) (all [][]string) {
	t.Helper()
	for id, level := range reachable(t, tree) {
		if level > 0 {
			continue
		}
		table, pairs, err := pagetree.Salvage(id, d.pages[id])
		if err != nil || table != tree.Table {
			t.Fatalf("salvage of a leaf of %q: %q, %v", tree.Table, table, err)
		}
		var keys []string
		for p := range pairs {
			keys = append(keys, string(p.Key))
		}
		all = append(all, keys)
	}
	slices.SortFunc(all, slices.Compare)
	return all
}

func fmtID(id pagetree.ID) string { return strconv.FormatUint(uint64(id), 10) }
