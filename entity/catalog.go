package entity

import (
	"errors"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/keys"
)

// catalogTable holds what the database says about itself. docs/FORMAT.md has
// its records.
const catalogTable = "_catalog"

// catalogVersion is the schema version of the catalogue's own records.
const catalogVersion = 1

// The first element of a record's key.
const (
	kindHead   = keys.String("head")
	kindStore  = keys.String("store")
	kindIndex  = keys.String("index")
	kindCursor = keys.String("cursor")

	kindModel     = keys.String("model")
	kindMigration = keys.String("migration")
)

// A catalog is what the database says about itself.
type catalog struct {
	head    head
	stores  map[string]*storeRecord
	cursors map[uint64][]byte // by index id: the last row that was built
	changes []recordChange    // that merge made and that are to be written
	todo    []Change          // what merge found to do
}

// A head is the catalogue's first record.
type head struct {
	epoch     uint64 // how often the catalogue was changed
	lastIndex uint64 // the highest id that an index ever had
}

type storeRecord struct {
	version uint32 // 0 when there is no record of the store itself
	codec   string
	spec    string
	indexes map[string]*indexRecord

	// Frames that only a definition with a model or migrations looks into, nil
	// where there is none.
	model     []byte
	migration []byte
}

type indexRecord struct {
	id      uint64
	version uint32
	unique  bool
	ready   bool // every row has its entries
	spec    string
}

// indexTable returns the name of the table that holds the index's entries.
func indexTable(id uint64) string { return "_index/" + keys.Uint(id).String() }

// readHead returns the catalogue's head, and the zero head in a database
// without a catalogue.
func readHead(r backend.ReadTx) (head, error) {
	frame, err := r.Get(catalogTable, headKey)
	if backend.IsNotFound(err) {
		return head{}, nil
	}
	if err == nil {
		var h head
		if h, err = parseHead(frame); err == nil {
			return h, nil
		}
	}
	return head{}, catalogError("", "", headKey, err)
}

// readCatalog returns the whole catalogue.
func readCatalog(r backend.ReadTx) (*catalog, error) {
	c := &catalog{stores: make(map[string]*storeRecord), cursors: make(map[uint64][]byte)}
	for kv, err := range r.Scan(catalogTable, backend.Range{}) {
		if errors.Is(err, backend.ErrTableNotFound) {
			break
		}
		if err == nil {
			err = c.add(kv.Key, kv.Value)
		}
		if err != nil {
			return nil, catalogError("", "", kv.Key, err)
		}
	}
	return c, c.check()
}

// index returns the record of an index, or nil.
func (c *catalog) index(store, index string) *indexRecord {
	s := c.stores[store]
	if s == nil {
		return nil
	}
	return s.indexes[index]
}

// check returns an error when records of c contradict one another.
func (c *catalog) check() error {
	corrupt := func(store, index, reason string) error {
		return catalogError(store, index, nil, failure(backend.ErrCorrupt, reason))
	}
	if c.head.epoch == 0 && len(c.stores)+len(c.cursors) > 0 {
		return corrupt("", "", "the head is missing")
	}
	building := make(map[uint64]bool)
	for store, s := range c.stores {
		if s.version == 0 {
			return corrupt(store, "", "there are records of a store that has none of its own")
		}
		for index, x := range s.indexes {
			if _, twice := building[x.id]; twice || x.id == 0 || x.id > c.head.lastIndex {
				return corrupt(store, index, "the index's id belongs to another, or to none")
			}
			building[x.id] = !x.ready
		}
	}
	for id := range c.cursors {
		if !building[id] {
			return corrupt("", "", "there is a cursor of an index that isn't being built")
		}
	}
	return nil
}

func catalogError(store, index string, key []byte, err error) error {
	if store == "" {
		store = catalogTable
	}
	return rowError("read catalogue", store, index, key, err)
}
