package entity

import (
	"errors"
	"strconv"

	"github.com/larderdb/larder/backend"
)

// A recordChange is something that a changed catalogue has to write.
type recordChange struct {
	key   []byte
	value []byte // nil deletes the key
	drop  uint64 // id of an index whose entries go
}

// merge enters the definition s into c. It returns an error when code with
// this definition can't work on the database.
func (c *catalog) merge(s *storeSchema, empty bool) error {
	refuse := func(index string, class backend.Class, reason string) error {
		return rowError("use", s.name, index, nil, failure(class, reason))
	}
	rec := c.stores[s.name]
	if rec != nil && rec.version > s.version {
		return refuse("", backend.ErrSchemaNewer, "the store has version "+text(rec.version)+", this code knows "+text(s.version))
	}
	if rec != nil && rec.version == s.version && rec.spec != s.spec {
		return refuse("", backend.ErrInvalid, "the store was made as "+rec.spec+", this code says "+s.spec+": use another name for another store")
	}
	from, reads, migrate := s.version, s.codec, false
	if rec != nil {
		from = rec.version
		var old string
		var err error
		if s.steps != nil {
			old, migrate, err = s.steps.codec(rec)
		} else if rec.migration != nil {
			err = errUnfinished
		}
		if err != nil {
			return rowError("use", s.name, "", nil, err)
		}
		if migrate = migrate && from < s.version; migrate && old != "" {
			reads = old
		}
		if rec.codec != reads {
			return refuse("", backend.ErrSchemaNewer, "the store's values are written by codec "+strconv.Quote(rec.codec)+", this code has "+strconv.Quote(reads))
		}
	}
	switch {
	case rec == nil:
		c.plan(NewStore, s.name, "")
		rec = c.store(s.name)
	case from < s.version:
		c.plan(NewVersion, s.name, "")
	}
	if s.model != nil {
		if err := s.model.merge(c, s, rec, from); err != nil {
			return err
		}
	}
	if migrate && !empty {
		rec.migration = s.steps.begin(rec)
		c.put(migrationKey(s.name), rec.migration)
	}
	if rec.migration != nil && !empty { // begun here or by an Open that died
		c.plan(MigrateRows, s.name, "")
	}
	raised := rec.version < s.version
	if raised {
		rec.version, rec.codec, rec.spec = s.version, s.codec, s.spec
		c.put(storeKey(s.name), rec.frame())
	}
	return c.mergeIndexes(s, rec, raised, migrate, empty)
}

// mergeIndexes enters the definition's indexes. Those of rows that are migrated are built
// anew, since their keys may be others.
func (c *catalog) mergeIndexes(s *storeSchema, rec *storeRecord, raised, migrate, empty bool) error {
	refuse := func(index string, class backend.Class, reason string) error {
		return rowError("use", s.name, index, nil, failure(class, reason))
	}
	known := make(map[string]bool)
	for _, x := range s.indexes {
		known[x.name] = true
		old := rec.indexes[x.name]
		switch {
		case old == nil:
		case old.version > x.version:
			return refuse(x.name, backend.ErrSchemaNewer, "the index has version "+text(old.version)+", this code knows "+text(x.version))
		case old.version == x.version && !migrate:
			if old.unique != x.unique || old.spec != x.spec {
				return refuse(x.name, backend.ErrInvalid, "the index was made as "+describe(old.unique, old.spec)+", this code says "+describe(x.unique, x.spec)+": raise the index's version to have it built anew")
			}
			if !old.ready && !empty {
				c.plan(BuildIndex, s.name, x.name)
			}
			continue
		default:
			c.dropIndex(old)
		}
		c.head.lastIndex++
		fresh := &indexRecord{id: c.head.lastIndex, version: x.version, unique: x.unique, spec: x.spec, ready: empty}
		rec.indexes[x.name] = fresh
		c.put(indexKey(s.name, x.name), fresh.frame())
		if !empty {
			c.plan(BuildIndex, s.name, x.name)
		}
	}
	for name, x := range rec.indexes {
		if known[name] {
			continue
		}
		if !raised {
			return refuse(name, backend.ErrSchemaNewer, "this code doesn't know the index: to remove it, raise the store's version")
		}
		delete(rec.indexes, name)
		c.remove(indexKey(s.name, name))
		c.dropIndex(x)
		c.plan(DropIndex, s.name, name)
	}
	return nil
}

// errUnfinished is for code that lacks the step for rows that there are.
var errUnfinished = failure(backend.ErrInvalid, "rows of an older version haven't been migrated yet: open the database with the release that has the step")

// plan notes what Open has to do.
func (c *catalog) plan(kind ChangeKind, store, index string) {
	c.todo = append(c.todo, Change{Kind: kind, Store: store, Index: index})
}

func (c *catalog) put(key, value []byte) {
	c.changes = append(c.changes, recordChange{key: key, value: value})
}

func (c *catalog) remove(key []byte) { c.put(key, nil) }

func (c *catalog) dropIndex(x *indexRecord) {
	c.changes = append(c.changes, recordChange{drop: x.id})
	if _, ok := c.cursors[x.id]; ok {
		delete(c.cursors, x.id)
		c.remove(cursorKey(x.id))
	}
}

// write writes what merge changed, and raises the epoch.
func (c *catalog) write(w backend.WriteTx) error {
	for _, ch := range c.changes {
		var err error
		switch {
		case ch.drop != 0:
			if err = w.DropTable(indexTable(ch.drop)); errors.Is(err, backend.ErrTableNotFound) {
				err = nil // no row had an entry
			}
		case ch.value == nil:
			_, err = w.Delete(catalogTable, ch.key)
		default:
			err = w.Put(catalogTable, ch.key, ch.value)
		}
		if err != nil {
			return err
		}
	}
	c.changes = nil
	c.head.epoch++
	return w.Put(catalogTable, headKey, c.head.frame())
}

func text(version uint32) string { return strconv.FormatUint(uint64(version), 10) }

func describe(unique bool, spec string) string {
	s := "not unique"
	if unique {
		s = "unique"
	}
	if spec != "" {
		s += " (" + spec + ")"
	}
	return s
}
