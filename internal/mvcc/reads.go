package mvcc

import (
	"bytes"
	"slices"
	"sort"

	"github.com/larderdb/larder/backend"
)

// Reads are what a transaction has read of its snapshot: keys, whether they
// exist or not, ranges as far as loops went, and what there are of tables. They
// decide whether the transaction would do the same after the commits of others.
// They are not safe for concurrent use.
type Reads struct {
	existing []table       // what the snapshot has
	tables   []*tableReads // ascending by name
	last     int           // index of the one that was used last
	names    bool          // the names of all tables
	version  bool          // the snapshot's version
}

// Conflict reports whether the commit of the given number, which did ops after
// the snapshot, has changed what was read. When it has not, the transaction's
// closure would read and write the same after that commit as it did without it.
// It doesn't matter whether stamps in ops are filled in.
//
// When a commit that the transaction had below it gets another number, what it
// has stamped changes: those of its ops that have stamps are such a commit, once
// with the number that it had and once with the one that it gets.
func (r *Reads) Conflict(number uint64, ops []Op) bool {
	if r.version {
		return true
	}
	var filled []byte // a key with its stamp
	for i := range ops {
		op := &ops[i]
		if r.names && r.changesNames(op) {
			return true
		}
		t, ok := r.find(op.Table)
		if !ok {
			continue
		}
		if op.Kind == Drop || r.tables[t].has(op.Pair.Key()) {
			return true
		}
		// Until the commit has its number, a stamped key is at another place,
		// where it replaces what it finds.
		if op.keyStamped() {
			filled = append(filled[:0], op.Pair.Key()...)
			for _, s := range op.Stamps {
				if s.InKey {
					fill(filled[s.Offset:], pending)
				}
			}
			if r.tables[t].has(filled) {
				return true
			}
			for _, s := range op.Stamps {
				if s.InKey {
					fill(filled[s.Offset:], number)
				}
			}
			if r.tables[t].has(filled) {
				return true
			}
		}
	}
	return false
}

// changesNames reports whether op makes or removes a table.
func (r *Reads) changesNames(op *Op) bool {
	_, exists := find(r.existing, op.Table)
	return op.Kind == Drop || !exists
}

// lookedUp notes that a key was looked for in t, the transaction's tree of a
// table, and whether p was found there, unless the transaction wrote p itself.
func (r *Reads) lookedUp(t *tree, table string, key []byte, p Pair, found bool) {
	if !found || !t.private || !r.isOwn(table, p) {
		r.table(table).readKey(key)
	}
}

// isOwn reports whether p, which a tree of the transaction has, is not the
// snapshot's.
func (r *Reads) isOwn(table string, p Pair) bool {
	i, ok := find(r.existing, table)
	if !ok {
		return true
	}
	q, ok := r.existing[i].tree.pairs.Get(p)
	return !ok || q.start != p.start
}

// table returns what was read of a table. That it was asked for at all says
// that the table's existence was read.
func (r *Reads) table(name string) *tableReads {
	i, ok := r.find(name)
	if !ok {
		r.tables = slices.Insert(r.tables, i, &tableReads{name: name})
	}
	r.last = i
	return r.tables[i]
}

func (r *Reads) find(name string) (int, bool) {
	if r.last < len(r.tables) && r.tables[r.last].name == name {
		return r.last, true
	}
	if len(r.tables) <= fewTables {
		for i, t := range r.tables {
			if t.name == name {
				return i, true
			}
		}
	}
	return sort.Find(len(r.tables), func(i int) int {
		switch t := r.tables[i].name; {
		case name < t:
			return -1
		case name > t:
			return 1
		}
		return 0
	})
}

// maxReads is how many keys and ranges of a table are kept apart. A transaction
// that reads more has read the whole table, as far as conflicts go.
const maxReads = 64 << 10

// tableReads are the keys and ranges of one table that were read. All their
// bytes lie in one buffer, where the garbage collector finds no pointers.
type tableReads struct {
	name   string
	all    bool
	sorted bool // keys are ascending; spans are, and don't overlap
	buf    []byte
	keys   []slot
	spans  []span
}

// A slot is a part of tableReads.buf.
type slot struct{ from, to uint32 }

// A span is the range of the keys k with start <= k < end.
type span struct {
	start, end slot
	endless    bool // it has no end
}

func (t *tableReads) bytes(s slot) []byte { return t.buf[s.from:s.to] }

