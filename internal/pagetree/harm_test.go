package pagetree_test

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/pagetree"
)

// Another whole page in the place of one, with a checksum that holds: nothing
// fails but with ErrCorrupt, nothing is written that Check refuses, and Verify
// finds it.
func TestPagesThatContradictEachOther(t *testing.T) {
	ctx := context.Background()
	for seed := range seeds(150) {
		src, d := randomly{rand.New(rand.NewPCG(seed, 2))}, newDisk()
		s := sizes{300, 200, 30}
		tree := d.merge(t, pagetree.Tree{}, s, rows(0, src.int(300, 1500, ""), src.int(1, 40, "")))
		ids := slices.Sorted(maps.Keys(reachable(t, tree)))
		a, b := ids[src.int(0, len(ids)-1, "")], ids[src.int(0, len(ids)-1, "")]
		if a == b {
			continue
		}
		whole := d.pages[a]
		d.pages[a] = forge(a, d.pages[b])
		// A value in place of one as long as it could only be told by its id.
		unseen := whole[0] == 'V' && d.pages[a][0] == 'V' && len(whole) == len(d.pages[a])

		tolerable := func(what string, err error) {
			t.Helper()
			if err != nil && !errors.Is(err, backend.ErrCorrupt) {
				t.Errorf("seed %d: %s: %v, want ErrCorrupt", seed, what, err)
			}
		}
		for _, reverse := range []bool{false, true} {
			for _, err := range tree.Scan(ctx, backend.Range{Reverse: reverse}, false) {
				tolerable("scan", err)
			}
		}
		for range 20 {
			from := src.int(0, 1500, "")
			if _, err := tree.Get(ctx, row(from), false); err != backend.ErrNotFound {
				tolerable("get", err)
			}
			_, err := tree.Count(ctx, backend.Range{Start: row(from), End: row(src.int(from, 1500, ""))}, false)
			tolerable("count", err)
		}
		tolerable("walk", tree.Walk(ctx, func(pagetree.ID, uint8) error { return nil }))
		for range 10 {
			from := src.int(0, 1500, "")
			changes := rows(from, src.int(from, 1600, ""), 35)
			if src.int(0, 1, "") == 0 {
				changes = deletions(changes)
			}
			_, err := d.tryMerge(tree, s, changes)
			tolerable("merge", err)
		}

		found := 0
		if err := tree.Verify(ctx, func(*backend.Error) { found++ }); err != nil {
			t.Errorf("seed %d: verify: %v", seed, err)
		}
		if (found == 0) != unseen {
			t.Errorf("seed %d: verify finds %d damages with page %q in place of %q", seed, found, d.pages[b][0], whole[0])
		}
	}
}

func TestVerifyNamesWhatIsLost(t *testing.T) {
	d := newDisk()
	tree, _ := tall(t, d)
	lost := map[pagetree.ID]error{}
	all := reachable(t, tree)
	for _, id := range slices.Sorted(maps.Keys(all))[20:23] {
		if all[id] != 0 {
			t.Fatalf("page %d is of level %d, want a leaf", id, all[id])
		}
		lost[id] = &backend.Error{Class: backend.ErrCorrupt, Op: "read", Reason: "leaf is gone"}
	}
	d.failed = lost
	var found []*backend.Error
	if err := tree.Verify(context.Background(), func(e *backend.Error) { found = append(found, e) }); err != nil {
		t.Fatalf("verify: %v", err)
	}
	if len(found) != len(lost) {
		t.Fatalf("verify finds %d damages, want %d", len(found), len(lost))
	}
	for i, e := range found {
		if e.Table != "t" || e.Op != "read" || e.Reason != "leaf is gone" {
			t.Errorf("damage %d is %v, want the page's, of table t", i, e)
		}
		// The first pair that is lost is the first from Key on.
		if _, err := tree.Get(context.Background(), e.Key, false); !errors.Is(err, backend.ErrCorrupt) {
			t.Errorf("Get(%q) = %v, want ErrCorrupt", e.Key, err)
		}
	}

	d.failed = map[pagetree.ID]error{tree.Root.Page: context.DeadlineExceeded}
	if err := tree.Verify(context.Background(), func(*backend.Error) {}); err != context.DeadlineExceeded {
		t.Errorf("verify that can't read: %v, want why", err)
	}
}

func TestARootThatIsNotTheTreesIsCorrupt(t *testing.T) {
	d := newDisk()
	tree, leaves := tall(t, d)
	ctx := context.Background()
	for name, root := range map[string]pagetree.Root{
		"level of a leaf":      {Page: tree.Root.Page, Level: 0, Count: tree.Root.Count},
		"level too high":       {Page: tree.Root.Page, Level: 200, Count: tree.Root.Count},
		"leaf as inner node":   {Page: leaves[0], Level: 1, Count: tree.Root.Count},
		"page that is missing": {Page: 7, Level: 1, Count: tree.Root.Count},
	} {
		harmed := tree
		harmed.Root = root
		if _, err := harmed.Get(ctx, row(1), false); !errors.Is(err, backend.ErrCorrupt) {
			t.Errorf("%s: Get = %v, want ErrCorrupt", name, err)
		}
		if _, err := d.tryMerge(harmed, standard, rows(0, 1, 1)); !errors.Is(err, backend.ErrCorrupt) {
			t.Errorf("%s: merge = %v, want ErrCorrupt", name, err)
		}
		if _, err := d.tryMerge(harmed, standard, nil); err != nil && !errors.Is(err, backend.ErrCorrupt) {
			t.Errorf("%s: merge of nothing = %v, want ErrCorrupt or nothing", name, err)
		}
		for _, err := range harmed.Scan(ctx, backend.Range{}, false) {
			if !errors.Is(err, backend.ErrCorrupt) {
				t.Errorf("%s: scan = %v, want ErrCorrupt", name, err)
			}
		}
	}
	other := tree
	other.Table = "other"
	if _, err := other.Get(ctx, row(1), false); !errors.Is(err, backend.ErrCorrupt) {
		t.Errorf("Get in another table's tree: %v, want ErrCorrupt", err)
	}
}

func TestWrongTotalsAreFound(t *testing.T) {
	d := newDisk()
	tree, _ := tall(t, d)
	for name, harm := range map[string]func(*pagetree.Root){
		"count": func(r *pagetree.Root) { r.Count++ },
		"size":  func(r *pagetree.Root) { r.Size-- },
	} {
		harmed := tree
		harm(&harmed.Root)
		found := 0
		if err := harmed.Verify(context.Background(), func(*backend.Error) { found++ }); err != nil || found != 1 {
			t.Errorf("%s: verify finds %d damages, %v; want 1", name, found, err)
		}
		if name == "count" {
			if _, err := d.tryMerge(harmed, standard, rows(5, 6, 1)); !errors.Is(err, backend.ErrCorrupt) {
				t.Errorf("merge with a wrong count: %v, want ErrCorrupt", err)
			}
		}
	}
}
