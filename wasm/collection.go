package wasm

import (
	"iter"
	"strconv"
	"strings"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/internal/msgp"
	"github.com/larderdb/larder/keys"
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

// A row is a row's msgpack. Only what is about to be written has its index
// keys taken out already, so that a value that can't be indexed is found while
// its path can still be told; a row that was stored has none such.
type row struct {
	data []byte
	keys [][]key // of each index
}

// A collection is an entity store made of a spec. It is safe for concurrent
// use.
type collection struct {
	spec    collectionSpec
	store   *entity.Store[key, row]
	indexes []index
}

// An index is an entity index, unique or not.
type index interface {
	entity.IndexOf[key, row]
	Scan(*entity.Tx, keys.Range[key]) iter.Seq2[*entity.Row[key, row], error]
	Count(*entity.Tx, keys.Range[key]) (int, error)
}

func newCollection(spec collectionSpec) (*collection, error) {
	c := &collection{spec: spec}
	var defs []entity.IndexOf[key, row]
	for i := range spec.indexes {
		x := &spec.indexes[i]
		if x.multi && len(x.paths) > 1 {
			return nil, &entity.Error{Op: "open", Store: spec.name, Index: x.name, Err: &backend.Error{
				Class: backend.ErrInvalid, Reason: "a compound index can't be multi-valued"}}
		}
		of := func(_ key, r *row) iter.Seq[key] { return r.indexKeys(x, i) }
		var def index
		if x.unique {
			def = entity.NewMultiUnique(x.name, of).WithSchema(x.version, x.spec())
		} else {
			def = entity.NewMultiIndex(x.name, of).WithSchema(x.version, x.spec())
		}
		c.indexes = append(c.indexes, def)
		defs = append(defs, def)
	}
	c.store = entity.New(spec.name, entity.Codec[row](rawCodec{}), defs...).
		WithSchema(spec.version, strconv.Quote(spec.key.String()))
	return c, nil
}

// indexKeys yields the row's keys in index x, which is number i.
func (r *row) indexKeys(x *indexSpec, i int) iter.Seq[key] {
	return func(yield func(key) bool) {
		var list []key
		if r.keys != nil {
			list = r.keys[i]
		} else {
			var err error
			if list, err = x.extract(r.data); err != nil {
				// A new index meets a row that was stored without it. The zero key
				// is refused as a key, which is how an extractor can fail.
				list = []key{{}}
			}
		}
		for _, k := range list {
			if !yield(k) {
				return
			}
		}
	}
}

// extract returns the keys that a row has in the index. A row that lacks one
// of the values has none.
func (x *indexSpec) extract(data []byte) ([]key, error) {
	values := make([][]byte, len(x.paths))
	for i, p := range x.paths {
		var found bool
		var err error
		if values[i], found, err = msgp.Find(data, p...); err != nil || !found {
			return nil, err
		}
	}
	if len(x.paths) > 1 {
		k, err := listOf(values, func(i int) string { return x.paths[i].String() })
		return []key{k}, err
	}
	at := x.paths[0].String()
	if !x.multi {
		k, err := keyOf(values[0], at)
		return []key{k}, err
	}
	list, err := elements(values[0], at)
	if err != nil {
		return nil, err
	}
	all := make([]key, len(list))
	for i, e := range list {
		if all[i], err = keyOf(e, item(at)(i)); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// open takes the key and the index keys out of a row's msgpack, which is
// valid.
func (c *collection) open(op string, data []byte) (keyed, error) {
	if h, err := msgp.ReadHead(data); err != nil || h.Kind != msgp.Map {
		return keyed{}, c.failure(op, "", refusal("", "a row must be an object"))
	}
	at := c.spec.key.String()
	value, found, err := msgp.Find(data, c.spec.key...)
	if err == nil && !found {
		err = refusal(at, "the row has no key there")
	}
	if err != nil {
		return keyed{}, c.failure(op, "", err)
	}
	k, err := keyOf(value, at)
	if err != nil {
		return keyed{}, c.failure(op, "", err)
	}
	list := make([][]key, len(c.spec.indexes))
	for i := range c.spec.indexes {
		x := &c.spec.indexes[i]
		if list[i], err = x.extract(data); err != nil {
			return keyed{}, c.failure(op, x.name, err)
		}
	}
	return keyed{k, row{data: data, keys: list}}, nil
}

func (c *collection) failure(op, index string, err error) error {
	return &entity.Error{Op: op, Store: c.spec.name, Index: index, Err: err}
}

// rawCodec keeps rows as the msgpack that they are. A decoded row refers to
// the engine's memory and dies with its transaction.
type rawCodec struct{}

// Name returns "msgpack.js".
func (rawCodec) Name() string { return "msgpack.js" }

// Append appends the row, which collection.row has walked already.
func (rawCodec) Append(dst []byte, r *row) ([]byte, error) {
	return append(dst, r.data...), nil
}

// Decode makes the row refer to src.
func (rawCodec) Decode(src []byte, r *row) error {
	if err := msgp.Validate(src); err != nil {
		return err
	}
	r.data = src
	return nil
}
