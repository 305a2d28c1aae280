package mvcc

import (
	"bytes"

	"github.com/larderdb/larder/backend"
)

// A Loader builds a snapshot from pairs that are sorted already, in far less
// time than a transaction takes. The zero Loader is ready to use. It is not
// safe for concurrent use.
type Loader struct {
	tables []table
	last   []byte // the key that was added last
}

// Table begins the next table, whose name must be valid and come after those
// of all tables so far; otherwise it is [backend.ErrCorrupt].
func (l *Loader) Table(name string) error {
	if err := backend.CheckTable(name); err != nil {
		return corrupt("load", name, nil, err.Error())
	}
	if n := len(l.tables); n > 0 && name <= l.tables[n-1].name {
		return corrupt("load", name, nil, "table out of order")
	}
	l.tables = append(l.tables, table{name, newTree()})
	l.last = nil
	return nil
}

// Add adds a pair to the table that was begun last. Its key must come after
// those of all pairs of the table so far, and key and value must be within the
// contract's limits; otherwise it is [backend.ErrCorrupt], as it is before the
// first table. The pair keeps referring to the buffer that it adopted.
func (l *Loader) Add(p Pair) error {
	if len(l.tables) == 0 {
		return corrupt("load", "", p.Key(), "pair outside of a table")
	}
	t, key := l.tables[len(l.tables)-1], p.Key()
	reason := ""
	if err := backend.CheckKey(key); err != nil {
		reason = err.Error()
	} else if p.valLen > backend.MaxValue {
		reason = "value is longer than 16 MiB"
	} else if l.last != nil && bytes.Compare(l.last, key) >= 0 {
		reason = "key out of order"
	}
	if reason != "" {
		return corrupt("load", t.name, key, reason)
	}
	l.last = key
	t.tree.pairs.Load(p)
	t.tree.size += p.size()
	return nil
}

// Snapshot returns what was loaded as a snapshot of the given version. The
// Loader must not be used after it.
func (l *Loader) Snapshot(version uint64) *Snapshot {
	for _, t := range l.tables {
		t.tree.private = false
	}
	return &Snapshot{version: version, tables: l.tables}
}
