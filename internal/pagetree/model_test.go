package pagetree_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/pagetree"
	"pgregory.net/rapid"
)

// A source says what happens next: rapid, which shrinks what fails, or a random
// generator, which doesn't prefer what is small and so gets higher trees.
type source interface {
	int(from, to int, label string) int // from <= the result <= to
}

type rapidly struct{ *rapid.T }

func (r rapidly) int(from, to int, label string) int {
	return rapid.IntRange(from, to).Draw(r.T, label)
}

type randomly struct{ *rand.Rand }

func (r randomly) int(from, to int, _ string) int { return from + r.IntN(to-from+1) }

// key returns keys that collide, share prefixes and are prefixes of each other.
func key(src source, longest int) string {
	b := make([]byte, src.int(1, longest, "length of a key"))
	for i := range b {
		b[i] = "\x00\x01abc\xFF"[src.int(0, 5, "byte")]
	}
	return string(b)
}

func value(src source, inline int) string {
	n := src.int(0, 12, "length of a value")
	if src.int(0, 15, "is apart") == 1 {
		n = src.int(inline-1, 3*inline, "length of a long value")
	}
	return strings.Repeat(string(rune('A'+n%26)), n)
}

// change returns changes to model, whose keys are in leaves, and makes them there.
func change(src source, s sizes, leaves [][]string, model map[string]string) []pagetree.Change {
	changes := map[string]pagetree.Change{}
	set := func(k string) {
		changes[k] = pagetree.Change{Key: []byte(k), Value: []byte(value(src, s.inline))}
	}
	remove := func(k string) {
		changes[k] = pagetree.Change{Key: []byte(k), Delete: true}
	}
	keys := slices.Sorted(maps.Keys(model))
	one := func() string {
		if len(keys) == 0 || src.int(0, 3, "is missing") == 0 {
			return key(src, 10)
		}
		return keys[src.int(0, len(keys)-1, "key")]
	}
	for range src.int(1, 3, "kinds") {
		switch src.int(0, 7, "kind") {
		case 0: // anywhere
			for range src.int(1, 60, "puts") {
				set(one())
			}
		case 1: // one after the other, behind what there is or amid it
			k := key(src, 4)
			for i := range src.int(1, 300, "run") {
				set(k + string([]byte{byte(i >> 8), byte(i)}))
			}
		case 2: // a few deletions
			for range src.int(1, 5, "deletions") {
				remove(one())
			}
		case 3: // a range, or most of one
			if len(keys) > 0 {
				from := src.int(0, len(keys)-1, "from")
				to := src.int(from, min(from+200, len(keys)), "to")
				if src.int(0, 7, "is long") == 1 {
					to = src.int(to, len(keys), "long to")
				}
				stay := src.int(2, 60, "one stays of")
				for i := from; i < to; i++ {
					if stay > 40 || i%stay > 0 {
						remove(keys[i])
					}
				}
			}
		case 4: // one in many
			for i := src.int(0, 99, "first"); i < len(keys); i += src.int(1, 400, "step") {
				remove(keys[i])
			}
		case 5: // nearly all of some leaves, one beside the other or not
			every := src.int(1, 12, "one leaf of")
			for i := src.int(0, 30, "leaf"); i < len(leaves); i += src.int(1, every, "leaf after") {
				for j := src.int(0, 2, "stay"); j < len(leaves[i]); j++ {
					remove(leaves[i][j])
				}
				if src.int(0, 20, "is over") == 1 {
					break
				}
			}
		case 6, 7: // one pair
			if k := one(); src.int(0, 2, "is deleted") == 0 {
				remove(k)
			} else {
				set(k)
			}
		}
	}
	var all []pagetree.Change
	for _, k := range slices.Sorted(maps.Keys(changes)) {
		c := changes[k]
		all = append(all, c)
		if c.Delete {
			delete(model, k)
		} else {
			model[k] = string(c.Value)
		}
	}
	return all
}

