package pagetree_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/pagetree"
)

// tall returns a tree of at least three levels, and its leaves in order.
func tall(t tb, d *disk) (pagetree.Tree, []pagetree.ID) {
	t.Helper()
	tree := d.merge(t, pagetree.Tree{}, sizes{1000, 600, 500}, rows(0, 20_000, 10))
	leaves := leavesUnder(t, tree)
	if tree.Root.Level < 2 {
		t.Fatalf("the tree has level %d, want 2 at the least", tree.Root.Level)
	}
	d.reads = nil
	return tree, leaves
}

// first returns up to n of the pairs of a scan.
func first(t tb, tree pagetree.Tree, r backend.Range, n int) int {
	t.Helper()
	got := 0
	if n == 0 {
		return 0
	}
	for _, err := range tree.Scan(context.Background(), r, false) {
		if err != nil {
			t.Fatalf("scan: %v", err)
		}
		if got++; got == n {
			break
		}
	}
	return got
}

func TestScanReadsOnlyWhatItsLoopWants(t *testing.T) {
	d := newDisk()
	tree, _ := tall(t, d)
	for _, r := range []backend.Range{{}, {Start: row(5000)}, {Reverse: true}, {End: row(5000), Reverse: true}, {Start: row(300), End: row(301)}} {
		d.reads, d.ahead = nil, nil
		if got := first(t, tree, r, 1); got != 1 {
			t.Fatalf("scan yields %d pairs, want 1", got)
		}
		if want := int(tree.Root.Level) + 1; len(d.reads) != want || len(d.ahead) != 0 {
			t.Errorf("the first pair of %q to %q takes %d pages, and %d are read ahead, want %d and none", r.Start, r.End, len(d.reads), len(d.ahead), want)
		}
	}
	d.reads = nil
	first(t, tree, backend.Range{Start: row(5), End: row(5)}, 1)
	first(t, tree, backend.Range{Start: row(6), End: row(5), Reverse: true}, 1)
	first(t, tree, backend.Range{End: []byte{}}, 1)
	if len(d.reads) != 0 {
		t.Errorf("empty ranges read %d pages, want none", len(d.reads))
	}
}

// A scan has asked for nearly every leaf before it gets there, for none
// twice, and for none outside of its range.
func TestScanReadsAhead(t *testing.T) {
	d := newDisk()
	tree, leaves := tall(t, d)
	for _, c := range []struct {
		name    string
		r       backend.Range
		outside int // leaves that the scan doesn't reach, at the least
	}{
		{"up", backend.Range{}, 0},
		{"down", backend.Range{Reverse: true}, 0},
		{"a range up", backend.Range{Start: row(7000), End: row(13_000)}, len(leaves) / 2},
		{"a range down", backend.Range{Start: row(7000), End: row(13_000), Reverse: true}, len(leaves) / 2},
	} {
		d.reads, d.ahead = nil, nil
		asked := map[pagetree.ID]bool{}
		late, n, seen := 0, 0, 0
		for _, err := range tree.Scan(context.Background(), c.r, false) {
			if err != nil {
				t.Fatalf("scan: %v", err)
			}
			for ; seen < len(d.ahead); seen++ {
				if len(d.ahead[seen]) > 8 {
					t.Errorf("%s: %d pages are asked for at once, want at most 8", c.name, len(d.ahead[seen]))
				}
				for _, id := range d.ahead[seen] {
					if asked[id] {
						t.Errorf("%s: page %d is asked for twice", c.name, id)
					}
					if slices.Contains(d.reads, id) {
						late++ // asked for and read at once
					}
					if !slices.Contains(leaves, id) {
						t.Errorf("%s: page %d is asked for and no leaf", c.name, id)
					}
					asked[id] = true
				}
			}
			n++
		}
		read := 0
		for _, id := range d.reads {
			if slices.Contains(leaves, id) {
				read++
			}
		}
		if read > len(leaves)-c.outside {
			t.Errorf("%s: %d leaves of %d are read, want %d fewer", c.name, read, len(leaves), c.outside)
		}
		for id := range asked {
			if !slices.Contains(d.reads, id) {
				t.Errorf("%s: page %d is asked for and not read", c.name, id)
			}
		}
		inner := perLevel(t, tree)[1]
		if least := read - 2*inner - 2; len(asked)-late < least {
			t.Errorf("%s: %d of %d leaves are asked for before they are read, want %d", c.name, len(asked)-late, read, least)
		}
	}
}

func TestScanReadsValuesAhead(t *testing.T) {
	for _, c := range []struct{ size, most int }{{600, 8}, {400 << 10, 2}, {2 << 20, 0}} {
		d := newDisk()
		tree := d.merge(t, pagetree.Tree{}, sizes{8000, 8000, 500}, rows(0, 100, c.size))
		for _, reverse := range []bool{false, true} {
			d.ahead, d.reads = nil, nil
			if first(t, tree, backend.Range{Reverse: reverse}, 1); len(d.ahead) > 0 {
				t.Errorf("the first value has %d more read ahead, want none", len(d.ahead))
			}
			asked, late, longest := map[pagetree.ID]bool{}, 0, 0
			d.reads = nil
			for _, err := range tree.Scan(context.Background(), backend.Range{Reverse: reverse}, false) {
				if err != nil {
					t.Fatalf("scan: %v", err)
				}
				for _, ids := range d.ahead {
					longest = max(longest, len(ids))
					for _, id := range ids {
						if asked[id] {
							t.Errorf("page %d is asked for twice", id)
						}
						if slices.Contains(d.reads, id) {
							late++
						}
						asked[id] = true
					}
				}
				d.ahead = nil
			}
			if longest > c.most || late > 0 || c.most > 0 && len(asked) != 98 {
				t.Errorf("values of %d bytes: %d are asked for, %d of them late, at most %d at once; want all but two, none and %d",
					c.size, len(asked), late, longest, c.most)
			}
		}
	}
}

