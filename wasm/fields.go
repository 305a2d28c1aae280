package wasm

import (
	"iter"
	"slices"

	"github.com/larderdb/larder/internal/msgp"
)

// rowKeys are the keys that a row has: its own and those in each index.
type rowKeys struct {
	primary key
	indexed [][]key
}

// A fieldSet names the members of a row that hold a key or what leads to one,
// so that one walk finds them all.
type fieldSet []string

func fieldsOf(c *collectionSpec) fieldSet {
	fields := fieldSet{c.key[0]}
	for i := range c.indexes {
		for _, p := range c.indexes[i].paths {
			if !slices.Contains(fields, p[0]) {
				fields = append(fields, p[0])
			}
		}
	}
	return fields
}

// A rowFields is the values of a fieldSet in one row, nil for those missing.
type rowFields struct {
	names  fieldSet
	values [][]byte
}

// read walks the row at the front of b and returns its length and its fields.
// All of the row is valid then.
func (names fieldSet) read(b []byte) (int, rowFields, error) {
	f := rowFields{names, make([][]byte, len(names))}
	h, err := msgp.ReadHead(b)
	if err == nil && h.Kind != msgp.Map {
		err = refusal("", "a row must be an object")
	}
	if err != nil {
		return 0, f, err
	}
	n := h.Size
	for range h.Count {
		k, err := msgp.ReadHead(b[n:])
		if err == nil && k.Kind != msgp.Text {
			err = refusal("", "a property's name must be text")
		}
		if err != nil {
			return 0, f, err
		}
		name := b[n+k.Size : n+k.Size+k.Body]
		n += k.Size + k.Body
		m, err := msgp.Skip(b[n:])
		if err != nil {
			return 0, f, within(string(name), err)
		}
		for i, want := range names {
			if string(name) == want {
				f.values[i] = b[n : n+m : n+m]
			}
		}
		n += m
	}
	return n, f, nil
}

// find returns the value at path, and nil when it is missing or undefined.
func (f *rowFields) find(p path) ([]byte, error) {
	field := f.values[slices.Index(f.names, p[0])]
	if field == nil {
		return nil, nil
	}
	if len(p) == 1 {
		if h, err := msgp.ReadHead(field); err != nil || h.Kind == msgp.Ext && h.Type == msgp.ExtUndefined {
			return nil, err
		}
		return field, nil
	}
	value, _, err := msgp.Find(field, p[1:]...)
	return value, within(p[0], err)
}

// read walks the row at the front of b, takes its keys out and returns its
// length. failed is the index whose keys can't be made, when err says so.
func (c *collection) read(b []byte) (n int, k *rowKeys, failed string, err error) {
	n, f, err := c.fields.read(b)
	if err != nil {
		return 0, nil, "", err
	}
	at := c.spec.key.String()
	value, err := f.find(c.spec.key)
	if err == nil && value == nil {
		err = refusal(at, "the row has no key there")
	}
	if err != nil {
		return 0, nil, "", err
	}
	k = &rowKeys{indexed: make([][]key, len(c.spec.indexes))}
	if k.primary, err = keyOf(value, at); err != nil {
		return 0, nil, "", err
	}
	for i := range c.spec.indexes {
		x := &c.spec.indexes[i]
		if k.indexed[i], err = x.extract(&f); err != nil {
			return 0, nil, x.name, err
		}
	}
	return n, k, "", nil
}

// extract returns the keys that a row has in the index. A row that lacks one
// of the values has none.
func (x *indexSpec) extract(f *rowFields) ([]key, error) {
	values := make([][]byte, len(x.paths))
	for i, p := range x.paths {
		var err error
		if values[i], err = f.find(p); err != nil || values[i] == nil {
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

// indexKeys yields the row's keys in index number i. The keys of a row that
// was stored are taken out once for all indexes.
func (c *collection) indexKeys(r *row, i int) iter.Seq[key] {
	return func(yield func(key) bool) {
		if r.keys == nil {
			_, k, _, err := c.read(r.data)
			if err != nil {
				// A new index meets a row that was stored without it. The zero key is
				// refused, which is how an extractor can fail.
				yield(key{})
				return
			}
			r.keys = k
		}
		for _, k := range r.keys.indexed[i] {
			if !yield(k) {
				return
			}
		}
	}
}
