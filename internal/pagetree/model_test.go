package pagetree_test

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/pagetree"
	"pgregory.net/rapid"
)

// drawKey draws keys that collide, share prefixes and are prefixes of each
// other.
func drawKey(longest int) *rapid.Generator[string] {
	return rapid.Custom(func(rt *rapid.T) string {
		b := []byte{}
		n := rapid.IntRange(1, longest).Draw(rt, "length")
		for range n {
			b = append(b, rapid.SampledFrom([]byte{0, 1, 'a', 'b', 'c', 0xFF}).Draw(rt, "byte"))
		}
		return string(b)
	})
}

func drawValue(rt *rapid.T, inline int) string {
	n := rapid.IntRange(0, 12).Draw(rt, "value")
	if rapid.IntRange(0, 15).Draw(rt, "apart") == 0 {
		n = rapid.IntRange(inline-1, 3*inline).Draw(rt, "long value")
	}
	return string(bytes.Repeat([]byte{byte('A' + n%26)}, n))
}

// drawChanges draws changes to model, and makes them there.
func drawChanges(rt *rapid.T, s sizes, model map[string]string) []pagetree.Change {
	changes := map[string]pagetree.Change{}
	set := func(k, v string) {
		changes[k] = pagetree.Change{Key: []byte(k), Value: []byte(v)}
	}
	remove := func(k string) {
		changes[k] = pagetree.Change{Key: []byte(k), Delete: true}
	}
	keys := slices.Sorted(maps.Keys(model))
	for range rapid.IntRange(1, 3).Draw(rt, "kinds") {
		switch rapid.IntRange(0, 6).Draw(rt, "kind") {
		case 0, 1: // anywhere
			for range rapid.IntRange(1, 60).Draw(rt, "puts") {
				set(drawKey(10).Draw(rt, "key"), drawValue(rt, s.inline))
			}
		case 2: // one after the other, behind what there is or amid it
			k := drawKey(4).Draw(rt, "prefix")
			for i := range rapid.IntRange(1, 200).Draw(rt, "run") {
				set(k+string([]byte{byte(i >> 8), byte(i)}), drawValue(rt, s.inline))
			}
		case 3: // a few deletions, also of what is missing
			for range rapid.IntRange(1, 5).Draw(rt, "deletions") {
				if k := drawKey(10).Draw(rt, "missing"); len(keys) == 0 || rapid.Bool().Draw(rt, "is missing") {
					remove(k)
				} else {
					remove(rapid.SampledFrom(keys).Draw(rt, "key"))
				}
			}
		case 4: // a whole range of deletions
			if len(keys) > 0 {
				from := rapid.IntRange(0, len(keys)-1).Draw(rt, "from")
				to := rapid.IntRange(from, len(keys)).Draw(rt, "to")
				for _, k := range keys[from:to] {
					remove(k)
				}
			}
		case 5: // most of everything
			one := rapid.IntRange(2, 40).Draw(rt, "keeps one of")
			for i, k := range keys {
				if i%one > 0 {
					remove(k)
				}
			}
		case 6: // one pair
			if len(keys) > 0 {
				set(rapid.SampledFrom(keys).Draw(rt, "key"), drawValue(rt, s.inline))
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

func TestMergeIsAsAMap(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := sizes{
			leaf:   rapid.IntRange(100, 400).Draw(rt, "leaf"),
			inner:  rapid.IntRange(140, 400).Draw(rt, "inner"),
			inline: rapid.IntRange(4, 30).Draw(rt, "inline"),
		}
		d := newDisk()
		tree := pagetree.Tree{Table: "t", Pages: d}
		model := map[string]string{}
		for range rapid.IntRange(1, 12).Draw(rt, "merges") {
			old, oldModel := tree, maps.Clone(model)
			before := reachable(t, old)
			changes := drawChanges(rt, s, model)
			var err error
			if tree, err = d.tryMerge(old, s, changes); err != nil {
				rt.Fatalf("merge: %v", err)
			}
			holds(rt, tree, model)
			inOrder(rt, tree, s)
			accounted(rt, d, before, reachable(t, tree))
			holds(rt, old, oldModel)
			read(rt, tree, model)
		}
	})
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
		// A byte or two that the length of a count may take are not in the page.
		if level != pagetree.ValueLevel && len(b)+2 < target/4 {
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
func read(rt *rapid.T, tree pagetree.Tree, model map[string]string) {
	rt.Helper()
	ctx := context.Background()
	keys := slices.Sorted(maps.Keys(model))
	for k, v := range model {
		if got, err := tree.Get(ctx, []byte(k), true); err != nil || got == nil || string(got) != v {
			rt.Fatalf("Get(%q) = %q, %v; want %q", k, got, err, v)
		}
	}
	draw := func(label string) []byte {
		switch n := rapid.IntRange(0, 3).Draw(rt, label+" is"); {
		case n == 0:
			return nil
		case n == 1 && len(keys) > 0:
			return []byte(rapid.SampledFrom(keys).Draw(rt, label))
		}
		return []byte(drawKey(11).Draw(rt, label))
	}
	for range 6 {
		if k := draw("get"); k != nil {
			want, ok := model[string(k)]
			if got, err := tree.Get(ctx, k, false); ok != (err == nil) || string(got) != want || !ok && err != backend.ErrNotFound {
				rt.Fatalf("Get(%q) = %q, %v; want %q, %v", k, got, err, want, ok)
			}
		}
		r := backend.Range{Start: draw("start"), End: draw("end"), Reverse: rapid.Bool().Draw(rt, "reverse"), Limit: 1}
		var want []string
		for _, k := range keys {
			if k >= string(r.Start) && (r.End == nil || k < string(r.End)) {
				want = append(want, k)
			}
		}
		if n, err := tree.Count(ctx, r, false); err != nil || n != len(want) {
			rt.Fatalf("Count(%q, %q) = %d, %v; want %d", r.Start, r.End, n, err, len(want))
		}
		if r.Reverse {
			slices.Reverse(want)
		}
		var got []string
		for kv, err := range tree.Scan(ctx, r, false) {
			if err != nil {
				rt.Fatalf("scan: %v", err)
			}
			got = append(got, string(kv.Key))
		}
		if !slices.Equal(got, want) {
			rt.Fatalf("Scan(%q, %q, %v) = %q, want %q", r.Start, r.End, r.Reverse, got, want)
		}
	}
}
