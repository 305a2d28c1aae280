package entity

import (
	"context"
	"errors"

	"github.com/larderdb/larder/backend"
)

// One transaction that builds an index ends after so many rows, or with the
// row that exceeds so many bytes, of rows and of entries: a few milliseconds'
// work in a browser.
const (
	buildRows  = 512
	buildBytes = 256 << 10
)

// build finishes the indexes that the catalogue knows as being built. Other
// handles of the database may do the same at the same time: each step begins
// where the last one ended, whoever did it.
func (db *DB) build(ctx context.Context) error {
	for {
		for _, s := range db.bound.Load().stores {
			for i := range s.indexes {
				if err := db.buildIndex(ctx, s, i); err != nil {
					return errors.Join(err, db.withdraw(ctx, s, i, err))
				}
			}
		}
		// What other handles changed meanwhile is seen here: it is refused where
		// these definitions don't know it, and an index that was begun anew is
		// built like the first.
		var now *binding
		err := db.backend.View(ctx, func(ctx context.Context, r backend.ReadTx) (err error) {
			now, err = db.bind(r)
			return err
		})
		if err != nil || !now.building() {
			return err
		}
	}
}

// buildIndex finishes index i of s.
func (db *DB) buildIndex(ctx context.Context, s *boundStore, i int) error {
	for done := !s.indexes[i].building; !done; {
		err := db.backend.Update(ctx, func(ctx context.Context, w backend.WriteTx) (err error) {
			done, err = s.buildStep(w, i)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// withdraw takes index i out of the catalogue when rows are the reason that it
// can't be built, so that code without the index can change them.
func (db *DB) withdraw(ctx context.Context, s *boundStore, i int, reason error) error {
	if !errors.Is(reason, backend.ErrUnique) && !errors.Is(reason, backend.ErrTooLarge) &&
		!errors.Is(reason, backend.ErrInvalid) && !errors.Is(reason, backend.ErrCorrupt) {
		return nil
	}
	x := &s.indexes[i]
	return db.backend.Update(ctx, func(ctx context.Context, w backend.WriteTx) error {
		c, err := readCatalog(w)
		if err != nil {
			return err
		}
		rec := c.index(s.def.name, x.def.name)
		if rec == nil || rec.id != x.id || rec.ready {
			return nil
		}
		c.changes = append(c.changes, change{key: indexKey(s.def.name, x.def.name)})
		c.dropIndex(rec)
		return c.write(w)
	})
}

// buildStep writes the entries of the next rows into index i and reports
// whether nothing is left to do.
func (s *boundStore) buildStep(w backend.WriteTx, i int) (done bool, err error) {
	x := &s.indexes[i]
	c, err := readCatalog(w)
	if err != nil {
		return false, err
	}
	rec := c.index(s.def.name, x.def.name)
	if rec == nil || rec.id != x.id || rec.ready {
		return true, nil // another handle has finished or replaced it
	}
	last, err := s.buildEntries(w, i, c.cursors[x.id])
	if err != nil {
		return false, err
	}
	if last != nil {
		err = w.Put(catalogTable, cursorKey(x.id), cursorFrame(last))
	} else {
		rec.ready = true
		c.put(indexKey(s.def.name, x.def.name), rec.frame())
		if c.cursors[x.id] != nil {
			c.changes = append(c.changes, change{key: cursorKey(x.id)})
		}
		err = c.write(w)
	}
	if err != nil {
		return false, rowError("build", s.def.name, x.def.name, nil, err)
	}
	return last == nil, nil
}

// buildEntries writes the entries of the rows after cursor and returns the key
// of the last one, or nil when it was the store's last.
func (s *boundStore) buildEntries(w backend.WriteTx, i int, cursor []byte) (last []byte, err error) {
	x := &s.indexes[i]
	tx := &Tx{r: w, w: w}
	m := tx.take()
	defer scratches.Put(m)
	r := backend.Range{Limit: buildRows}
	if cursor != nil {
		r.Start = append(cursor[:len(cursor):len(cursor)], 0)
	}
	rows, size := 0, 0
	for kv, err := range w.Scan(s.def.name, r) {
		if backend.IsNotFound(err) {
			return nil, nil
		}
		if err == nil {
			m.reset(len(s.indexes))
			m.primary = append(m.primary[:0], kv.Key...)
			err = s.definition.indexRow(i, kv.Key, kv.Value, &m.new[i])
		}
		if err == nil {
			err = tx.addEntries(x, m, m.new[i].sorted())
		}
		if err != nil {
			return nil, rowError("build", s.def.name, x.def.name, kv.Key, err)
		}
		rows++
		entries := len(m.new[i].buf) + len(m.new[i].ends)*len(kv.Key)
		if size += len(kv.Value) + entries; rows == buildRows || size > buildBytes {
			return append([]byte(nil), kv.Key...), nil
		}
	}
	return nil, nil
}

// addEntries puts the entries of keys for the row in m.
func (tx *Tx) addEntries(x *boundIndex, m *scratch, ks [][]byte) error {
	for _, key := range ks {
		if x.def.unique {
			if err := tx.checkFree(x, m, key); err != nil {
				return err
			}
		}
		m.entry = append(append(m.entry[:0], key...), m.primary...)
		if err := tx.w.Put(x.table, m.entry, entryValue); err != nil {
			return err
		}
	}
	return nil
}
