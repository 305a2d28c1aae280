package pagetree_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/pagetree"
)

// rows returns changes that put rows from one number up to another.
func rows(from, to, size int) (all []pagetree.Change) {
	for i := from; i < to; i++ {
		all = append(all, pagetree.Change{Key: row(i), Value: bytes.Repeat([]byte{byte(i)}, size)})
	}
	return all
}

func row(i int) []byte { return binary.BigEndian.AppendUint32([]byte("row"), uint32(i)) }

func deletions(changes []pagetree.Change) (all []pagetree.Change) {
	for _, c := range changes {
		all = append(all, pagetree.Change{Key: c.Key, Delete: true})
	}
	return all
}

func model(changes []pagetree.Change) map[string]string {
	m := map[string]string{}
	for _, c := range changes {
		m[string(c.Key)] = string(c.Value)
	}
	return m
}

// perLevel counts a tree's pages.
func perLevel(t tb, tree pagetree.Tree) map[uint8]int {
	n := map[uint8]int{}
	for _, level := range reachable(t, tree) {
		n[level]++
	}
	return n
}

func TestOneChangeRewritesItsPathOnly(t *testing.T) {
	d := newDisk()
	s := sizes{1000, 600, 500}
	tree := d.merge(t, pagetree.Tree{}, s, rows(0, 20_000, 10))
	if tree.Root.Level < 2 {
		t.Fatalf("tree has level %d, want at least 2", tree.Root.Level)
	}
	path := int(tree.Root.Level) + 1
	for _, i := range []int{0, 1, 777, 10_000, 19_998, 19_999} {
		for name, c := range map[string]pagetree.Change{
			"put":    {Key: row(i), Value: []byte("new")},
			"delete": {Key: row(i), Delete: true},
			"insert": {Key: append(row(i), 0)},
		} {
			d.reads = nil
			d.merge(t, tree, s, []pagetree.Change{c})
			if len(d.written) != path || len(d.replaced) != path {
				t.Errorf("%s of row %d writes %d pages and replaces %d, want %d", name, i, len(d.written), len(d.replaced), path)
			}
			slices.Sort(d.reads)
			if n := len(slices.Compact(d.reads)); n != path {
				t.Errorf("%s of row %d reads %d pages, want %d", name, i, n, path)
			}
		}
	}
}

// What is left of a leaf joins a neighbour under the same parent, so that no
// other inner node is written.
func TestAShortLeafJoinsItsSibling(t *testing.T) {
	d := newDisk()
	s := sizes{1000, 600, 500}
	tree := d.merge(t, pagetree.Tree{}, s, rows(0, 20_000, 10))
	path := int(tree.Root.Level) + 1
	for i, keys := range leaves(t, d, tree)[:100] {
		var changes []pagetree.Change
		for _, k := range keys[1:] {
			changes = append(changes, pagetree.Change{Key: []byte(k), Delete: true})
		}
		d.merge(t, tree, s, changes)
		if len(d.written) > path+1 || len(d.replaced) != path+1 {
			t.Errorf("a short leaf %d makes %d pages written and %d replaced, want at most %d", i, len(d.written), len(d.replaced), path+1)
		}
	}
}

func TestChangesThatChangeNothingWriteNothing(t *testing.T) {
	d := newDisk()
	s := sizes{1000, 600, 500}
	tree := d.merge(t, pagetree.Tree{}, s, rows(0, 20_000, 10))
	var missing []pagetree.Change
	for i := range 20_000 {
		missing = append(missing, pagetree.Change{Key: append(row(i), 1), Delete: true})
	}
	for name, changes := range map[string][]pagetree.Change{"none": nil, "deletions of missing keys": missing} {
		next := d.merge(t, tree, s, changes)
		if next.Root != tree.Root || len(d.written) > 0 || len(d.replaced) > 0 {
			t.Errorf("%s: root %+v after %+v, %d pages written, %d replaced", name, next.Root, tree.Root, len(d.written), len(d.replaced))
		}
	}
	if next := d.merge(t, pagetree.Tree{}, s, missing[:10]); next.Root != (pagetree.Root{}) || len(d.written) > 0 {
		t.Errorf("deletions in an empty tree make %+v and write %d pages", next.Root, len(d.written))
	}

	// Beside one that does, they cost nothing.
	missing[5000] = pagetree.Change{Key: row(5000), Delete: true}
	d.merge(t, tree, s, missing)
	if want := int(tree.Root.Level) + 1; len(d.written) != want {
		t.Errorf("one deletion among many of missing keys writes %d pages, want %d", len(d.written), want)
	}
}

func TestDeletingEverythingLeavesTheZeroRoot(t *testing.T) {
	d := newDisk()
	all := rows(0, 3000, 600)
	tree := d.merge(t, pagetree.Tree{}, sizes{1000, 600, 500}, all)
	before := reachable(t, tree)
	next := d.merge(t, tree, sizes{1000, 600, 500}, deletions(all))
	if next.Root != (pagetree.Root{}) || len(d.written) > 0 {
		t.Errorf("root is %+v and %d pages are written, want none", next.Root, len(d.written))
	}
	accounted(t, d, before, nil)
	holds(t, next, nil)
	if v, err := next.Get(context.Background(), row(1), false); err != backend.ErrNotFound {
		t.Errorf("Get in an empty tree = %q, %v; want ErrNotFound itself", v, err)
	}
	holds(t, tree, model(all))
}

