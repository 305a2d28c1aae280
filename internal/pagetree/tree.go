package pagetree

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"

	"github.com/larderdb/larder/backend"
)

// Pages is where a tree's pages are. It is safe for concurrent use.
type Pages interface {
	// Page returns a page. When it would have to wait for it and cached is set, it
	// returns [backend.ErrNotInMemory].
	Page(ctx context.Context, id ID, cached bool) (*Page, error)
	// Ahead says that pages will be wanted soon. It doesn't wait, and doesn't
	// keep ids.
	Ahead(ids []ID)
	// Room returns how many bytes of pages there is memory for, without others
	// having to leave it.
	Room() int
}

// A Root is what must be known of a tree to read it. The zero Root is the tree
// without pairs.
type Root struct {
	Page  ID
	Level uint8  // of the page; 0 is a leaf
	Count uint64 // of pairs
	Size  uint64 // bytes of all pages, values included
}

// A Tree is the pairs of one table. It never changes and is safe for concurrent
// use. Slices that it hands out are parts of pages: they stay as they are for
// ever, keep their page in memory, and must not be written to.
//
// Its methods fail with [backend.ErrCorrupt] when the pages contradict each
// other, with what Pages fails with, and with the error of ctx, which they look
// at before each page that they may wait for.
type Tree struct {
	Table string
	Root  Root
	Pages Pages

	often *often // nil unless New made it
}

// What a tree knows that is read often.
type often struct {
	top    linkRef // to the root's page
	misses atomic.Int32
}

// New returns a tree that is read often.
func New(table string, root Root, pages Pages) *Tree {
	return &Tree{Table: table, Root: root, Pages: pages, often: new(often)}
}

// Len returns the number of pairs.
func (t *Tree) Len() int { return int(t.Root.Count) }

// Get returns the value of key, or [backend.ErrNotFound] itself. When a page is
// not in memory and cached is set, it returns [backend.ErrNotInMemory].
func (t *Tree) Get(ctx context.Context, key []byte, cached bool) ([]byte, error) {
	if t.Root.Page == 0 {
		return nil, backend.ErrNotFound
	}
	nd, err := t.root(ctx, cached)
	if err != nil {
		return nil, t.lost(err, nil)
	}
	leaf, i, err := t.find(ctx, nd, key, cached)
	if err != nil {
		return nil, err
	}
	if i < 0 {
		return nil, backend.ErrNotFound
	}
	_, v, apart, size := leaf.pair(i)
	if apart != 0 {
		if v, err = t.value(ctx, apart, size, cached); err != nil {
			return nil, t.lost(err, key)
		}
	}
	return v, nil
}

// find looks for key in nd, or under it. It returns the leaf and the pair in it,
// which is -1 when key is missing.
func (t *Tree) find(ctx context.Context, nd *Page, key []byte, cached bool) (*Page, int, error) {
	for nd.level > 0 {
		at := nd.searchBound(key, true)
		below, err := t.below(ctx, nd, at, cached, false)
		if err != nil {
			return nil, -1, t.lost(err, nd.bound(at))
		}
		nd = below
	}
	i, found := nd.search(key)
	if !found {
		i = -1
	}
	return nd, i, nil
}

// has reports whether key is in the page id or under it. The page may be 0.
func (t *Tree) has(ctx context.Context, id ID, level uint8, key []byte) (bool, error) {
	if id == 0 {
		return false, nil
	}
	nd, err := t.node(ctx, id, level, false)
	if err != nil {
		return false, t.lost(err, nil)
	}
	_, i, err := t.find(ctx, nd, key, false)
	return i >= 0, err
}

// root returns the root's page.
func (t *Tree) root(ctx context.Context, cached bool) (*Page, error) {
	if t.often == nil {
		return t.node(ctx, t.Root.Page, t.Root.Level, cached)
	}
	if p := t.often.top.load().follow(); p != nil {
		return p, nil
	}
	p, err := t.node(ctx, t.Root.Page, t.Root.Level, cached)
	if err == nil {
		t.often.top.store(p.link)
	}
	return p, err
}

