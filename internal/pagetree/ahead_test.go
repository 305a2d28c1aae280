package pagetree_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/pagetree"
)

// roomy keeps what is asked for ahead, too, and has so much room.
type roomy struct {
	keeping
	room  int
	ahead [][]pagetree.ID
}

func (r *roomy) Room() int { return r.room }

func (r *roomy) Ahead(ids []pagetree.ID) {
	r.ahead = append(r.ahead, slices.Clone(ids))
	for _, id := range ids {
		if _, err := r.Page(context.Background(), id, false); err != nil {
			panic(err)
		}
	}
}

// leavesUnder returns the leaves of a tree, in order.
func leavesUnder(t tb, tree pagetree.Tree) (leaves []pagetree.ID) {
	t.Helper()
	err := tree.Walk(context.Background(), func(id pagetree.ID, level uint8) error {
		if level == 0 {
			leaves = append(leaves, id)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("Walk: %v", err)
	}
	return leaves
}

// Each miss brings more leaves along than the one before, the nearest ones, and as
// many as there is room for.
func TestMissesBringLeavesAlong(t *testing.T) {
	d := newDisk()
	tree := d.merge(t, pagetree.Tree{}, standard, rows(0, 40_000, 200))
	leaves := leavesUnder(t, tree)
	if tree.Root.Level != 1 || len(leaves) < 200 {
		t.Fatalf("the tree has %d leaves at level %d, want hundreds under one node", len(leaves), tree.Root.Level)
	}
	for _, c := range []struct {
		room int
		scan bool
		want []int // leaves that come along with the misses
	}{
		{1 << 30, false, []int{0, 4, 16, 16, 16}},
		{1 << 30, true, []int{16, 16, 16, 16, 16}},
		{2 * 10 * standard.leaf, false, []int{0, 4, 10, 10, 10}},
		{standard.leaf, true, []int{0, 0, 0, 0, 0}},
	} {
		pages := &roomy{keeping: keeping{Pages: d, kept: map[pagetree.ID]*pagetree.Page{}}, room: c.room}
		own := pagetree.New(tree.Table, tree.Root, pages)
		for i, want := range c.want {
			key := row(3000 + i*7000) // far from those before
			pages.ahead = nil
			if _, err := own.Get(t.Context(), key, true); !errors.Is(err, backend.ErrNotInMemory) || len(pages.ahead) > 0 {
				t.Errorf("a Get that doesn't wait: %v and brings %v along, want ErrNotInMemory and nothing", err, pages.ahead)
			}
			if c.scan {
				for _, err := range own.Scan(t.Context(), backend.Range{Start: key, End: row(3001 + i*7000)}, false) {
					if err != nil {
						t.Fatalf("Scan: %v", err)
					}
				}
			} else if _, err := own.Get(t.Context(), key, false); err != nil {
				t.Fatalf("Get: %v", err)
			}
			at := slices.Index(leaves, d.reads[len(d.reads)-1])
			got := slices.Sorted(slices.Values(slices.Concat(pages.ahead...)))
			near := slices.Delete(slices.Clone(leaves[at-want/2:at+want/2+1]), want/2, want/2+1)
			if slices.Sort(near); !slices.Equal(got, near) {
				t.Errorf("with room for %d bytes (scan: %v) miss %d brings leaves %v along, want the %d around it", c.room, c.scan, i, got, want)
			}
		}
	}
}

// Who reads a table here and there waits a few times until all of it is in memory.
func TestFewMisses(t *testing.T) {
	d := newDisk()
	tree := d.merge(t, pagetree.Tree{}, standard, rows(0, 40_000, 200))
	pages := &roomy{keeping: keeping{Pages: d, kept: map[pagetree.ID]*pagetree.Page{}}, room: 1 << 30}
	own := pagetree.New(tree.Table, tree.Root, pages)
	seed := rand.Uint64()
	rnd := rand.New(rand.NewPCG(seed, 0))
	waits := 0
	for range 20_000 {
		i := rnd.IntN(40_000)
		if _, err := own.Get(t.Context(), row(i), true); err == nil {
			continue
		}
		waits++
		r := backend.Range{Start: row(i), End: row(i + 1), Reverse: i%2 == 0}
		for _, err := range own.Scan(t.Context(), r, false) {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if leaves := len(leavesUnder(t, tree)); waits > leaves/8 {
		t.Errorf("seed %d: %d waits for the %d leaves, want an eighth at most", seed, waits, leaves)
	}
}
