package wasm

import (
	"slices"
	"sync"

	"github.com/larderdb/larder/internal/msgp"
)

// rowKeys are the keys that some rows have: of each its own and then those in
// each index. All lie in one text, since rows that are put come by the dozen,
// and what is allocated for each of them costs as much as finding the keys.
type rowKeys struct {
	indexes int // of the collection
	text    string
	ends    []int // of each key in text
	lists   []int // row by row: how many keys there are up to its own, and up to the end of each index
}

// key returns the key of that number.
func (k *rowKeys) key(number int) key {
	from := 0
	if number > 0 {
		from = k.ends[number-1]
	}
	return key{k.text[from:k.ends[number]]}
}

// primary returns the own key of that row.
func (k *rowKeys) primary(row int) key { return k.key(k.lists[row*(1+k.indexes)] - 1) }

// in returns the numbers of the row's keys in index number i: from the first to
// the one after the last.
func (k *rowKeys) in(row, i int) (from, to int) {
	at := row*(1+k.indexes) + i
	return k.lists[at], k.lists[at+1]
}

// A keyWriter encodes the keys of rows one after the other. Its parts become
// those of rowKeys.
type keyWriter struct {
	buf   []byte
	ends  []int
	lists []int
}

func (w *keyWriter) reset() { w.buf, w.ends, w.lists = w.buf[:0], w.ends[:0], w.lists[:0] }

// list ends a row's keys in an index, or its own.
func (w *keyWriter) list() { w.lists = append(w.lists, len(w.ends)) }

// add adds the value that stands at that path.
func (w *keyWriter) add(value []byte, at path) error {
	b, err := msgp.AppendKey(w.buf, value)
	if err != nil {
		return within(at.String(), err)
	}
	w.buf, w.ends = b, append(w.ends, len(b))
	return nil
}

// addList adds the values that stand at the paths, as one key that is a list.
func (w *keyWriter) addList(values [][]byte, paths func(i int) string) error {
	b, err := appendList(w.buf, values, paths)
	if err == nil {
		w.buf, w.ends = b, append(w.ends, len(b))
	}
	return err
}

// A fieldSet names the members of a row that hold a key or what leads to one,
// so that one walk finds them all.
type fieldSet []string

// place returns the place of the member that path begins with, which is added
// when it is new.
func (names *fieldSet) place(p path) int {
	i := slices.Index(*names, p[0])
	if i < 0 {
		i = len(*names)
		*names = append(*names, p[0])
	}
	return i
}

// A fieldPath is where a value is in a row.
type fieldPath struct {
	place int // of the member that leads to it, in the collection's fieldSet
	path
}

// read walks the row at the front of b, sets values to its fields, nil for
// those missing, and returns its length. All of the row is valid then. Of a row
// that is stored it reads no more than it must.
func (names fieldSet) read(b []byte, values [][]byte, stored bool) (int, error) {
	clear(values)
	left := len(names)
	h, err := msgp.ReadHead(b)
	if err == nil && h.Kind != msgp.Map {
		err = refusal("", "a row must be an object")
	}
	if err != nil {
		return 0, err
	}
	n := h.Size
	for range h.Count {
		name, m, err := readName(b[n:])
		if err != nil {
			return 0, err
		}
		n += m
		if m, err = msgp.Skip(b[n:]); err != nil {
			return 0, within(string(name), err)
		}
		for i, want := range names {
			if string(name) == want && values[i] == nil { // of equal names the first counts, as in msgp.Find
				values[i] = b[n : n+m : n+m]
				left--
			}
		}
		if n += m; stored && left == 0 {
			break
		}
	}
	return n, nil
}

// readName returns the property's name at the front of b, and where it ends.
func readName(b []byte) (name []byte, end int, err error) {
	if len(b) > 0 && b[0]&0xe0 == 0xa0 { // as most are: short
		if end = 1 + int(b[0]&0x1f); end <= len(b) {
			return b[1:end], end, nil
		}
	}
	h, err := msgp.ReadHead(b)
	if err == nil && h.Kind != msgp.Text {
		err = refusal("", "a property's name must be text")
	}
	if err != nil {
		return nil, 0, err
	}
	end = h.Size + h.Body
	return b[h.Size:end], end, nil
}

