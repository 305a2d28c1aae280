package pagetree

import (
	"encoding/binary"
	"math/bits"
)

// An item is an entry of a page that is to be written.
type item struct {
	key   []byte // of the pair, or the child's lower bound
	value []byte // of the pair, if it isn't apart
	page  ID     // the child, or the page of a value apart
	count uint64 // pairs: 1, or the child's
	size  uint64 // bytes of pages that the entry leads to
	apart bool   // whether values that are pages of their own are among them
	kept  bool   // whether the child is a page of the old tree
}

// pairItem returns pair i of a leaf.
func pairItem(nd *Page, i int) (it item) {
	var n uint64
	it.key, it.value, it.page, n = nd.pair(i)
	it.count = 1
	if it.page != 0 {
		it.apart, it.size = true, valuePage(n)
	}
	return it
}

// childItem returns child i of an inner node.
func childItem(nd *Page, i int) item {
	c := nd.child(i)
	return item{key: c.bound, page: c.id, count: c.count, size: c.size, apart: c.apart, kept: true}
}

func (it *item) child() child {
	return child{it.page, it.count, it.size, it.apart, it.key}
}

func (it *item) root(level int) Root {
	return Root{Page: it.page, Level: uint8(level), Count: it.count, Size: it.size}
}

// valuePage returns the bytes of the page of a value of n bytes.
func valuePage(n uint64) uint64 { return pageHeader + n + sumSize }

// valueField returns what a pair says about its value.
func (it *item) valueField() uint64 {
	if it.apart {
		return (it.size-valuePage(0))<<1 | 1
	}
	return uint64(len(it.value)) << 1
}

// sizeField returns what an inner node says about the bytes under a child.
func (it *item) sizeField() uint64 {
	if it.apart {
		return it.size<<1 | 1
	}
	return it.size << 1
}

// length returns how many bytes the item takes in a page of the level, with its
// offset.
func (it *item) length(level int) int {
	n := 2 + uvarintLen(uint64(len(it.key))) + len(it.key)
	switch {
	case level > 0:
		return n + idSize + uvarintLen(it.count) + uvarintLen(it.sizeField())
	case it.apart:
		return n + idSize + uvarintLen(it.valueField())
	}
	return n + len(it.value) + uvarintLen(it.valueField())
}

func uvarintLen(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

// encode returns a leaf or an inner node.
func encode(id ID, table string, level int, items []item) []byte {
	n := pageHeader + uvarintLen(uint64(len(table))) + len(table) + uvarintLen(uint64(len(items))) + sumSize
	for i := range items {
		n += items[i].length(level)
	}
	if level > 0 {
		n++
	}
	b := append(make([]byte, 0, n), kindOf(uint8(level)), Version)
	b = binary.BigEndian.AppendUint64(b, uint64(id))
	b = append(binary.AppendUvarint(b, uint64(len(table))), table...)
	if level > 0 {
		b = append(b, byte(level))
	}
	b = binary.AppendUvarint(b, uint64(len(items)))
	offsets := len(b)
	b = b[:len(b)+2*len(items)]
	for i := range items {
		it := &items[i]
		binary.BigEndian.PutUint16(b[offsets+2*i:], uint16(len(b)))
		if level == 0 {
			b = binary.AppendUvarint(b, uint64(len(it.key)))
			b = binary.AppendUvarint(b, it.valueField())
			b = append(b, it.key...)
			if it.apart {
				b = binary.BigEndian.AppendUint64(b, uint64(it.page))
			} else {
				b = append(b, it.value...)
			}
			continue
		}
		b = binary.BigEndian.AppendUint64(b, uint64(it.page))
		b = binary.AppendUvarint(b, it.count)
		b = binary.AppendUvarint(b, it.sizeField())
		b = binary.AppendUvarint(b, uint64(len(it.key)))
		b = append(b, it.key...)
	}
	return Seal(b)
}

// encodeValue returns the page of a value.
func encodeValue(id ID, v []byte) []byte {
	b := make([]byte, 0, valuePage(uint64(len(v))))
	b = binary.BigEndian.AppendUint64(append(b, kindValue, Version), uint64(id))
	return Seal(append(b, v...))
}
