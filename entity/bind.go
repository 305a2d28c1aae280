package entity

import (
	"context"

	"github.com/larderdb/larder/backend"
)

// A binding is definitions and the places of their data in one database, under
// one epoch of its catalogue. It never changes.
type binding struct {
	head    head
	stores  map[*storeSchema]*boundStore
	indexes map[*indexSchema]*boundIndex
}

type boundStore struct {
	def        *storeSchema
	definition Definition
	indexes    []boundIndex // in the definition's order
	migrating  bool         // rows may be of older versions
}

type boundIndex struct {
	def      *indexSchema
	store    *boundStore
	table    string
	id       uint64
	building bool
}

// newBinding binds defs to c, which knows them all.
func newBinding(c *catalog, defs []Definition) *binding {
	b := &binding{
		head:    c.head,
		stores:  make(map[*storeSchema]*boundStore),
		indexes: make(map[*indexSchema]*boundIndex),
	}
	for _, d := range defs {
		def := d.schema()
		s := &boundStore{def: def, definition: d, indexes: make([]boundIndex, len(def.indexes)), migrating: c.stores[def.name].migration != nil}
		b.stores[def] = s
		for i, x := range def.indexes {
			rec := c.stores[def.name].indexes[x.name]
			s.indexes[i] = boundIndex{def: x, store: s, table: indexTable(rec.id), id: rec.id, building: !rec.ready}
			b.indexes[x] = &s.indexes[i]
		}
	}
	return b
}

// complete reports whether all rows are of their store's version and all
// indexes are ready.
func (b *binding) complete() bool {
	for _, s := range b.stores {
		if s.migrating {
			return false
		}
	}
	for _, x := range b.indexes {
		if x.building {
			return false
		}
	}
	return true
}

// bind returns the definitions bound to the catalogue that r sees. Reading its
// epoch makes the transaction conflict with any change to it.
func (db *DB) bind(r backend.ReadTx) (*binding, error) {
	h, err := readHead(r)
	if err != nil {
		return nil, err
	}
	known := db.bound.Load()
	if known != nil && known.head == h {
		return known, nil
	}
	c, err := readCatalog(r)
	if err != nil {
		return nil, err
	}
	for _, d := range db.defs {
		if err := c.merge(d.schema(), false); err != nil {
			return nil, err
		}
	}
	if len(c.changes) > 0 {
		return nil, catalogError("", "", nil, failure(backend.ErrSchemaNewer, "it has lost what it held when this was opened: open it again"))
	}
	b := newBinding(c, db.defs)
	db.publish(b)
	return b, nil
}

// A viewed is a snapshot's version and the binding to its catalogue.
type viewed struct {
	version uint64
	bound   *binding
}

// bindView is bind for a View. Snapshots of one version have the same catalogue,
// so that it need not be looked at again until there is another. An Update has to
// look, because the engine must know that it did.
func (db *DB) bindView(r backend.ReadTx) (*binding, error) {
	version := r.ReadVersion()
	if last := db.viewed.Load(); last != nil && last.version == version {
		return last.bound, nil
	}
	b, err := db.bind(r)
	if err == nil {
		db.viewed.Store(&viewed{version, b})
	}
	return b, err
}

// publish makes b the binding that transactions try first, unless a newer one
// is: a View's snapshot may be older than what another transaction has read.
func (db *DB) publish(b *binding) {
	for {
		known := db.bound.Load()
		if known != nil && known.head.epoch > b.head.epoch || db.bound.CompareAndSwap(known, b) {
			return
		}
	}
}

// register enters the definitions into the catalogue, in one transaction, and
// binds them. A catalogue that knows them all isn't written to.
func (db *DB) register(ctx context.Context) error {
	var b *binding
	err := db.backend.View(ctx, func(ctx context.Context, r backend.ReadTx) error {
		c, err := db.merged(r)
		if err == nil && len(c.changes) == 0 {
			b = newBinding(c, db.defs)
		}
		return err
	})
	if err != nil {
		return err
	}
	if b == nil {
		err = db.backend.Update(ctx, func(ctx context.Context, w backend.WriteTx) error {
			c, err := db.merged(w)
			if err != nil {
				return err
			}
			if len(c.changes) > 0 {
				if err := c.write(w); err != nil {
					return rowError("open", catalogTable, "", nil, err)
				}
			}
			b = newBinding(c, db.defs)
			return nil
		})
	}
	if err == nil {
		db.publish(b)
	}
	return err
}

// merged returns the catalogue with the definitions entered into it.
func (db *DB) merged(r backend.ReadTx) (*catalog, error) {
	// As a rule there is nothing to do, with rows or without, and none is read.
	c, err := db.enter(r, func(string) (bool, error) { return false, nil })
	if err != nil || len(c.changes) == 0 && len(c.todo) == 0 {
		return c, err
	}
	return db.enter(r, func(table string) (bool, error) { return isEmpty(r, table) })
}

// enter is merged for stores of which empty tells whether they have no rows.
func (db *DB) enter(r backend.ReadTx, empty func(table string) (bool, error)) (*catalog, error) {
	c, err := readCatalog(r)
	if err != nil {
		return nil, err
	}
	for _, d := range db.defs {
		s := d.schema()
		none, err := empty(s.name)
		if err != nil {
			return nil, rowError("open", s.name, "", nil, err)
		}
		if err := c.merge(s, none); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// isEmpty reports whether table has no pairs.
func isEmpty(r backend.ReadTx, table string) (bool, error) {
	for _, err := range r.Scan(table, backend.Range{Limit: 1}) {
		if err != nil {
			return backend.IsNotFound(err), ignoreNotFound(err)
		}
		return false, nil
	}
	return true, nil
}

func ignoreNotFound(err error) error {
	if backend.IsNotFound(err) {
		return nil
	}
	return err
}