func TestAscendingKeysFillLeaves(t *testing.T) {
	d := newDisk()
	tree := pagetree.Tree{}
	const perMerge, size = 37, 200
	for i := 0; i < 20_000; i += perMerge {
		tree = d.merge(t, tree, standard, rows(i, i+perMerge, size))
	}
	inOrder(t, tree, standard)
	n := perLevel(t, tree)
	if least := int(tree.Root.Size)/(32<<10) + 1; n[0] > least*105/100 {
		t.Errorf("%d bytes appended in small pieces take %d leaves, want little more than %d", tree.Root.Size, n[0], least)
	}
	if tree.Root.Level != 1 {
		t.Errorf("root has level %d, want 1", tree.Root.Level)
	}
}

func TestALeafThatGrowsIsHalved(t *testing.T) {
	d := newDisk()
	tree := d.merge(t, pagetree.Tree{}, standard, rows(0, 2000, 200))
	var more []pagetree.Change
	for i := range 100 {
		more = append(more, pagetree.Change{Key: binary.BigEndian.AppendUint32(row(500), uint32(i)), Value: make([]byte, 200)})
	}
	tree = d.merge(t, tree, standard, more)
	inOrder(t, tree, standard)
	var lengths []int
	for _, id := range d.written {
		if d.pages[id][0] == 'P' {
			lengths = append(lengths, len(d.pages[id]))
		}
	}
	if len(lengths) != 2 || max(lengths[0], lengths[1]) > min(lengths[0], lengths[1])*11/10 {
		t.Errorf("leaves written are of %d bytes, want two halves", lengths)
	}
}

func TestLimits(t *testing.T) {
	d := newDisk()
	longKey := func(i int) []byte {
		return append(bytes.Repeat([]byte{0xFF}, backend.MaxKey-4), binary.BigEndian.AppendUint32(nil, uint32(i))...)
	}
	var changes []pagetree.Change
	for i := range 700 {
		size := []int{0, 16 << 10, 16<<10 + 1, 1, 16<<10 - 1}[i%5]
		changes = append(changes, pagetree.Change{Key: longKey(i), Value: bytes.Repeat([]byte{byte(i)}, size)})
	}
	changes[123].Value = bytes.Repeat([]byte{1}, backend.MaxValue)
	changes[456].Value = nil
	tree := d.merge(t, pagetree.Tree{}, standard, changes)
	check := func() {
		t.Helper()
		inOrder(t, tree, standard)
		holds(t, tree, model(changes))
		for id, level := range reachable(t, tree) {
			if b := d.pages[id]; level != pagetree.ValueLevel && len(b) >= 64<<10 {
				t.Errorf("page of level %d has %d bytes, want less than 64 KiB", level, len(b))
			}
		}
	}
	check()
	for i := range changes {
		changes[i].Value = bytes.Repeat([]byte{byte(i)}, 16<<10) // the longest leaf entries that there are
	}
	tree = d.merge(t, tree, standard, changes)
	check()
	if n := perLevel(t, tree)[pagetree.ValueLevel]; n != 0 {
		t.Errorf("tree has %d values apart, want none", n)
	}
	before := reachable(t, tree)
	for i := range changes {
		changes[i].Value = bytes.Repeat([]byte{byte(i)}, 16<<10+1)
	}
	tree = d.merge(t, tree, standard, changes)
	check()
	accounted(t, d, before, reachable(t, tree))
	if n := perLevel(t, tree)[pagetree.ValueLevel]; n != len(changes) {
		t.Errorf("tree has %d values apart, want %d", n, len(changes))
	}
	for i := 1; i < len(changes); i += 2 {
		tree = d.merge(t, tree, standard, deletions(changes[i:i+1]))
	}
	for i := len(changes) - 1; i > 0; i -= 2 {
		changes = slices.Delete(changes, i, i+1)
	}
	check()
}

func TestLongTableNameOfSeveralBytesAChar(t *testing.T) {
	d := newDisk()
	tree := pagetree.Tree{Table: strings.Repeat("ü", backend.MaxTableName/2), Pages: d}
	var err error
	if tree.Root, err = pagetree.Merge(context.Background(), tree, slices.Values(rows(0, 5000, 100)), d); err != nil {
		t.Fatalf("merge: %v", err)
	}
	holds(t, tree, model(rows(0, 5000, 100)))
}