// history merges changes time and again and fails unless every tree is as a map
// would be, and as a tree should be. It returns the level of the highest root.
func history(t tb, src source, s sizes, d *disk, tree pagetree.Tree, model map[string]string, merges int) (level uint8) {
	t.Helper()
	for range merges {
		old, oldModel := tree, maps.Clone(model)
		before := reachable(t, old)
		changes := change(src, s, leaves(t, d, old), model)
		tree = d.merge(t, old, s, changes)
		level = max(level, tree.Root.Level)
		holds(t, tree, model)
		inOrder(t, tree, s)
		accounted(t, d, before, reachable(t, tree))
		holds(t, old, oldModel)
		read(t, src, tree, model)
		for _, id := range d.replaced { // so that nothing later reads them
			delete(d.pages, id)
		}
	}
	return level
}

func TestMergeIsAsAMap(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		src, d := rapidly{rt}, newDisk()
		s := sizes{leaf: src.int(100, 400, "leaf"), inner: src.int(140, 400, "inner"), inline: src.int(4, 30, "inline")}
		history(rt, src, s, d, pagetree.Tree{Table: "t", Pages: d}, map[string]string{}, src.int(1, 12, "merges"))
	})
}

func TestMergeIsAsAMapInTallTrees(t *testing.T) {
	var highest uint8
	for seed := range seeds(30) {
		src, d, model := randomly{rand.New(rand.NewPCG(seed, 1))}, newDisk(), map[string]string{}
		s := sizes{leaf: src.int(100, 600, ""), inner: src.int(140, 400, ""), inline: src.int(4, 30, "")}
		for range src.int(1000, 4000, "") {
			model[fmt.Sprint(src.int(0, 99_999, ""))] = value(src, s.inline)
		}
		tree := d.merge(t, pagetree.Tree{}, s, puts(model))
		highest = max(highest, history(t, src, s, d, tree, model, 10))
	}
	if highest < 3 {
		t.Errorf("the highest tree has level %d, want at least 3", highest)
	}
}

// seeds returns how many random histories are gone through: a few where Go is
// slow, which the tests natively make up for.
func seeds(natively uint64) uint64 {
	if runtime.GOARCH == "wasm" || testing.Short() {
		return natively / 6
	}
	return natively
}

type tb interface {
	Helper()
	Errorf(string, ...any)
	Fatalf(string, ...any)
}

// holds fails unless tree has the pairs of model and no others.
func holds(t tb, tree pagetree.Tree, model map[string]string) {
	t.Helper()
	if tree.Len() != len(model) {
		t.Fatalf("tree has %d pairs, want %d", tree.Len(), len(model))
	}
	want := slices.Sorted(maps.Keys(model))
	for _, reverse := range []bool{false, true} {
		i := 0
		for kv, err := range tree.Scan(context.Background(), backend.Range{Reverse: reverse}, false) {
			if err != nil {
				t.Fatalf("scan: %v", err)
			}
			if i == len(want) || string(kv.Key) != want[i] || string(kv.Value) != model[want[i]] {
				t.Fatalf("pair %d is %q: %q, which is not in the model there", i, kv.Key, kv.Value)
			}
			i++
		}
		if i != len(want) {
			t.Fatalf("scan yields %d pairs, want %d", i, len(want))
		}
		slices.Reverse(want)
	}
}

