package idb

import (
	"cmp"
	"context"
	"slices"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
	"github.com/larderdb/larder/internal/pagetree"
)

// fold writes what a state's snapshot has above its base into pages, and
// returns the tables that the snapshot is then. It calls rest now and then, so
// that a long job can be done in turns, and fails with its error.
func fold(ctx context.Context, st *state, w pagetree.Writer, rest func() error) ([]tableRoot, error) {
	var tables []tableRoot
	kept := map[string]bool{} // tables that go on from what they are in the base
	for t, changes := range st.snap.Changes() {
		tree := pagetree.Tree{Table: t.Name}
		if old, ok := t.Base.(*pagetree.Tree); ok {
			tree, kept[t.Name] = *old, true
		}
		var stopped error
		root, err := pagetree.Merge(ctx, tree, func(yield func(pagetree.Change) bool) {
			n := 0
			for p, deleted := range changes {
				if n++; n%restCount == 0 {
					stopped = rest()
				}
				if stopped != nil || !yield(changeOf(p, deleted)) {
					return
				}
			}
		}, w)
		if err = cmp.Or(stopped, err); err != nil {
			return nil, err
		}
		tables = append(tables, tableRoot{t.Name, root})
	}
	for _, t := range st.base.tables {
		if kept[t.Name] {
			continue
		}
		if err := pagetree.Drop(ctx, *t.Base.(*pagetree.Tree), w); err != nil {
			return nil, err
		}
	}
	return tables, nil
}

func changeOf(p mvcc.Pair, deleted bool) pagetree.Change {
	if deleted {
		return pagetree.Change{Key: p.Key(), Delete: true}
	}
	return pagetree.Change{Key: p.Key(), Value: p.Value()}
}

// restCount is how many changes are folded before it is time to look whether
// the turn should be given back.
const restCount = 64

// stepSize bounds what one transaction of a checkpoint writes, but for a single
// page that is longer, so that commits and reads don't wait long for it.
const stepSize = 2 << 20

// A pageWriter gives the pages of a checkpoint their ids and stores them in
// steps. It is a [pagetree.Writer].
type pageWriter struct {
	ordinal uint64
	rest    func() error // called with each page
	store   func(ctx context.Context, pages []written) error

	count    uint64    // ids given
	step     []written // pages for the next transaction
	size     int       // bytes of them
	replaced []uint64  // pages of the base that the checkpoint does without
}

// A written page is one on its way to IndexedDB.
type written struct {
	id pagetree.ID
	b  []byte
}

// NewID is as in [pagetree.Writer].
func (w *pageWriter) NewID() (pagetree.ID, error) {
	if w.count == 1<<pageBits {
		return 0, &backend.Error{Class: backend.ErrTooLarge, Reason: "a checkpoint has more than 2^24 pages"}
	}
	w.count++
	return firstPage(w.ordinal) + pagetree.ID(w.count-1), nil
}

// Write is as in [pagetree.Writer].
func (w *pageWriter) Write(ctx context.Context, id pagetree.ID, page []byte) error {
	if w.size > 0 && w.size+len(page) > stepSize {
		if err := w.flush(ctx); err != nil {
			return err
		}
	}
	w.step, w.size = append(w.step, written{id, page}), w.size+len(page)
	return w.rest()
}

// Replaced is as in [pagetree.Writer].
func (w *pageWriter) Replaced(id pagetree.ID) { w.replaced = append(w.replaced, uint64(id)) }

// flush stores the pages that have gathered.
func (w *pageWriter) flush(ctx context.Context) error {
	if len(w.step) == 0 {
		return nil
	}
	err := w.store(ctx, w.step)
	w.step, w.size = nil, 0
	return err
}

// finish returns the checkpoint's root and head, and the pages that are written
// together with the root: the head twice, and the garbage pages.
func (w *pageWriter) finish(st *state, tables []tableRoot) (root, head, []written, error) {
	h := head{commit: st.snap.Version(), contexts: contextsAfter(st.base.head.contexts, st.recent), tables: tables}
	r := root{db: st.base.root.db, ordinal: w.ordinal, commit: h.commit, size: h.size()}
	if old := st.base.root.head; old != 0 {
		w.Replaced(old)
		w.Replaced(old + 1)
	}
	slices.Sort(w.replaced)
	var pages []written
	add := func(encode func(page pagetree.ID) []byte) error {
		id, err := w.NewID()
		if err == nil {
			pages = append(pages, written{id, encode(id)})
		}
		return err
	}
	encodeHead := func(page pagetree.ID) []byte {
		own := h
		own.page = page
		return own.encode()
	}
	err := add(encodeHead)
	if err == nil {
		err = add(encodeHead)
	}
	for part := range slices.Chunk(w.replaced, garbageCount) {
		if err == nil {
			err = add(func(page pagetree.ID) []byte { return (&garbage{page, part}).encode() })
		}
	}
	if err != nil {
		return root{}, head{}, nil, err
	}
	r.head, h.page = pages[0].id, pages[0].id
	return r, h, pages, nil
}

// garbagePages returns those of pages that list garbage.
func garbagePages(pages []written) []written { return pages[2:] }

// A log is folded when it has outgrown its bound, or a part of it when nothing
// else is done.
const (
	minBound = 1 << 20
	minIdle  = 64 << 10
)

// bound returns how many bytes the log may take before it is folded, where
// pages have a budget. What it holds is in memory.
func (st *state) bound(budget int) uint64 {
	return min(max(minBound, st.base.root.size/16), uint64(budget)/4)
}

// room returns how many bytes the log may take before writers wait, which could
// outrun the folding of a log of that bound. A commit is in memory twice, as
// pairs and as it was stored, so that those for which there is room take no more
// than the budget; beyond it the collector would find little to free, and run
// all the time.
func room(bound uint64, budget int) uint64 { return min(4*bound, uint64(budget)/2) }