func TestMergeReadsAheadWhereChangesAreDense(t *testing.T) {
	d := newDisk()
	tree, leaves := tall(t, d)
	s := sizes{1000, 600, 500}
	for _, c := range []struct {
		step        int // from change to change
		least, most int // leaves asked for
	}{{10, len(leaves) * 7 / 10, len(leaves)}, {200, 0, 0}, {20_000, 0, 0}} {
		var changes []pagetree.Change
		for i := 0; i < 20_000; i += c.step {
			changes = append(changes, pagetree.Change{Key: row(i), Value: []byte("changed")})
		}
		d.ahead = nil
		d.merge(t, tree, s, changes)
		n := 0
		for _, ids := range d.ahead {
			n += len(ids)
		}
		if n < c.least || n > c.most {
			t.Errorf("%d changes: %d of %d leaves are asked for, want %d to %d", len(changes), n, len(leaves), c.least, c.most)
		}
	}
}

// A merge that opens leaf after leaf has up to 32 of them on their way, and asks
// for many at once.
func TestMergeReadsFarAhead(t *testing.T) {
	d := newDisk()
	s := sizes{1000, 16_000, 500}
	tree := d.merge(t, pagetree.Tree{}, s, rows(0, 20_000, 10))
	all := len(leaves(t, d, tree))
	var changes []pagetree.Change
	for i := 0; i < 20_000; i += 10 {
		changes = append(changes, pagetree.Change{Key: row(i), Value: []byte("changed")})
	}
	d.reads, d.ahead = nil, nil
	d.merge(t, tree, s, changes)
	if most := all/16 + 8; all < 200 || len(d.ahead) > most {
		t.Errorf("%d leaves are asked for in %d parts, want at most %d", all, len(d.ahead), most)
	}
	for _, ids := range d.ahead {
		if len(ids) > 32 {
			t.Errorf("%d leaves are asked for at once, want at most 32", len(ids))
		}
	}
}

func TestDropReplacesEveryPage(t *testing.T) {
	for _, values := range []int{10, 600} {
		d := newDisk()
		tree := d.merge(t, pagetree.Tree{}, sizes{1000, 600, 500}, rows(0, 3000, values))
		before := reachable(t, tree)
		d.written, d.replaced, d.reads = nil, nil, nil
		if err := pagetree.Drop(context.Background(), tree, d); err != nil {
			t.Fatalf("drop: %v", err)
		}
		accounted(t, d, before, nil)
		for _, id := range d.reads {
			if values == 10 && d.pages[id][0] != 'N' {
				t.Errorf("drop reads page %d, of kind %q, which leads to nothing", id, d.pages[id][0])
			}
		}
	}
}

func TestMergeRefusesWhatIsNoChange(t *testing.T) {
	for name, changes := range map[string][]pagetree.Change{
		"an empty key": {{Key: nil}},
		"descending":   {{Key: []byte("b")}, {Key: []byte("a")}},
		"twice":        {{Key: []byte("a")}, {Key: []byte("a"), Delete: true}},
	} {
		if _, err := newDisk().tryMerge(pagetree.Tree{}, standard, changes); !errors.Is(err, backend.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
	for name, c := range map[string]pagetree.Change{
		"a long key":   {Key: make([]byte, backend.MaxKey+1)},
		"a long value": {Key: []byte("a"), Value: make([]byte, backend.MaxValue+1)},
	} {
		if _, err := newDisk().tryMerge(pagetree.Tree{}, standard, []pagetree.Change{c}); !errors.Is(err, backend.ErrTooLarge) {
			t.Errorf("%s: %v, want ErrTooLarge", name, err)
		}
	}
}

// At whatever page writing fails, the error comes back and the old tree is
// whole.
func TestMergeFailsWithItsWriter(t *testing.T) {
	d := newDisk()
	s := sizes{1000, 600, 500}
	all := rows(0, 2000, 10)
	tree := d.merge(t, pagetree.Tree{}, s, all)
	changes := append(rows(0, 1000, 20), rows(1900, 2100, 600)...)
	for n := 0; ; n++ {
		d.full = n
		_, err := d.tryMerge(tree, s, changes)
		if err == nil {
			if n < 100 {
				t.Errorf("merge writes %d pages, want more to fail at", n)
			}
			break
		}
		if !errors.Is(err, backend.ErrQuota) {
			t.Fatalf("merge with room for %d pages: %v, want ErrQuota", n, err)
		}
	}
	holds(t, tree, model(all))
}

func TestMergeFailsWithItsPages(t *testing.T) {
	d := newDisk()
	s := sizes{1000, 600, 500}
	tree := d.merge(t, pagetree.Tree{}, s, rows(0, 2000, 10))
	changes := rows(0, 2000, 11)
	for id := range reachable(t, tree) {
		d.failed = map[pagetree.ID]error{id: &backend.Error{Class: backend.ErrCorrupt, Reason: fmt.Sprint("page ", id)}}
		if _, err := d.tryMerge(tree, s, changes); !errors.Is(err, backend.ErrCorrupt) {
			t.Errorf("merge that can't read page %d: %v, want ErrCorrupt", id, err)
		}
	}
	d.failed = nil
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := pagetree.Merge(ctx, tree, slices.Values(changes), d); err != context.Canceled {
		t.Errorf("merge in a context that is done: %v, want its error", err)
	}
}
