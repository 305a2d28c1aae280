package wasm

import (
	"slices"
	"sync"

	"github.com/larderdb/larder/internal/msgp"
)

// rowKeys are the keys that a row has: its own and those in each index. All lie
// in one string, and most rows have few, so that they are two allocations.
type rowKeys struct {
	primary key
	all     []key // those in the first index, then in the second, …
	ends    []int // where each index's end in all

	keyRoom [4]key
	endRoom [4]int
}

// in returns the row's keys in index number i.
func (k *rowKeys) in(i int) []key {
	from := 0
	if i > 0 {
		from = k.ends[i-1]
	}
	return k.all[from:k.ends[i]]
}

// A keyWriter encodes keys one after the other.
type keyWriter struct {
	buf  []byte
	ends []int // of each key in buf
}

// add adds the value that stands at path.
func (w *keyWriter) add(value []byte, path string) error {
	b, err := msgp.AppendKey(w.buf, value)
	return w.took(b, within(path, err))
}

// addList adds the values that stand at the paths, as one key that is a list.
func (w *keyWriter) addList(values [][]byte, paths func(i int) string) error {
	b, err := appendList(w.buf, values, paths)
	return w.took(b, err)
}

func (w *keyWriter) took(b []byte, err error) error {
	if err == nil {
		w.buf, w.ends = b, append(w.ends, len(b))
	}
	return err
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

// read walks the row at the front of b, sets f to its fields and returns its
// length. All of the row is valid then.
func (names fieldSet) read(b []byte, f *rowFields) (int, error) {
	f.names, f.values = names, slices.Grow(f.values[:0], len(names))[:len(names)]
	clear(f.values)
	h, err := msgp.ReadHead(b)
	if err == nil && h.Kind != msgp.Map {
		err = refusal("", "a row must be an object")
	}
	if err != nil {
		return 0, err
	}
	n := h.Size
	for range h.Count {
		k, err := msgp.ReadHead(b[n:])
		if err == nil && k.Kind != msgp.Text {
			err = refusal("", "a property's name must be text")
		}
		if err != nil {
			return 0, err
		}
		name := b[n+k.Size : n+k.Size+k.Body]
		n += k.Size + k.Body
		m, err := msgp.Skip(b[n:])
		if err != nil {
			return 0, within(string(name), err)
		}
		for i, want := range names {
			if string(name) == want {
				f.values[i] = b[n : n+m : n+m]
			}
		}
		n += m
	}
	return n, nil
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

// A reading is the memory of one read, used again by the next.
type reading struct {
	fields rowFields
	keys   keyWriter
}

var readings = sync.Pool{New: func() any { return new(reading) }}

// read walks the row at the front of b, takes its keys out and returns its
// length. failed is the index whose keys can't be made, when err says so.
func (c *collection) read(b []byte) (n int, k *rowKeys, failed string, err error) {
	m := readings.Get().(*reading)
	defer func() {
		clear(m.fields.values) // which are the row's memory
		readings.Put(m)
	}()
	f, w := &m.fields, &m.keys
	w.buf, w.ends = w.buf[:0], w.ends[:0]
	if n, err = c.fields.read(b, f); err != nil {
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
	if err = w.add(value, at); err != nil {
		return 0, nil, "", err
	}
	k = new(rowKeys)
	k.all, k.ends = k.keyRoom[:0], k.endRoom[:0]
	for i := range c.spec.indexes {
		x := &c.spec.indexes[i]
		if err = x.extract(f, w); err != nil {
			return 0, nil, x.name, err
		}
		k.ends = append(k.ends, len(w.ends)-1)
	}
	encoded, from := string(w.buf), w.ends[0]
	k.primary = key{encoded[:from]}
	for _, end := range w.ends[1:] {
		k.all = append(k.all, key{encoded[from:end]})
		from = end
	}
	return n, k, "", nil
}

// extract adds the keys that a row has in the index to w. A row that lacks one
// of the values has none.
func (x *indexSpec) extract(f *rowFields, w *keyWriter) error {
	if len(x.paths) > 1 {
		return x.extractList(f, w)
	}
	value, err := f.find(x.paths[0])
	if err != nil || value == nil {
		return err
	}
	at := x.paths[0].String()
	if !x.multi {
		return w.add(value, at)
	}
	list, err := elements(value, at)
	if err != nil {
		return err
	}
	for i, e := range list {
		if err := w.add(e, item(at)(i)); err != nil {
			return err
		}
	}
	return nil
}

// extractList is extract for a compound index.
func (x *indexSpec) extractList(f *rowFields, w *keyWriter) error {
	values := make([][]byte, len(x.paths))
	for i, p := range x.paths {
		var err error
		if values[i], err = f.find(p); err != nil || values[i] == nil {
			return err
		}
	}
	return w.addList(values, func(i int) string { return x.paths[i].String() })
}

// indexKeys returns the row's keys in index number i. The keys of a row that was
// stored are taken out once for all indexes.
func (c *collection) indexKeys(r *row, i int) []key {
	if r.keys == nil {
		_, k, _, err := c.read(r.data)
		if err != nil {
			// A new index meets a row that was stored without it. The zero key is
			// refused, which is how an extractor can fail.
			return []key{{}}
		}
		r.keys = k
	}
	return r.keys.in(i)
}