// find returns the value at p in a row's values, and nil when it is missing or
// undefined.
func (p *fieldPath) find(values [][]byte) ([]byte, error) {
	field := values[p.place]
	if field == nil {
		return nil, nil
	}
	if len(p.path) == 1 {
		if msgp.IsUndefined(field) {
			return nil, nil
		}
		return field, nil
	}
	value, _, err := msgp.Find(field, p.path[1:]...)
	return value, within(p.path[0], err)
}

// A reading is the memory of what is read of rows, used again by the next.
type reading struct {
	values [][]byte // of the fieldSet in the row that is read
	keys   keyWriter
	list   []row
}

var readings = sync.Pool{New: func() any { return new(reading) }}

func (c *collection) newReading() *reading {
	m := readings.Get().(*reading)
	m.values = slices.Grow(m.values[:0], len(c.fields))[:len(c.fields)]
	m.keys.reset()
	return m
}

// maxReading is the size of keys over which memory is left to the collector.
const maxReading = 1 << 16

// giveBack takes m's memory back. It must refer to nobody else's.
func (m *reading) giveBack() {
	if cap(m.keys.buf) > maxReading {
		return
	}
	clear(m.values)
	clear(m.list)
	m.list = m.list[:0]
	readings.Put(m)
}

// rows returns the rows in the request, with their keys. They are valid until m
// is given back. failed is the index whose keys can't be made, when err says so.
func (c *collection) rows(m *reading, request []byte) (list []row, failed string, err error) {
	keys := &rowKeys{indexes: len(c.indexes)}
	for len(request) > 0 {
		n, failed, err := c.read(m, request, false)
		if err != nil {
			return nil, failed, err
		}
		m.list = append(m.list, row{data: request[:n:n], keys: keys, number: len(m.list)})
		request = request[n:]
	}
	keys.text, keys.ends, keys.lists = string(m.keys.buf), m.keys.ends, m.keys.lists
	return m.list, "", nil
}

// read walks the row at the front of b, which is stored or to be, adds its keys
// to m's and returns its length.
func (c *collection) read(m *reading, b []byte, stored bool) (n int, failed string, err error) {
	if n, err = c.fields.read(b, m.values, stored); err != nil {
		return 0, "", err
	}
	value, err := c.primary.find(m.values)
	if err == nil && value == nil {
		err = refusal(c.primary.String(), "the row has no key there")
	}
	if err == nil {
		err = m.keys.add(value, c.primary.path)
	}
	if err != nil {
		return 0, "", err
	}
	m.keys.list()
	for i := range c.spec.indexes {
		if err = c.extract(i, m.values, &m.keys); err != nil {
			return 0, c.spec.indexes[i].name, err
		}
		m.keys.list()
	}
	return n, "", nil
}

// extract adds the keys that a row of these values has in index number i to w. A
// row that lacks one of the values has none.
func (c *collection) extract(i int, values [][]byte, w *keyWriter) error {
	paths := c.paths[i]
	if len(paths) > 1 {
		return extractList(paths, values, w)
	}
	value, err := paths[0].find(values)
	if err != nil || value == nil {
		return err
	}
	if !c.spec.indexes[i].multi {
		return w.add(value, paths[0].path)
	}
	at := paths[0].String()
	list, err := elements(value, at)
	if err != nil {
		return err
	}
	for i, e := range list {
		if err := w.add(e, path{item(at)(i)}); err != nil {
			return err
		}
	}
	return nil
}

// extractList is extract for a compound index.
func extractList(paths []fieldPath, values [][]byte, w *keyWriter) error {
	found := make([][]byte, len(paths))
	for i := range paths {
		var err error
		if found[i], err = paths[i].find(values); err != nil || found[i] == nil {
			return err
		}
	}
	return w.addList(found, func(i int) string { return paths[i].String() })
}

// keysIn returns the numbers of the row's keys in index number i, of r.keys. The
// keys of a row that was stored are taken out once for all indexes. It reports
// false for a row from which they can't be taken.
func (c *collection) keysIn(r *row, i int) (from, to int, ok bool) {
	if r.keys == nil {
		m := c.newReading()
		defer m.giveBack()
		if _, _, err := c.read(m, r.data, true); err != nil {
			return 0, 0, false
		}
		w := &m.keys
		numbers := append(append(make([]int, 0, len(w.ends)+len(w.lists)), w.ends...), w.lists...)
		r.keys, r.number = &rowKeys{len(c.indexes), string(w.buf), numbers[:len(w.ends)], numbers[len(w.ends):]}, 0
	}
	from, to = r.keys.in(r.number, i)
	return from, to, true
}
