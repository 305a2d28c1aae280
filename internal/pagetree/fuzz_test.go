package pagetree_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/pagetree"
)

// rootID is the id of the first of two pages that are fuzzed.
const rootID = 1 << 24

// A forgery is two pages with checksums that hold: a tree's root, and one that
// stands for every other.
type forgery struct{ root, rest []byte }

func (f *forgery) Page(_ context.Context, id pagetree.ID, _ bool) (*pagetree.Page, error) {
	b := f.rest
	if id == rootID {
		b = f.root
	}
	b = forge(id, b)
	if err := pagetree.Check(id, b); err != nil {
		return nil, err
	}
	return pagetree.Open(b), nil
}

func (f *forgery) Ahead([]pagetree.ID) {}
func (f *forgery) Room() int           { return 0 }

// forge returns a copy of b with the id and a checksum that holds.
func forge(id pagetree.ID, b []byte) []byte {
	if len(b) < 14 {
		return b
	}
	b = bytes.Clone(b)
	binary.BigEndian.PutUint64(b[2:], uint64(id))
	return seal(b)
}

// sink takes what Merge writes, and says what Check says of it.
type sink struct{ next pagetree.ID }

func (s *sink) NewID() (pagetree.ID, error) { s.next++; return 1<<40 + s.next, nil }
func (s *sink) Replaced(pagetree.ID)        {}
func (s *sink) Write(_ context.Context, id pagetree.ID, b []byte) error {
	if err := pagetree.Check(id, b); err != nil {
		return errors.New("merge has written: " + err.Error())
	}
	return nil
}

// Whatever stands in pages that pass Check, and however they contradict each
// other, reads and merges end, and with no failure but ErrCorrupt.
func FuzzPages(f *testing.F) {
	pages := specimens(f)
	for _, root := range pages {
		for _, rest := range pages {
			f.Add(root, rest)
		}
	}
	f.Fuzz(func(t *testing.T, root, rest []byte) {
		_ = pagetree.Check(rootID, root)
		if pagetree.Check(rootID, forge(rootID, root)) != nil {
			return
		}
		if _, pairs, err := pagetree.Salvage(rootID, forge(rootID, root)); err == nil {
			getsAll(t, &forgery{root, rest}, pairs)
		}
		level := uint8(0)
		if root[0] == 'N' {
			n, k := binary.Uvarint(root[10:])
			level = root[10+k+int(n)]
		}
		tree := pagetree.Tree{Table: tableOf(root), Pages: &forgery{root, rest}, Root: pagetree.Root{Page: rootID, Level: level, Count: 10, Size: 100}}
		tolerable := func(err error) {
			if err != nil && !errors.Is(err, backend.ErrCorrupt) && !errors.Is(err, backend.ErrSchemaNewer) && err != backend.ErrNotFound {
				t.Errorf("error %v, want one of a class", err)
			}
		}
		ctx := context.Background()
		_, err := tree.Get(ctx, []byte("key"), false)
		tolerable(err)
		for _, r := range []backend.Range{{}, {Reverse: true}, {Start: []byte("k"), End: []byte("l")}, {Start: []byte("k"), End: []byte("l"), Reverse: true}} {
			for _, err := range tree.Scan(ctx, r, false) {
				tolerable(err)
			}
			_, err = tree.Count(ctx, r, false)
			tolerable(err)
		}
		tolerable(tree.Walk(ctx, func(pagetree.ID, uint8) error { return nil }))
		tolerable(tree.Verify(ctx, func(e *backend.Error) { tolerable(e) }))
		_, err = pagetree.Merge(ctx, tree, slices.Values([]pagetree.Change{
			{Key: []byte("a"), Value: []byte("new")}, {Key: []byte("key"), Delete: true}, {Key: []byte("y")},
		}), &sink{})
		tolerable(err)
		tree.Root.Count = countOf(ctx, tree)
		_, err = pagetree.Merge(ctx, tree, slices.Values([]pagetree.Change{{Key: []byte("m")}}), &sink{})
		tolerable(err)
	})
}

// getsAll fails unless a tree of one leaf has the pairs of it.
func getsAll(t *testing.T, f *forgery, pairs func(func(pagetree.Pair) bool)) {
	tree := pagetree.Tree{Table: tableOf(f.root), Pages: f, Root: pagetree.Root{Page: rootID}}
	for p := range pairs {
		got, err := tree.Get(context.Background(), p.Key, true)
		if p.Apart == 0 && (err != nil || !bytes.Equal(got, p.Value)) {
			t.Errorf("Get(%q) = %q, %v; want %q", p.Key, got, err, p.Value)
		}
	}
}

func tableOf(page []byte) string {
	if page[0] == 'V' {
		return "t"
	}
	n, k := binary.Uvarint(page[10:])
	return string(page[10+k:][:n])
}

// countOf returns how many pairs a tree's root says are under it, as far as its
// pages don't contradict that.
func countOf(ctx context.Context, tree pagetree.Tree) (n uint64) {
	for _, err := range tree.Scan(ctx, backend.Range{}, false) {
		if err == nil {
			n++
		}
	}
	return n
}
