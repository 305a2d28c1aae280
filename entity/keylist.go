package entity

import (
	"bytes"
	"slices"
	"sort"
)

// A keyList is the encoded index keys of one row in one index. Its memory is
// used again from row to row.
type keyList struct {
	buf  []byte
	ends []int // of each key in buf
	keys [][]byte

	entry []byte // of firstIn
}

// add takes over buf, which is l.buf with one more key at its end.
func (l *keyList) add(buf []byte) {
	l.buf = buf
	l.ends = append(l.ends, len(buf))
}

func (l *keyList) reset() {
	l.buf, l.ends, l.keys = l.buf[:0], l.ends[:0], l.keys[:0]
}

// sorted returns the keys in ascending order, each once. They are valid until
// the list is reset or added to.
func (l *keyList) sorted() [][]byte {
	l.keys = l.keys[:0]
	at := 0
	for _, end := range l.ends {
		l.keys = append(l.keys, l.buf[at:end:end])
		at = end
	}
	if len(l.keys) > 1 {
		sort.Sort(byteOrder(l.keys))
		l.keys = slices.CompactFunc(l.keys, bytes.Equal)
	}
	return l.keys
}

// byteOrder sorts keys. Package slices would make code of its own for them, ten
// kilobytes of a wasm module.
type byteOrder [][]byte

func (o byteOrder) Len() int           { return len(o) }
func (o byteOrder) Less(i, j int) bool { return bytes.Compare(o[i], o[j]) < 0 }
func (o byteOrder) Swap(i, j int)      { o[i], o[j] = o[j], o[i] }

// difference returns the keys of a that b doesn't hold. Both are sorted. They are
// valid until it is called again.
func (m *scratch) difference(a, b [][]byte) [][]byte {
	if len(a) == 0 || len(b) == 0 {
		return a
	}
	m.differ = m.differ[:0]
	for _, key := range a {
		order := -1
		for len(b) > 0 {
			if order = bytes.Compare(key, b[0]); order <= 0 {
				break
			}
			b = b[1:]
		}
		if order != 0 {
			m.differ = append(m.differ, key)
		}
	}
	return m.differ
}
