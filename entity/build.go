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

// buildIndex finishes index i of s.
func (o opening) buildIndex(ctx context.Context, s *boundStore, i int) error {
	if !s.indexes[i].building {
		return nil
	}
	p := o.part(s.def.name, s.indexes[i].def.name)
	return o.steps(ctx, p, func(w backend.WriteTx) (more bool, err error) { return s.buildStep(w, i, p) })
}

// withdraw takes index i out of the catalogue when rows are the reason that it
// can't be built, so that code without the index can change them.
func (db *DB) withdraw(ctx context.Context, s *boundStore, i int, reason error) error {
	if !isRows(reason) {
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
		c.remove(indexKey(s.def.name, x.def.name))
		c.dropIndex(rec)
		return c.write(w)
	})
}

// buildStep writes the entries of the next rows into index i and reports
// whether there may be more.
func (s *boundStore) buildStep(w backend.WriteTx, i int, p *Progress) (more bool, err error) {
	x := &s.indexes[i]
	c, err := readCatalog(w)
	if err != nil {
		return false, err
	}
	rec := c.index(s.def.name, x.def.name)
	if rec == nil || rec.id != x.id || rec.ready {
		return false, nil // another handle has finished or replaced it
	}
	last, n, err := s.buildEntries(w, i, c.cursors[x.id])
	if err != nil {
		return false, err
	}
	if err := p.count(w, s.def.name, c.cursors[x.id], n); err != nil {
		return false, rowError("build", s.def.name, x.def.name, nil, err)
	}
	if last != nil {
		err = w.Put(catalogTable, cursorKey(x.id), cursorFrame(last))
	} else {
		rec.ready = true
		c.put(indexKey(s.def.name, x.def.name), rec.frame())
		if c.cursors[x.id] != nil {
			c.remove(cursorKey(x.id))
		}
		err = c.write(w)
	}
	if err != nil {
		return false, rowError("build", s.def.name, x.def.name, nil, err)
	}
	return last != nil, nil
}

// buildEntries writes the entries of the rows after cursor and returns the key
// of the last one, or nil when it was the store's last, and how many rows there were.
func (s *boundStore) buildEntries(w backend.WriteTx, i int, cursor []byte) (last []byte, rows int, err error) {
	x := &s.indexes[i]
	tx := &Tx{r: w, w: w}
	m := tx.take()
	defer scratches.Put(m)
	size := 0
	for kv, err := range w.Scan(s.def.name, afterCursor(cursor)) {
		if backend.IsNotFound(err) {
			return nil, rows, nil
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
			return nil, rows, rowError("build", s.def.name, x.def.name, kv.Key, err)
		}
		rows++
		entries := len(m.new[i].buf) + len(m.new[i].ends)*len(kv.Key)
		if size += len(kv.Value) + entries; rows == buildRows || size > buildBytes {
			return append([]byte(nil), kv.Key...), rows, nil
		}
	}
	return nil, rows, nil
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

// afterCursor selects the rows after cursor, as many as one transaction takes.
func afterCursor(cursor []byte) backend.Range {
	r := backend.Range{Limit: buildRows}
	if cursor != nil {
		r.Start = following(cursor)
	}
	return r
}

// isRows reports whether err says that rows can't be as the definitions want
// them, and not that the engine failed.
func isRows(err error) bool {
	return errors.Is(err, backend.ErrUnique) || errors.Is(err, backend.ErrTooLarge) ||
		errors.Is(err, backend.ErrInvalid) || errors.Is(err, backend.ErrCorrupt)
}
