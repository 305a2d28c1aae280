package wasm

import (
	"iter"
	"strconv"
	"strings"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
)

// A collectionSpec is a collection as JavaScript defines it.
type collectionSpec struct {
	name    string
	key     path
	indexes []indexSpec
	version uint32
}

// An indexSpec is an index as JavaScript defines it. Several paths are a
// compound index, whose keys are lists of the values there.
type indexSpec struct {
	name    string
	paths   []path
	unique  bool
	multi   bool
	version uint32
}

// A path leads to a value in a row: the names of maps' members.
type path []string

func (p path) String() string { return strings.Join(p, ".") }

// spec returns what the catalogue records of the index: whether it extracts
// the same can be told by comparing these.
func (x *indexSpec) spec() string {
	var b []byte
	for i, p := range x.paths {
		if i > 0 {
			b = append(b, ' ')
		}
		b = strconv.AppendQuote(b, p.String())
	}
	if x.multi {
		b = append(b, " multi"...)
	}
	if x.unique {
		b = append(b, " unique"...)
	}
	return string(b)
}

// A row is a row's msgpack, and its keys once they were taken out.
type row struct {
	data   []byte
	keys   *rowKeys
	number int // among the rows of keys
}

// A collection is an entity store made of a spec. It is safe for concurrent
// use.
type collection struct {
	spec    collectionSpec
	store   *entity.Store[key, row]
	indexes []index
	fields  fieldSet
	primary fieldPath
	paths   [][]fieldPath // of each index
}

// An index is an entity index, unique or not.
type index interface {
	entity.IndexOf[key, row]
	source
}

func newCollection(spec collectionSpec) (*collection, error) {
	c := &collection{spec: spec}
	c.primary = fieldPath{c.fields.place(spec.key), spec.key}
	var defs []entity.IndexOf[key, row]
	for i := range spec.indexes {
		x := &spec.indexes[i]
		if x.multi && len(x.paths) > 1 {
			return nil, &entity.Error{Op: "open", Store: spec.name, Index: x.name, Err: &backend.Error{
				Class: backend.ErrInvalid, Reason: "a compound index can't be multi-valued"}}
		}
		var paths []fieldPath
		for _, p := range x.paths {
			paths = append(paths, fieldPath{c.fields.place(p), p})
		}
		c.paths = append(c.paths, paths)
		// A new index meets rows that were stored without it, and may lack what it
		// needs. The zero key is refused, which is how an extractor can fail.
		one := func(_ key, r *row) key {
			from, _, ok := c.keysIn(r, i)
			if !ok {
				return key{}
			}
			return r.keys.key(from)
		}
		has := func(_ key, r *row) bool {
			from, to, ok := c.keysIn(r, i)
			return from < to || !ok
		}
		all := func(_ key, r *row) iter.Seq[key] {
			return func(yield func(key) bool) {
				from, to, ok := c.keysIn(r, i)
				if !ok {
					yield(key{})
				}
				for ; from < to && yield(r.keys.key(from)); from++ {
				}
			}
		}
		var def index
		switch {
		case x.unique && x.multi:
			def = entity.NewMultiUnique(x.name, all).WithSchema(x.version, x.spec())
		case x.unique:
			def = entity.NewUnique(x.name, one).Where(has).WithSchema(x.version, x.spec())
		case x.multi:
			def = entity.NewMultiIndex(x.name, all).WithSchema(x.version, x.spec())
		default:
			def = entity.NewIndex(x.name, one).Where(has).WithSchema(x.version, x.spec())
		}
		c.indexes = append(c.indexes, def)
		defs = append(defs, def)
	}
	c.store = entity.New(spec.name, entity.Codec[row](rawCodec{}), defs...).
		WithSchema(spec.version, strconv.Quote(spec.key.String()))
	return c, nil
}

func (c *collection) failure(op, index string, err error) error {
	return &entity.Error{Op: op, Store: c.spec.name, Index: index, Err: err}
}

// rawCodec keeps rows as the msgpack that they are. A decoded row refers to
// the engine's memory and dies with its transaction.
//
// It doesn't walk a row's bytes, whose checksum was right: who reads them next
// does, be it that keys are taken out, that text is split off, or JavaScript.
type rawCodec struct{}

// Name returns "msgpack.js".
func (rawCodec) Name() string { return "msgpack.js" }

// Append appends the row.
func (rawCodec) Append(dst []byte, r *row) ([]byte, error) {
	return append(dst, r.data...), nil
}

// Decode makes the row refer to src.
func (rawCodec) Decode(src []byte, r *row) error {
	r.data = src
	return nil
}
