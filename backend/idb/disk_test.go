package idb

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/larderdb/larder/internal/mvcc"
	"github.com/larderdb/larder/internal/pagetree"
)

func noRest() error { return nil }

// testPages is the object store "pages" in memory.
type testPages struct {
	mu      sync.Mutex
	written []written // in order
	pages   map[pagetree.ID][]byte
	ordinal uint64 // of the root
	fetches int
}

func (p *testPages) store(_ context.Context, pages []written) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pages == nil {
		p.pages = map[pagetree.ID][]byte{}
	}
	size := 0
	for _, w := range pages {
		p.pages[w.id] = w.b
		size += len(w.b)
	}
	if size > stepSize && len(pages) > 1 {
		return fmt.Errorf("a step writes %d bytes, want at most %d", size, stepSize)
	}
	p.written = append(p.written, pages...)
	return nil
}

// fetch is what a cache fetches with.
func (p *testPages) fetch(ids []pagetree.ID) ([][]byte, []error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fetches++
	pages, errs := make([][]byte, len(ids)), make([]error, len(ids))
	for i, id := range ids {
		if pages[i] = p.pages[id]; pages[i] == nil {
			errs[i] = &missing{id, p.ordinal}
		}
	}
	return pages, errs
}

// A disk is a database as checkpoints leave it, with a state on top of it.
type disk struct {
	testPages
	*state
	cache *cache
}

func newDisk(budget int) *disk {
	d := &disk{}
	d.cache = newCache(budget, d.fetch)
	r := root{db: sequence(1)}
	d.state = newState(newBase(r, r.encode(), head{}, d.cache))
	return d
}

// update commits what fn writes.
func (d *disk) update(t interface{ Fatalf(string, ...any) }, fn func(tx *mvcc.WriteTx)) {
	tx := d.snap.Write(context.Background())
	tx.Record()
	fn(tx)
	if !tx.Changed() {
		return
	}
	number := d.snap.Version() + 1
	c := commit{number, encodeOps(tx.Ops()), sequence(0x40), number}
	snap, err := tx.Commit(number)
	if err != nil {
		t.Fatalf("Commit: %v", err)
	}
	d.state = d.withCommits(snap, []commit{c}, len(c.ops))
}

// checkpoint folds the state and returns the pages that go. They stay where
// they are.
func (d *disk) checkpoint(t interface{ Fatalf(string, ...any) }) (garbage []uint64) {
	ctx := context.Background()
	w := &pageWriter{ordinal: d.base.root.ordinal + 1, rest: noRest, store: d.store}
	tables, err := fold(ctx, d.state, w, noRest)
	if err == nil {
		err = w.flush(ctx)
	}
	if err != nil {
		t.Fatalf("fold: %v", err)
	}
	r, h, pages, err := w.finish(d.state, tables)
	if err != nil {
		t.Fatalf("finish: %v", err)
	}
	if err := d.store(ctx, pages); err != nil {
		t.Fatalf("store: %v", err)
	}
	for _, p := range garbagePages(pages) {
		g, err := decodeGarbage(p.id, p.b)
		if err != nil {
			t.Fatalf("garbage: %v", err)
		}
		garbage = append(garbage, g.pages...)
	}
	d.ordinal = r.ordinal
	if d.state, err = d.onto(newBase(r, r.encode(), h, d.cache), noRest); err != nil {
		t.Fatalf("onto: %v", err)
	}
	return garbage
}

// live returns the pages that the base leads to, heads included.
func (d *disk) live(t *testing.T) []uint64 {
	t.Helper()
	ids := map[uint64]bool{uint64(d.base.root.head): true, uint64(d.base.root.head) + 1: true}
	for _, table := range d.base.tables {
		err := table.Base.(*pagetree.Tree).Walk(t.Context(), func(id pagetree.ID, _ uint8) error {
			if ids[uint64(id)] {
				return fmt.Errorf("page %d is there twice", id)
			}
			ids[uint64(id)] = true
			return nil
		})
		if err != nil {
			t.Fatalf("Walk: %v", err)
		}
	}
	return slices.Sorted(maps.Keys(ids))
}
