package pagetree_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/pagetree"
	"github.com/tidwall/btree"
)

const benchPairs = 1_000_000

// A store keeps pages as a cache does that has all of them.
type store struct {
	pages  map[pagetree.ID]*pagetree.Page
	nextID pagetree.ID
}

func (s *store) Page(_ context.Context, id pagetree.ID, _ bool) (*pagetree.Page, error) {
	return s.pages[id], nil
}
func (s *store) Ahead([]pagetree.ID)         {}
func (s *store) Room() int                   { return 0 }
func (s *store) NewID() (pagetree.ID, error) { s.nextID++; return s.nextID, nil }
func (s *store) Replaced(id pagetree.ID)     {}
func (s *store) Write(_ context.Context, id pagetree.ID, b []byte) error {
	s.pages[id] = pagetree.Open(b)
	return nil
}

// benchKey returns the key of row i, as long as a tuple of a string.
func benchKey(i int) []byte {
	return binary.BigEndian.AppendUint64([]byte("\x02row-"), uint64(i)*1_000_003)
}

func benchTree(b *testing.B) *pagetree.Tree {
	value := make([]byte, 20)
	s := &store{pages: map[pagetree.ID]*pagetree.Page{}}
	tree := pagetree.Tree{Table: "rows", Pages: s}
	var err error
	tree.Root, err = pagetree.Merge(context.Background(), tree, func(yield func(pagetree.Change) bool) {
		for i := 0; i < benchPairs && yield(pagetree.Change{Key: benchKey(i), Value: value}); i++ {
		}
	}, s)
	if err != nil {
		b.Fatal(err)
	}
	return &tree
}

// BenchmarkGet compares a get with one of a B-tree in memory.
func BenchmarkGet(b *testing.B) {
	b.Run("pages", func(b *testing.B) {
		tree := benchTree(b)
		ctx, random := context.Background(), rand.New(rand.NewPCG(1, 1))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := tree.Get(ctx, benchKey(random.IntN(benchPairs)), true); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("btree", func(b *testing.B) {
		type pair struct{ key, value []byte }
		tree := btree.NewBTreeG(func(a, b pair) bool { return bytes.Compare(a.key, b.key) < 0 })
		for i := range benchPairs {
			tree.Set(pair{benchKey(i), make([]byte, 20)})
		}
		random := rand.New(rand.NewPCG(1, 1))
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := tree.Get(pair{key: benchKey(random.IntN(benchPairs))}); !ok {
				b.Fatal("missing")
			}
		}
	})
}

// BenchmarkScan is of 1,000 pairs each.
func BenchmarkScan(b *testing.B) {
	tree := benchTree(b)
	for _, reverse := range []bool{false, true} {
		b.Run(map[bool]string{false: "up", true: "down"}[reverse], func(b *testing.B) {
			random := rand.New(rand.NewPCG(1, 1))
			b.ReportAllocs()
			for b.Loop() {
				from := random.IntN(benchPairs - 1000)
				n := 0
				for _, err := range tree.Scan(context.Background(), backend.Range{Start: benchKey(from), End: benchKey(from + 1000), Reverse: reverse}, true) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
				if n != 1000 {
					b.Fatal(n)
				}
			}
		})
	}
}

func BenchmarkCount(b *testing.B) {
	tree := benchTree(b)
	b.ReportAllocs()
	for b.Loop() {
		n, err := tree.Count(context.Background(), backend.Range{Start: benchKey(1000), End: benchKey(900_000)}, true)
		if err != nil || n != 899_000 {
			b.Fatal(n, err)
		}
	}
}

// BenchmarkCheck is of a leaf; the checksum alone is a part of it.
func BenchmarkCheck(b *testing.B) {
	tree := benchTree(b)
	var id pagetree.ID
	err := tree.Walk(context.Background(), func(page pagetree.ID, level uint8) error {
		if level == 0 {
			id = page
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	page := tree.Pages.(*store).pages[id].Bytes()
	b.Run("page", func(b *testing.B) {
		b.SetBytes(int64(len(page)))
		for b.Loop() {
			if err := pagetree.Check(id, page); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("checksum", func(b *testing.B) {
		table := crc32.MakeTable(crc32.Castagnoli)
		b.SetBytes(int64(len(page)))
		for b.Loop() {
			crc32.Checksum(page, table)
		}
	})
}

// BenchmarkMerge changes pairs here and there in a tree of a million.
func BenchmarkMerge(b *testing.B) {
	tree := benchTree(b)
	value := make([]byte, 20)
	for _, n := range []int{1, 1000, 100_000} {
		b.Run(map[int]string{1: "one", 1000: "thousand", 100_000: "tenth"}[n], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s := &store{pages: map[pagetree.ID]*pagetree.Page{}, nextID: 1 << 30}
				_, err := pagetree.Merge(context.Background(), *tree, func(yield func(pagetree.Change) bool) {
					for i := 0; i < benchPairs && yield(pagetree.Change{Key: benchKey(i), Value: value}); i += benchPairs / n {
					}
				}, s)
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
