package pagetree_test

import (
	"context"
	"errors"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/pagetree"
)

// keeping counts what is asked for, and keeps all of it until drop.
type keeping struct {
	pagetree.Pages
	kept  map[pagetree.ID]*pagetree.Page
	asked int
}

func (k *keeping) Page(ctx context.Context, id pagetree.ID, cached bool) (*pagetree.Page, error) {
	k.asked++
	if p := k.kept[id]; p != nil {
		return p, nil
	}
	if cached {
		return nil, backend.ErrNotInMemory
	}
	p, err := k.Pages.Page(ctx, id, false)
	if err == nil {
		p = pagetree.Open(p.Bytes())
		p.Keep()
		k.kept[id] = p
	}
	return p, err
}

// A tree finds pages that are kept without asking, says that it used them, and
// asks again for those that were dropped.
func TestPagesThatAreKept(t *testing.T) {
	s := &store{pages: map[pagetree.ID]*pagetree.Page{}}
	root, err := pagetree.Merge(t.Context(), pagetree.Tree{Table: "rows", Pages: s}, func(yield func(pagetree.Change) bool) {
		for i := 0; i < 20_000 && yield(pagetree.Change{Key: benchKey(i), Value: make([]byte, 100)}); i++ {
		}
	}, s)
	if err != nil {
		t.Fatal(err)
	}
	pages := &keeping{Pages: s, kept: map[pagetree.ID]*pagetree.Page{}}
	tree := pagetree.New("rows", root, pages)
	get := func(cached bool) error {
		_, err := tree.Get(t.Context(), benchKey(7), cached)
		return err
	}
	if tree.Root.Level == 0 {
		t.Fatal("the tree has one page, want more")
	}
	if err := get(false); err != nil {
		t.Fatal(err)
	}
	way, asked := len(pages.kept), pages.asked
	for _, p := range pages.kept {
		p.Idle()
	}
	if err := get(true); err != nil || pages.asked != asked {
		t.Errorf("the second Get = %v and asked for %d pages, want none", err, pages.asked-asked)
	}
	if n, err := tree.Count(t.Context(), backend.Range{End: benchKey(7)}, true); err != nil || n != 7 || pages.asked != asked {
		t.Errorf("Count = %d, %v and asked for %d pages, want 7 and none", n, err, pages.asked-asked)
	}
	for id, p := range pages.kept {
		if p.Idle() {
			t.Errorf("page %d, which was on the way, is idle", id)
		}
		if !p.Idle() {
			t.Errorf("page %d isn't idle, though nothing has used it since", id)
		}
		p.Drop()
		delete(pages.kept, id)
	}
	if err := get(true); !errors.Is(err, backend.ErrNotInMemory) {
		t.Errorf("Get of what was dropped = %v, want ErrNotInMemory", err)
	}
	if err := get(false); err != nil || len(pages.kept) != way {
		t.Errorf("Get = %v with %d pages, want %d again", err, len(pages.kept), way)
	}
}
