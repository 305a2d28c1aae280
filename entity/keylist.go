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

// difference calls fn with each key of a that b doesn't hold, until fn returns
// an error. Both are sorted.
func difference(a, b [][]byte, fn func(key []byte) error) error {
	for _, key := range a {
		for len(b) > 0 && bytes.Compare(b[0], key) < 0 {
			b = b[1:]
		}
		if len(b) > 0 && bytes.Equal(b[0], key) {
			continue
		}
		if err := fn(key); err != nil {
			return err
		}
	}
	return nil
}
