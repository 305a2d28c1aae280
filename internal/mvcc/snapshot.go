package mvcc

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/tidwall/btree"

	"github.com/larderdb/larder/backend"
)

// A Base is what lies under a table's pairs: more of them, which are somewhere
// else and never change. It is safe for concurrent use. Where cached is set it
// fails with [backend.ErrNotInMemory] in place of waiting.
type Base interface {
	// Get returns the value of key, or the plain [backend.ErrNotFound].
	Get(ctx context.Context, key []byte, cached bool) ([]byte, error)
	// Scan is as in [backend.ReadTx], but for r.Limit, which it ignores, and
	// the end of ctx, which it may.
	Scan(ctx context.Context, r backend.Range, cached bool) iter.Seq2[backend.KV, error]
	// Count returns how many pairs lie in r, whose Limit it ignores.
	Count(ctx context.Context, r backend.Range, cached bool) (int, error)
	// Len returns how many pairs there are.
	Len() int
}

// A BaseTable is a table's name and what lies under its pairs: nil when that is
// nothing.
type BaseTable struct {
	Name string
	Base Base
}

// NewSnapshot returns the snapshot that holds tables, in ascending order of
// their names, as their Bases have them.
func NewSnapshot(version uint64, tables []BaseTable) *Snapshot {
	s := &Snapshot{version: version, tables: make([]table, len(tables))}
	for i, t := range tables {
		made := newTree()
		made.private = false
		if t.Base != nil && t.Base.Len() > 0 {
			made.base = t.Base
		}
		s.tables[i] = table{t.Name, made}
	}
	return s
}

// A Snapshot is the state of all tables at one version. It never changes and
// is safe for concurrent use. The zero Snapshot is an empty database at
// version 0.
type Snapshot struct {
	version uint64
	tables  []table // ascending by name
}

// Version returns the number of the newest commit in the snapshot.
func (s *Snapshot) Version() uint64 { return s.version }

// Changes returns an iterator over all tables in ascending order of names, each
// with the Base that it lies over, which is nil for a table that was made after
// its snapshot's [NewSnapshot] and for one without pairs there, and with what
// lies above that: the pairs put, and the keys deleted, with empty values, of
// which some may not be in the Base. They are in ascending order of keys, must
// not be written to, and may be kept.
func (s *Snapshot) Changes() iter.Seq2[BaseTable, iter.Seq2[Pair, bool]] {
	return func(yield func(BaseTable, iter.Seq2[Pair, bool]) bool) {
		for _, t := range s.tables {
			if !yield(BaseTable{t.name, t.tree.base}, t.tree.changes) {
				return
			}
		}
	}
}

// Size returns roughly how many bytes the pairs and deleted keys take that lie
// above the Bases.
func (s *Snapshot) Size() int {
	n := 0
	for _, t := range s.tables {
		n += t.tree.size
	}
	return n
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

// fewTables is how many names are looked through faster than searched.
const fewTables = 16

// find returns the place of name among tables, or where it belongs.
func find(tables []table, name string) (int, bool) {
	if len(tables) <= fewTables {
		for i := range tables {
			if tables[i].name == name {
				return i, true
			}
		}
	}
	return slices.BinarySearchFunc(tables, name, func(t table, name string) int {
		return strings.Compare(t.name, name)
	})
}

// A tree is one table: its pairs, or those that lie above its Base, with
// tombstones for the Base's that are deleted. A tree without a Base has no
// tombstones. Only a write transaction changes one, and only one that it has
// made itself, while it is private.
type tree struct {
	pairs   *btree.BTreeG[Pair]
	base    Base // or nil
	size    int  // bytes of pairs, roughly
	private bool // belongs to a transaction that has not committed

	// Of a private tree:
	loops  int    // scans that are under way
	unread int    // changes since it was read
	later  []Pair // changes that pairs has yet to get, the oldest first
	arena  arena  // of those
	beyond bool   // what was looked for last comes after all pairs
}

func newTree() *tree { return &tree{pairs: newPairs(), private: true, arena: arena{added: bulk}} }

// clone returns a private tree with the pairs of t, which must not be written
// to any more.
func (t *tree) clone() *tree {
	// IsoCopy writes to the tree that it copies, so that both can be written
	// to afterwards. Readers and other writers use t at this moment; a shallow
	// copy takes the write in its place.
	shallow := *t.pairs
	return &tree{pairs: shallow.IsoCopy(), base: t.base, size: t.size, private: true, arena: arena{added: bulk}}
}

// get returns the pair of key above the Base. Rows that are read most often are
// older than all that lie there, since new ones come last: those cost no search.
func (t *tree) get(key []byte) (Pair, bool) {
	last, ok := t.pairs.Max()
	if !ok {
		return Pair{}, false
	}
	p := pivot(key)
	if t.private || t.base != nil {
		after := less(last, p)
		if t.private {
			t.beyond = after
		}
		if after {
			return Pair{}, false
		}
	}
	if t.base != nil {
		if first, _ := t.pairs.Min(); less(p, first) {
			return Pair{}, false
		}
	}
	return t.pairs.Get(p)
}

// set adds p or replaces the pair of its key, and reports which.
func (t *tree) set(p Pair) (replaced bool) {
	var old Pair
	if t.beyond { // as what was looked for is now written, most likely
		old, replaced = t.pairs.Load(p)
	} else {
		old, replaced = t.pairs.Set(p)
	}
	t.size += p.size()
	if replaced {
		t.size -= old.size()
	}
	return replaced
}

// remove makes p's key a missing one. Over a Base, t keeps referring to the key.
func (t *tree) remove(p Pair) {
	if t.base != nil {
		t.set(p.tombstone())
	} else if old, ok := t.pairs.Delete(p); ok {
		t.size -= old.size()
	}
}

func (t *tree) changes(yield func(p Pair, deleted bool) bool) {
	t.pairs.Scan(func(p Pair) bool {
		if p.isTombstone() {
			return yield(p.keyOnly(), true)
		}
		return yield(p, false)
	})
}
