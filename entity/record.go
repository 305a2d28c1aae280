package entity

import (
	"math"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/keys"
)

// headKey is the key of the catalogue's head.
var headKey = tuple(kindHead)

func storeKey(store string) []byte { return tuple(kindStore, keys.String(store)) }

func indexKey(store, index string) []byte {
	return tuple(kindIndex, keys.String(store), keys.String(index))
}

func modelKey(store string) []byte { return tuple(kindModel, keys.String(store)) }

func migrationKey(store string) []byte { return tuple(kindMigration, keys.String(store)) }

func cursorKey(id uint64) []byte { return tuple(kindCursor, keys.Uint(id)) }

func (h head) frame() []byte {
	return record(keys.Uint(h.epoch), keys.Uint(h.lastIndex))
}

func (s *storeRecord) frame() []byte {
	return record(keys.Uint(s.version), keys.String(s.codec), keys.Bytes(s.spec))
}

func (x *indexRecord) frame() []byte {
	return record(keys.Uint(x.id), keys.Uint(x.version), keys.Bool(x.unique), keys.Bool(x.ready), keys.Bytes(x.spec))
}

// cursorFrame is the record of how far an index was built: the primary key of
// the last row that has its entries.
func cursorFrame(primary []byte) []byte { return record(keys.Bytes(primary)) }

// tuple returns the elements' encodings, one after another. The elements are
// names that checkDefinitions has seen, numbers and bytes: all have one.
func tuple(elements ...keys.Part) []byte {
	var b []byte
	for _, e := range elements {
		b, _ = e.AppendKey(b)
	}
	return b
}

func record(elements ...keys.Part) []byte { return newFrame(catalogVersion, tuple(elements...)) }

// fields reads a tuple's elements. After the first that isn't as it should be,
// err is set and all others are zero.
type fields struct {
	rest []byte
	err  error
}

// recordFields returns the fields of a catalogue record.
func recordFields(frame []byte) *fields {
	version, payload, err := parseFrame(frame)
	if err == nil && version > catalogVersion {
		err = failure(backend.ErrSchemaNewer, "the catalogue was written by newer code")
	}
	return &fields{payload, err}
}

// field returns the next element of f.
func field[K keys.Key[K]](f *fields) K {
	var k K
	if f.err == nil {
		k, f.rest, f.err = k.DecodeKey(f.rest)
	}
	return k
}

// version returns the next element, a schema version.
func (f *fields) version() uint32 {
	v := field[keys.Uint](f)
	if f.err == nil && (v == 0 || v > math.MaxUint32) {
		f.err = failure(backend.ErrCorrupt, "schema version is not 1 to 2^32-1")
		return 0
	}
	return uint32(v)
}

// end returns the error of f, which should have no more elements.
func (f *fields) end() error {
	if f.err == nil && len(f.rest) > 0 {
		return failure(backend.ErrCorrupt, "record has more fields than it should")
	}
	return f.err
}

func parseHead(frame []byte) (head, error) {
	f := recordFields(frame)
	h := head{uint64(field[keys.Uint](f)), uint64(field[keys.Uint](f))}
	if f.err == nil && h.epoch == 0 {
		f.err = failure(backend.ErrCorrupt, "epoch is 0")
	}
	return h, f.end()
}

// add adds the record (key, frame) to c.
func (c *catalog) add(key, frame []byte) error {
	k, f := &fields{rest: key}, recordFields(frame)
	switch kind := field[keys.String](k); {
	case k.err != nil:
	case kind == kindHead:
		var err error
		if c.head, err = parseHead(frame); err != nil {
			return err
		}
		f.rest = nil
	case kind == kindStore:
		s := c.store(string(field[keys.String](k)))
		s.version, s.codec, s.spec = f.version(), string(field[keys.String](f)), string(field[keys.Bytes](f))
	case kind == kindIndex:
		s := c.store(string(field[keys.String](k)))
		s.indexes[string(field[keys.String](k))] = &indexRecord{
			id:      uint64(field[keys.Uint](f)),
			version: f.version(),
			unique:  bool(field[keys.Bool](f)),
			ready:   bool(field[keys.Bool](f)),
			spec:    string(field[keys.Bytes](f)),
		}
	case kind == kindModel:
		c.store(string(field[keys.String](k))).model = frame
		f.rest = nil
	case kind == kindMigration:
		c.store(string(field[keys.String](k))).migration = frame
		f.rest = nil
	case kind == kindCursor:
		c.cursors[uint64(field[keys.Uint](k))] = []byte(field[keys.Bytes](f))
	default:
		return failure(backend.ErrCorrupt, "record is of an unknown kind")
	}
	if err := k.end(); err != nil {
		return err
	}
	return f.end()
}

// store returns the record of the store called name, which is made when it is
// missing: indexes come before their stores.
func (c *catalog) store(name string) *storeRecord {
	s := c.stores[name]
	if s == nil {
		s = &storeRecord{indexes: make(map[string]*indexRecord)}
		c.stores[name] = s
	}
	return s
}
