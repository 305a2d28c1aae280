package mvcc

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/tidwall/btree"

	"github.com/larderdb/larder/backend"
)

// A Snapshot is the state of all tables at one version. It never changes and
// is safe for concurrent use. The zero Snapshot is an empty database at
// version 0.
type Snapshot struct {
	version uint64
	tables  []table // ascending by name
}

// Version returns the number of the newest commit in the snapshot.
func (s *Snapshot) Version() uint64 { return s.version }

// Tables returns an iterator over the names of all tables in ascending order,
// each with an iterator over its pairs in ascending order of keys. A table
// without pairs is among them. Keys and values must not be written to; they
// may be kept.
func (s *Snapshot) Tables() iter.Seq2[string, iter.Seq[backend.KV]] {
	return func(yield func(string, iter.Seq[backend.KV]) bool) {
		for _, t := range s.tables {
			if !yield(t.name, t.tree.all) {
				return
			}
		}
	}
}

// Read returns a transaction that reads s. Scans of it end when ctx is done.
// The caller calls End when the closure has returned.
func (s *Snapshot) Read(ctx context.Context) *ReadTx {
	return &ReadTx{ctx: ctx, version: s.version, tables: s.tables}
}

// Write returns a transaction that reads s and what it writes itself. Scans of
// it end when ctx is done. The caller calls End when the closure has returned
// and then Commit, or nothing to roll it back. Any number of transactions can
// be derived from one snapshot; which of them may follow it is the engine's
// affair.
func (s *Snapshot) Write(ctx context.Context) *WriteTx {
	return &WriteTx{ReadTx: ReadTx{ctx: ctx, version: s.version, tables: s.tables}, base: s}
}

type table struct {
	name string
	tree *tree
}

// find returns the place of name among tables, or where it belongs.
func find(tables []table, name string) (int, bool) {
	return slices.BinarySearchFunc(tables, name, func(t table, name string) int {
		return strings.Compare(t.name, name)
	})
}

// A tree is one table's pairs. Only a write transaction changes one, and only
// one that it has made itself, while it is private.
type tree struct {
	pairs   *btree.BTreeG[Pair]
	private bool // belongs to a transaction that has not committed
	loops   int  // scans that are under way over this private tree
}

func newTree() *tree {
	return &tree{pairs: btree.NewBTreeGOptions(less, btree.Options{NoLocks: true}), private: true}
}

// clone returns a private tree with the pairs of t, which must not be written
// to any more.
func (t *tree) clone() *tree {
	// IsoCopy writes to the tree that it copies, so that both can be written
	// to afterwards. Readers and other writers use t at this moment; a shallow
	// copy takes the write in its place.
	shallow := *t.pairs
	return &tree{pairs: shallow.IsoCopy(), private: true}
}

func (t *tree) all(yield func(backend.KV) bool) {
	t.pairs.Scan(func(p Pair) bool { return yield(p.kv()) })
}

// rank returns how many keys are smaller than key.
func (t *tree) rank(key []byte) int {
	low, high := 0, t.pairs.Len()
	for pivot := pivot(key); low < high; {
		mid := int(uint(low+high) >> 1)
		if p, _ := t.pairs.GetAt(mid); less(p, pivot) {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}