// add copies b, and zero bytes after it, to the buffer. Of bounds that are
// longer than any key it keeps what makes a difference.
func (t *tableReads) add(b []byte, zero ...byte) slot {
	from := len(t.buf)
	t.buf = append(append(t.buf, b[:min(len(b), backend.MaxKey+1)]...), zero...)
	return slot{uint32(from), uint32(len(t.buf))}
}

// isFull reports whether the whole table counts as read, which it does when
// there are too many parts of it.
func (t *tableReads) isFull() bool {
	if !t.all && len(t.keys)+len(t.spans) >= maxReads {
		t.readAll()
	}
	return t.all
}

// readAll notes that every key was read.
func (t *tableReads) readAll() {
	t.all, t.buf, t.keys, t.spans = true, nil, nil, nil
}

// readKey notes that key was looked up.
func (t *tableReads) readKey(key []byte) {
	if t.isFull() {
		return
	}
	if n := len(t.keys); n > 0 && bytes.Equal(t.bytes(t.keys[n-1]), key) {
		return
	}
	t.sorted = false
	t.keys = append(t.keys, t.add(key))
}

// readRange notes that all keys in r, whose Limit it ignores, were read, and
// returns what narrow calls that.
func (t *tableReads) readRange(r backend.Range) int32 {
	if t.isFull() {
		return 0
	}
	t.sorted = false
	t.spans = append(t.spans, span{t.add(r.Start), t.add(r.End), r.End == nil})
	return int32(len(t.spans) - 1)
}

// narrow notes that a range's keys were read up to last only, in ascending
// order or in descending.
func (t *tableReads) narrow(i int32, last []byte, reverse bool) {
	if t.all || t.sorted {
		return // by a loop that outlives its transaction
	}
	if s := &t.spans[i]; reverse {
		s.start = t.add(last)
	} else {
		s.end, s.endless = t.add(last, 0), false
	}
}

// has reports whether key was read.
func (t *tableReads) has(key []byte) bool {
	if t.all {
		return true
	}
	if !t.sorted {
		t.sort()
	}
	if _, ok := slices.BinarySearchFunc(t.keys, key, func(s slot, key []byte) int {
		return bytes.Compare(t.bytes(s), key)
	}); ok {
		return true
	}
	// The first span that ends after key is the only one that may hold it.
	i := sort.Search(len(t.spans), func(i int) bool {
		return t.spans[i].endless || bytes.Compare(t.bytes(t.spans[i].end), key) > 0
	})
	return i < len(t.spans) && bytes.Compare(t.bytes(t.spans[i].start), key) <= 0
}

// keyOrder and spanOrder sort what a tableReads has. Package slices would make
// code of its own for each, ten kilobytes of a wasm module.
type (
	keyOrder  struct{ *tableReads }
	spanOrder struct{ *tableReads }
)

func (o keyOrder) Len() int { return len(o.keys) }
func (o keyOrder) Less(i, j int) bool {
	return bytes.Compare(o.bytes(o.keys[i]), o.bytes(o.keys[j])) < 0
}
func (o keyOrder) Swap(i, j int) { o.keys[i], o.keys[j] = o.keys[j], o.keys[i] }

func (o spanOrder) Len() int { return len(o.spans) }
func (o spanOrder) Less(i, j int) bool {
	return bytes.Compare(o.bytes(o.spans[i].start), o.bytes(o.spans[j].start)) < 0
}
func (o spanOrder) Swap(i, j int) { o.spans[i], o.spans[j] = o.spans[j], o.spans[i] }

// sort brings keys and spans into order and joins spans that overlap.
func (t *tableReads) sort() {
	t.sorted = true
	sort.Sort(keyOrder{t})
	sort.Sort(spanOrder{t})
	joined := t.spans[:0]
	for _, s := range t.spans {
		if !s.endless && bytes.Compare(t.bytes(s.start), t.bytes(s.end)) >= 0 {
			continue // it is empty
		}
		n := len(joined)
		if n == 0 || !joined[n-1].endless && bytes.Compare(t.bytes(joined[n-1].end), t.bytes(s.start)) < 0 {
			joined = append(joined, s)
		} else if last := &joined[n-1]; s.endless {
			last.endless = true
		} else if !last.endless && bytes.Compare(t.bytes(last.end), t.bytes(s.end)) < 0 {
			last.end = s.end
		}
	}
	t.spans = joined
}
