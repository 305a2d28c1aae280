package entity

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/larderdb/larder/backend"
)

const (
	// maxFindings is how many findings Verify returns at most.
	maxFindings = 100
	// slice is how long Verify works on before it gives the turn back.
	slice = 8 * time.Millisecond
)

// Verify reads the whole database and returns nil when it is sound:
//
//   - the engine finds no damage in what it has stored, as [backend.Verify]
//     says; if it does, nothing else is looked at;
//   - every row can be read, its key as its value;
//   - every row has its entries in the indexes, and they hold no others;
//   - no two rows have the same key in a unique index;
//   - the catalogue agrees with itself, with db's definitions and with the
//     tables of indexes that there are;
//   - the records of sequences can be read.
//
// Otherwise it returns its findings joined, the first 100 of them, each an
// [Error] of class [backend.ErrCorrupt] that names store, index and key. Of
// stores that db was opened without, it checks the frames of the rows. A
// catalogue that can't be read, one that db's definitions don't know or a
// sequence of newer code ([backend.ErrSchemaNewer]), a failure to read and the
// end of ctx are returned at once.
//
// In a browser it gives the turn back to the page every few milliseconds.
func Verify(ctx context.Context, db *DB) error {
	damage, err := backend.Verify(ctx, db.backend)
	if err != nil {
		return err
	}
	var v verifier
	for _, e := range damage {
		v.found(e.Table, "", e.Key, e)
	}
	if len(damage) > 0 {
		return errors.Join(v.findings...)
	}
	err = db.backend.View(ctx, func(ctx context.Context, r backend.ReadTx) error {
		v = verifier{ctx: ctx, r: r, stores: make(map[string]*boundStore), has: make(map[*boundIndex]int), began: time.Now()}
		c, err := readCatalog(r)
		if err != nil {
			return err
		}
		b, err := db.bind(r)
		if err != nil {
			return err
		}
		for _, s := range b.stores {
			v.stores[s.def.name] = s
		}
		if err := v.tables(c); err != nil {
			return err
		}
		if err := v.sequences(); err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(c.stores)) {
			if err := v.rows(name, c.stores[name].version); err != nil {
				return err
			}
			if s := v.stores[name]; s != nil {
				for i := range s.indexes {
					if err := v.entries(s, i); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return errors.Join(v.findings...)
}

type verifier struct {
	ctx      context.Context
	r        backend.ReadTx
	stores   map[string]*boundStore // those with a definition
	has      map[*boundIndex]int    // how many entries the rows should have and do
	began    time.Time              // of this turn
	list     keyList
	entry    []byte
	findings []error
}

func (v *verifier) found(store, index string, key []byte, err error) {
	if len(v.findings) == maxFindings {
		return
	}
	if !errors.Is(err, backend.ErrCorrupt) {
		err = &backend.Error{Class: backend.ErrCorrupt, Err: err}
	}
	v.findings = append(v.findings, rowError("verify", store, index, key, err))
}

// rest gives the turn back to the page where there is one. The error is that
// of a context which was done meanwhile.
func (v *verifier) rest() error {
	if time.Since(v.began) < slice {
		return nil
	}
	giveTurn()
	v.began = time.Now()
	return v.ctx.Err()
}

// tables looks for tables of indexes that the catalogue doesn't know.
func (v *verifier) tables(c *catalog) error {
	known := make(map[string]bool)
	for _, s := range c.stores {
		for _, x := range s.indexes {
			known[indexTable(x.id)] = true
		}
	}
	names, err := v.r.Tables()
	for _, name := range names {
		if strings.HasPrefix(name, "_index/") && !known[name] {
			v.found(name, "", nil, failure(backend.ErrCorrupt, "the catalogue doesn't know this table"))
		}
	}
	return err
}

// rows looks for rows that can't be read or lack an entry.
func (v *verifier) rows(store string, version uint32) error {
	s := v.stores[store]
	for kv, err := range v.r.Scan(store, backend.Range{}) {
		if err == nil {
			err = v.rest()
		}
		if err != nil {
			return ignoreNotFound(err)
		}
		rowVersion, _, err := parseFrame(kv.Value)
		if err == nil && rowVersion > version {
			err = failure(backend.ErrCorrupt, "frame has a schema version that the catalogue doesn't know")
		}
		if err == nil && s != nil {
			err = s.definition.checkRow(kv.Key, kv.Value)
		}
		if err != nil {
			v.found(store, "", kv.Key, err)
			continue
		}
		if s == nil {
			continue
		}
		for i := range s.indexes {
			if err := v.rowEntries(s, i, kv); err != nil {
				return err
			}
		}
	}
	return nil
}

// rowEntries looks for entries of index i that the row lacks.
func (v *verifier) rowEntries(s *boundStore, i int, row backend.KV) error {
	x := &s.indexes[i]
	if x.building {
		return nil
	}
	if err := s.definition.indexRow(i, row.Key, row.Value, &v.list); err != nil {
		v.found(s.def.name, x.def.name, row.Key, err)
		return nil
	}
	for _, key := range v.list.sorted() {
		v.entry = append(append(v.entry[:0], key...), row.Key...)
		value, err := v.r.Get(x.table, v.entry)
		if err == nil {
			v.has[x]++
		}
		switch {
		case backend.IsNotFound(err):
			v.found(s.def.name, x.def.name, v.entry, failure(backend.ErrCorrupt, "the row has no such entry"))
		case err != nil:
			return err
		case !bytes.Equal(value, entryValue):
			v.found(s.def.name, x.def.name, v.entry, failure(backend.ErrCorrupt, "the entry has an unknown value"))
		}
	}
	return nil
}

// entries looks for entries of index i that their row doesn't have, and for
// rows with the same key.
func (v *verifier) entries(s *boundStore, i int) error {
	x := &s.indexes[i]
	n, err := backend.Count(v.r, x.table, backend.Range{})
	if err != nil {
		return ignoreNotFound(err)
	}
	// When the table has as many entries as were found from the rows, it has no
	// others, and looking up the row of each has nothing to find.
	exact := !x.building && n == v.has[x]
	if exact && !x.def.unique {
		return nil
	}
	var last []byte // the index key before
	for kv, err := range v.r.Scan(x.table, backend.Range{}) {
		if err == nil {
			err = v.rest()
		}
		if err != nil {
			return ignoreNotFound(err)
		}
		primary, err := s.definition.splitEntry(i, kv.Key)
		if err != nil {
			v.found(s.def.name, x.def.name, kv.Key, err)
			continue
		}
		key := kv.Key[:len(kv.Key)-len(primary)]
		if x.def.unique && bytes.Equal(key, last) {
			v.found(s.def.name, x.def.name, kv.Key, failure(backend.ErrCorrupt, "two rows have this key in a unique index"))
		}
		last = key
		if exact {
			continue
		}
		frame, err := v.r.Get(s.def.name, primary)
		switch {
		case backend.IsNotFound(err):
			v.found(s.def.name, x.def.name, kv.Key, failure(backend.ErrCorrupt, "the entry's row is missing"))
			continue
		case err != nil:
			return err
		}
		if err := s.definition.indexRow(i, primary, frame, &v.list); err != nil {
			continue // the row was found already
		}
		if _, ok := slices.BinarySearchFunc(v.list.sorted(), key, bytes.Compare); !ok {
			v.found(s.def.name, x.def.name, kv.Key, failure(backend.ErrCorrupt, "the entry's row doesn't have this index key"))
		}
	}
	return nil
}
