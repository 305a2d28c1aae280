//go:build !wasm

package bolt

import (
	"bytes"
	"context"
	"sync/atomic"
	"unsafe"

	"go.etcd.io/bbolt"

	"github.com/larderdb/larder/backend"
)

// A reader is what the transactions of View and Update have in common.
type reader struct {
	ctx   context.Context // the transaction's own, for its loops
	btx   *bbolt.Tx
	ended atomic.Bool

	// lock is the store's where others may commit the bbolt transaction while
	// the closure runs; nil otherwise.
	lock   chan struct{}
	failed error // why nothing more can be done
	extent extent

	last   *table            // the table that was used last
	first  table             // the table that was used first
	tables map[string]*table // those that were used, nil when first was the only one
}

// A table is a transaction's view of one table.
type table struct {
	name    string
	bucket  *bbolt.Bucket // nil when the table is missing
	cursor  *bbolt.Cursor // for searches, see search
	changes int           // how often something was written, so that loops move their cursors
	loops   []*loop       // those that are running, in an Update
	stamped map[string]*stamped
}

// A readTx is the transaction of a View.
type readTx struct {
	reader
	newest *commit // the newest that was known when it began, or nil
}

// A commit is one of bbolt's, and the number of the commit that it has made the
// newest.
type commit struct {
	txid    int
	version uint64
}

// enter begins an operation, and exit ends it: as an error if a page is
// damaged.
func (r *reader) enter() {
	if r.lock != nil {
		r.lock <- struct{}{}
	}
}

func (r *reader) exit(op, name string, key []byte, err *error) {
	if damage := recover(); damage != nil {
		*err = damaged(op, name, key, damage)
		if op != "get" && op != "scan" && op != "tables" {
			r.failed = *err
		}
	}
	if r.lock != nil {
		<-r.lock
	}
}

// check reports what keeps an operation from beginning.
func (r *reader) check(op, name string) error {
	if r.ended.Load() {
		return done(op, name)
	}
	if r.last != nil && r.last.name == name {
		return nil
	}
	return backend.CheckTable(name)
}

func done(op, name string) error {
	return &backend.Error{Class: backend.ErrTxDone, Op: op, Table: name}
}

// table returns the table called name, also when it is missing.
func (r *reader) table(name string) *table {
	if t := r.last; t != nil && t.name == name {
		return t
	}
	t := r.tables[name]
	if t == nil {
		t = &r.first
		if r.last != nil {
			t = new(table)
			if r.tables == nil {
				r.tables = map[string]*table{r.first.name: &r.first}
			}
			r.tables[name] = t
		}
		t.name, t.bucket = name, r.btx.Bucket([]byte(name))
	}
	r.last = t
	return t
}

// used is an iterator over the tables that were used.
func (r *reader) used(yield func(*table) bool) {
	if r.tables == nil && r.last != nil {
		yield(r.last)
	}
	for _, t := range r.tables {
		if !yield(t) {
			return
		}
	}
}

// search returns a cursor to seek with at once. All searches share it, since a
// cursor of their own would cost each four allocations.
func (t *table) search() *bbolt.Cursor {
	if t.cursor == nil || t.cursor.Bucket() != t.bucket {
		t.cursor = t.bucket.Cursor()
	}
	return t.cursor
}

func (t *table) missing(op string) error {
	return &backend.Error{Class: backend.ErrTableNotFound, Op: op, Table: t.name}
}

// Get is as in [backend.ReadTx].
func (r *reader) Get(name string, key []byte) (value []byte, err error) {
	if err := r.check("get", name); err != nil {
		return nil, err
	}
	if err := backend.CheckKey(key); err != nil {
		return nil, err
	}
	r.enter()
	defer r.exit("get", name, key, &err)
	if r.failed != nil {
		return nil, r.failed
	}
	t := r.table(name)
	if t.bucket == nil {
		return nil, t.missing("get")
	}
	found, value := t.search().Seek(key)
	if value == nil || !bytes.Equal(found, key) {
		return nil, &backend.Error{Class: backend.ErrNotFound, Op: "get", Table: name, Key: bytes.Clone(key)}
	}
	r.extent.contain(value)
	return value, nil
}

// An extent is where the pages of a transaction lie in memory.
type extent struct {
	start, end uintptr // of the pages
	mapped     uintptr // the end of the whole mapping, most of which is beyond the file's end
}

func (s *Store) extent(btx *bbolt.Tx) extent {
	start := s.db.Info().Data
	return extent{start, start + uintptr(btx.Size()), start + uintptr(s.mapped)}
}

// contain panics if b lies where the file has nothing, as a damaged page may
// say: better here than where the caller reads it. Slices that aren't of the
// mapping were put by the transaction.
func (x *extent) contain(b []byte) {
	p := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	if p >= x.start && p < x.mapped && p+uintptr(len(b)) > x.end {
		panic("a page says that its data lies behind the end of the file")
	}
}

// Tables is as in [backend.ReadTx].
func (r *reader) Tables() (names []string, err error) {
	if r.ended.Load() {
		return nil, done("tables", "")
	}
	r.enter()
	defer r.exit("tables", "", nil, &err)
	if r.failed != nil {
		return nil, r.failed
	}
	c := r.btx.Cursor()
	for name, _ := c.First(); name != nil; name, _ = c.Next() {
		if !bytes.Equal(name, metaBucket) {
			names = append(names, string(name))
		}
	}
	return names, nil
}

// ReadVersion is as in [backend.ReadTx].
func (tx *readTx) ReadVersion() (number uint64) {
	if tx.ended.Load() {
		return 0
	}
	if n := tx.newest; n != nil && n.txid == tx.btx.ID() {
		return n.version
	}
	var err error
	tx.enter()
	defer tx.exit("get", "", nil, &err) // a damaged page has no number
	number, _ = metaNumber(tx.btx.Bucket(metaBucket), commitKey)
	return number
}