// below returns the page of entry i of an inner node, for a scan or for who
// wants one pair.
func (t *Tree) below(ctx context.Context, nd *Page, i int, cached, scan bool) (*Page, error) {
	if p := nd.below[i].load().follow(); p != nil {
		return p, nil
	}
	id, level := nd.childID(i), nd.level-1
	if err := ctx.Err(); err != nil && !cached {
		return nil, err
	}
	p, err := t.node(ctx, id, level, true)
	if err == backend.ErrNotInMemory && !cached {
		t.beside(nd, i, scan)
		p, err = t.node(ctx, id, level, false)
	}
	if err == nil {
		nd.below[i].store(p.link)
	}
	return p, err
}

// lost returns err, with which a page could not be read; a damage with the table
// and the first key that can't be read either.
func (t *Tree) lost(err error, key []byte) error {
	var e *backend.Error
	if !errors.As(err, &e) || e.Class != backend.ErrCorrupt {
		return err
	}
	own := *e
	if own.Table = t.Table; own.Key == nil {
		own.Key = bytes.Clone(key)
	}
	return &own
}

// Count returns how many pairs have keys in r; r.Limit doesn't count. It reads
// the pages at the two ends of the range and those above them.
func (t *Tree) Count(ctx context.Context, r backend.Range, cached bool) (int, error) {
	if t.Root.Page == 0 || isEmpty(r) {
		return 0, nil
	}
	var from uint64
	to := t.Root.Count
	var err error
	if len(r.Start) > 0 {
		if from, err = t.rank(ctx, r.Start, cached); err != nil {
			return 0, err
		}
	}
	if r.End != nil {
		if to, err = t.rank(ctx, r.End, cached); err != nil {
			return 0, err
		}
	}
	if from > to {
		return 0, damaged(t.kind(), t.Root.Page, t.Table, "counts wrongly")
	}
	return int(to - from), nil
}

// kind returns the kind of the root's page.
func (t *Tree) kind() byte { return kindOf(t.Root.Level) }

func kindOf(level uint8) byte {
	if level == 0 {
		return kindLeaf
	}
	return kindInner
}

// isEmpty reports whether no key can lie in r.
func isEmpty(r backend.Range) bool {
	return r.End != nil && bytes.Compare(r.Start, r.End) >= 0
}

// rank returns how many keys are smaller than key.
func (t *Tree) rank(ctx context.Context, key []byte, cached bool) (uint64, error) {
	n := uint64(0)
	nd, err := t.root(ctx, cached)
	for {
		if err != nil {
			return 0, err
		}
		if nd.level == 0 {
			i, _ := nd.search(key)
			return n + uint64(i), nil
		}
		to := nd.searchBound(key, true)
		for i := range to {
			c, _ := uvarint(nd.b, nd.offset(i)+idSize)
			n += c
		}
		nd, err = t.below(ctx, nd, to, cached, false)
	}
}

// node returns the page id, which should be of this tree and level.
func (t *Tree) node(ctx context.Context, id ID, level uint8, cached bool) (*Page, error) {
	p, err := t.page(ctx, id, kindOf(level), cached)
	if err != nil {
		return nil, err
	}
	if p.level != level || string(p.table) != t.Table {
		return nil, damaged(p.b[0], id, t.Table, "is not the tree's")
	}
	return p, nil
}

// value returns the value of size bytes in the page id.
func (t *Tree) value(ctx context.Context, id ID, size uint64, cached bool) ([]byte, error) {
	p, err := t.page(ctx, id, kindValue, cached)
	if err != nil {
		return nil, err
	}
	v := value(p.b)
	if uint64(len(v)) != size {
		return nil, damaged(kindValue, id, t.Table, "has another length than its pair says")
	}
	return v, nil
}

func (t *Tree) page(ctx context.Context, id ID, kind byte, cached bool) (*Page, error) {
	if !cached {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	p, err := t.Pages.Page(ctx, id, cached)
	if err == nil && p.b[0] != kind {
		return nil, damaged(kind, id, t.Table, "is of another kind")
	}
	return p, err
}