func TestCachedReadsDoNotWait(t *testing.T) {
	d := newDisk()
	tree, leaves := tall(t, d)
	d.failed = map[pagetree.ID]error{leaves[3]: backend.ErrNotInMemory}
	n := 0
	var last error
	for _, err := range tree.Scan(context.Background(), backend.Range{}, true) {
		if last = err; err == nil {
			n++
		}
	}
	if last != backend.ErrNotInMemory || n == 0 {
		t.Errorf("scan yields %d pairs and ends with %v, want ErrNotInMemory", n, last)
	}
	if len(d.ahead) > 0 {
		t.Errorf("a scan that doesn't wait reads ahead")
	}
	if v, err := tree.Get(context.Background(), row(n), true); err != backend.ErrNotInMemory {
		t.Errorf("Get = %q, %v; want ErrNotInMemory", v, err)
	}
	if n, err := tree.Count(context.Background(), backend.Range{Start: row(n)}, true); err != backend.ErrNotInMemory {
		t.Errorf("Count = %d, %v; want ErrNotInMemory", n, err)
	}
}

func TestCountReadsTheEdgesOfItsRangeOnly(t *testing.T) {
	d := newDisk()
	tree, _ := tall(t, d)
	ctx := context.Background()
	for _, c := range []struct {
		r    backend.Range
		want int
		read int // paths
	}{
		{backend.Range{}, 20_000, 0},
		{backend.Range{Start: row(10)}, 19_990, 1},
		{backend.Range{End: row(10), Limit: 3}, 10, 1},
		{backend.Range{Start: row(10), End: row(15_000)}, 14_990, 2},
		{backend.Range{Start: row(10), End: row(10)}, 0, 0},
	} {
		d.reads = nil
		if n, err := tree.Count(ctx, c.r, false); err != nil || n != c.want {
			t.Errorf("Count(%q, %q) = %d, %v; want %d", c.r.Start, c.r.End, n, err, c.want)
		}
		if most := c.read * (int(tree.Root.Level) + 1); len(d.reads) > most {
			t.Errorf("Count(%q, %q) reads %d pages, want at most %d", c.r.Start, c.r.End, len(d.reads), most)
		}
	}
}

func TestReadsEndWithTheirContext(t *testing.T) {
	d := newDisk()
	tree, _ := tall(t, d)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n, errs := 0, 0
	for _, err := range tree.Scan(ctx, backend.Range{}, false) {
		if err != nil {
			errs++
			if err != context.Canceled {
				t.Errorf("scan ends with %v, want the context's error", err)
			}
			continue
		}
		n++
		cancel()
	}
	if errs != 1 || n > 100 {
		t.Errorf("a scan whose context ends yields %d errors after %d pairs, want one after a leaf", errs, n)
	}
	if _, err := tree.Get(ctx, row(1), false); err != context.Canceled {
		t.Errorf("Get = %v, want the context's error", err)
	}
	if _, err := tree.Count(ctx, backend.Range{Start: row(1)}, false); err != context.Canceled {
		t.Errorf("Count = %v, want the context's error", err)
	}
	if err := tree.Walk(ctx, func(pagetree.ID, uint8) error { return nil }); err != context.Canceled {
		t.Errorf("Walk = %v, want the context's error", err)
	}
	if err := tree.Verify(ctx, func(*backend.Error) {}); err != context.Canceled {
		t.Errorf("Verify = %v, want the context's error", err)
	}
}

func TestAScanEndsWhereItsLoopDoes(t *testing.T) {
	d := newDisk()
	tree, leaves := tall(t, d)
	d.failed = map[pagetree.ID]error{leaves[1]: errors.New("must not be read")}
	all := tree.Scan(context.Background(), backend.Range{}, false)
	for range 2 { // it can be used again
		for kv, err := range all {
			if err != nil || string(kv.Key) != string(row(0)) {
				t.Fatalf("first pair is %q, %v", kv.Key, err)
			}
			break
		}
	}
}

func TestLookupsDoNotAllocate(t *testing.T) {
	s := &store{pages: map[pagetree.ID]*pagetree.Page{}}
	tree := pagetree.Tree{Table: "t", Pages: s}
	var err error
	if tree.Root, err = pagetree.MergeSized(context.Background(), tree, slices.Values(rows(0, 20_000, 10)), s, 1000, 600, 500); err != nil {
		t.Fatalf("merge: %v", err)
	}
	ctx, key := context.Background(), row(12_345)
	if n := testing.AllocsPerRun(100, func() { _, err = tree.Get(ctx, key, true) }); n != 0 || err != nil {
		t.Errorf("Get allocates %v times, error %v; want 0", n, err)
	}
	r := backend.Range{Start: row(100), End: row(19_000)}
	if n := testing.AllocsPerRun(100, func() { _, err = tree.Count(ctx, r, true) }); n != 0 || err != nil {
		t.Errorf("Count allocates %v times, error %v; want 0", n, err)
	}
	for _, reverse := range []bool{false, true} {
		r.Reverse = reverse
		n := testing.AllocsPerRun(10, func() {
			for kv, e := range tree.Scan(ctx, r, false) {
				if e != nil || len(kv.Value) != 10 {
					err = errors.Join(e, errors.New("wrong value"))
				}
			}
		})
		if n > 8 || err != nil {
			t.Errorf("a scan of 18,900 pairs allocates %v times, error %v; want a few", n, err)
		}
	}
}