// inOrder fails unless counts, sizes and bounds are right and pages are filled.
func inOrder(t tb, tree pagetree.Tree, s sizes) {
	t.Helper()
	err := tree.Verify(context.Background(), func(e *backend.Error) { t.Fatalf("verify: %v", e) })
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	d := tree.Pages.(*disk)
	perLevel := map[uint8]int{}
	var short []uint8
	var size uint64
	err = tree.Walk(context.Background(), func(id pagetree.ID, level uint8) error {
		b := d.pages[id]
		size += uint64(len(b))
		if err := pagetree.Check(id, b); err != nil {
			return err
		}
		perLevel[level]++
		target := s.inner
		if level == 0 {
			target = s.leaf
		}
		// Where a page is cut it counts as some bytes longer than it is: Merge
		// allows for the longest count of entries and name.
		if level != pagetree.ValueLevel && len(b)+4 < target/4 {
			short = append(short, level)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("walk: %v", err)
	}
	if size != tree.Root.Size {
		t.Errorf("pages have %d bytes, the root says %d", size, tree.Root.Size)
	}
	for _, level := range short {
		if perLevel[level] > 1 {
			t.Errorf("one of %d pages of level %d is less than a quarter full", perLevel[level], level)
		}
	}
	for level := range tree.Root.Level {
		if perLevel[level] < 2 {
			t.Errorf("level %d of %d has %d pages", level, tree.Root.Level, perLevel[level])
		}
	}
	if tree.Root.Page != 0 && perLevel[tree.Root.Level] != 1 {
		t.Errorf("the root's level %d has %d pages", tree.Root.Level, perLevel[tree.Root.Level])
	}
}

// accounted fails unless the pages of the old tree are either in the new one or
// replaced, and the pages written are all in the new one.
func accounted(t tb, d *disk, before, after map[pagetree.ID]uint8) {
	t.Helper()
	replaced := map[pagetree.ID]bool{}
	for _, id := range d.replaced {
		if replaced[id] {
			t.Errorf("page %d is replaced twice", id)
		}
		replaced[id] = true
		if _, ok := before[id]; !ok {
			t.Errorf("page %d is replaced and was not in the tree", id)
		}
		if _, ok := after[id]; ok {
			t.Errorf("page %d is replaced and in the new tree", id)
		}
	}
	for id := range before {
		if _, ok := after[id]; !ok && !replaced[id] {
			t.Errorf("page %d is in the old tree only and not replaced", id)
		}
	}
	for _, id := range d.written {
		if _, ok := after[id]; !ok {
			t.Errorf("page %d is written and not in the new tree", id)
		}
	}
	if len(before)-len(d.replaced)+len(d.written) != len(after) {
		t.Errorf("%d pages less %d and %d more are %d", len(before), len(d.replaced), len(d.written), len(after))
	}
}

// read fails unless gets, counts and scans of ranges are as the model's.
func read(t tb, src source, tree pagetree.Tree, model map[string]string) {
	t.Helper()
	ctx := context.Background()
	keys := slices.Sorted(maps.Keys(model))
	for k, v := range model {
		if got, err := tree.Get(ctx, []byte(k), true); err != nil || got == nil || string(got) != v {
			t.Fatalf("Get(%q) = %q, %v; want %q", k, got, err, v)
		}
	}
	some := func(label string) []byte {
		switch n := src.int(0, 3, label+" is"); {
		case n == 0:
			return nil
		case n < 3 && len(keys) > 0:
			return []byte(keys[src.int(0, len(keys)-1, label)])
		}
		return []byte(key(src, 11))
	}
	for range 6 {
		if k := some("get"); k != nil {
			want, ok := model[string(k)]
			if got, err := tree.Get(ctx, k, false); ok != (err == nil) || string(got) != want || !ok && err != backend.ErrNotFound {
				t.Fatalf("Get(%q) = %q, %v; want %q, %v", k, got, err, want, ok)
			}
		}
		r := backend.Range{Start: some("start"), End: some("end"), Reverse: src.int(0, 1, "reverse") == 1, Limit: 1}
		var want []string
		for _, k := range keys {
			if k >= string(r.Start) && (r.End == nil || k < string(r.End)) {
				want = append(want, k)
			}
		}
		if n, err := tree.Count(ctx, r, false); err != nil || n != len(want) {
			t.Fatalf("Count(%q, %q) = %d, %v; want %d", r.Start, r.End, n, err, len(want))
		}
		if r.Reverse {
			slices.Reverse(want)
		}
		var got []string
		for kv, err := range tree.Scan(ctx, r, false) {
			if err != nil {
				t.Fatalf("scan: %v", err)
			}
			got = append(got, string(kv.Key))
		}
		if !slices.Equal(got, want) {
			t.Fatalf("Scan(%q, %q, %v) = %q, want %q", r.Start, r.End, r.Reverse, got, want)
		}
	}
}
