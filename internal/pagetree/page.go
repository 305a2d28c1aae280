package pagetree

import (
	"bytes"
	"encoding/binary"
)

// An ID is a page's. 0 is none.
type ID uint64

// maxID is the largest number that JavaScript counts exactly.
const maxID = 1<<53 - 1

const (
	kindLeaf  = 'P'
	kindInner = 'N'
	kindValue = 'V'
)

const (
	// maxPage bounds leaves and inner nodes: their offsets have two bytes.
	maxPage = 1<<16 - 1
	// maxLevel bounds the levels above the leaves. An inner node has three
	// children at the least.
	maxLevel = 24
)

// A node is a leaf or an inner node, read where it stands in its page, which
// has passed [Check].
type node struct {
	b     []byte // the page
	slots int    // where the offsets are
	n     int    // how many entries there are, 1 and up
}

// open returns the node in b, which is of kind leaf or inner, its level and its
// table's name, a part of b.
func open(b []byte) (nd node, level uint8, table []byte) {
	n, at := uvarint(b, pageHeader)
	table, at = b[at:at+int(n)], at+int(n)
	if b[0] == kindInner {
		level, at = b[at], at+1
	}
	n, at = uvarint(b, at)
	return node{b, at, int(n)}, level, table
}

// uvarint returns the number at b[at] and where it ends. The compiler doesn't
// inline it; where entries are searched or scanned, numbers of one byte, which
// most are, go without the call.
func uvarint(b []byte, at int) (uint64, int) {
	v, n := binary.Uvarint(b[at:])
	return v, at + n
}

// skip returns where the uvarint at b[at] ends.
func skip(b []byte, at int) int {
	for b[at] >= 0x80 {
		at++
	}
	return at + 1
}

// offset returns where entry i begins.
func (nd *node) offset(i int) int {
	return int(binary.BigEndian.Uint16(nd.b[nd.slots+2*i:]))
}

// key returns the key of pair i of a leaf.
func (nd *node) key(i int) []byte {
	b, at := nd.b, nd.offset(i)
	n, at := uint64(b[at]), at+1
	if n >= 0x80 {
		n, at = uvarint(b, at-1)
	}
	at = skip(b, at)
	return b[at : at+int(n)]
}

// pair returns pair i of a leaf. Its value is nil when it is a page of its own,
// apart, of size bytes.
func (nd *node) pair(i int) (key, value []byte, apart ID, size uint64) {
	b, at := nd.b, nd.offset(i)
	n, at := uint64(b[at]), at+1
	if n >= 0x80 {
		n, at = uvarint(b, at-1)
	}
	size, at = uint64(b[at]), at+1
	if size >= 0x80 {
		size, at = uvarint(b, at-1)
	}
	mid := at + int(n)
	key = b[at:mid:mid]
	if size&1 != 0 {
		return key, nil, ID(binary.BigEndian.Uint64(b[mid:])), size >> 1
	}
	size >>= 1
	end := mid + int(size)
	return key, b[mid:end:end], 0, size
}

// search returns the first pair of a leaf whose key isn't smaller than key, and
// whether it is key.
func (nd *node) search(key []byte) (i int, found bool) {
	lo, hi := 0, nd.n
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		switch c := bytes.Compare(nd.key(mid), key); {
		case c < 0:
			lo = mid + 1
		case c > 0:
			hi = mid
		default:
			return mid, true
		}
	}
	return lo, false
}

// A child is an entry of an inner node.
type child struct {
	id    ID
	count uint64 // pairs under it
	size  uint64 // bytes of pages under it, and its own
	apart bool   // whether values under it are pages of their own
	bound []byte // no key under it is smaller
}

// child returns entry i of an inner node.
func (nd *node) child(i int) (c child) {
	at := nd.offset(i)
	c.id = ID(binary.BigEndian.Uint64(nd.b[at:]))
	c.count, at = uvarint(nd.b, at+idSize)
	c.size, at = uvarint(nd.b, at)
	c.apart, c.size = c.size&1 != 0, c.size>>1
	n, at := uvarint(nd.b, at)
	c.bound = nd.b[at : at+int(n) : at+int(n)]
	return c
}

// childID returns the page of entry i of an inner node.
func (nd *node) childID(i int) ID {
	return ID(binary.BigEndian.Uint64(nd.b[nd.offset(i):]))
}

// bound returns the lower bound of entry i of an inner node.
func (nd *node) bound(i int) []byte {
	b := nd.b
	at := skip(b, skip(b, nd.offset(i)+idSize))
	n, at := uint64(b[at]), at+1
	if n >= 0x80 {
		n, at = uvarint(b, at-1)
	}
	return b[at : at+int(n)]
}

// searchBound returns the last entry of an inner node whose lower bound is
// smaller than key, or equal to it if orEqual is set, but at least the first:
// the one under which key is to be looked for, or its predecessor.
func (nd *node) searchBound(key []byte, orEqual bool) int {
	lo, hi := 1, nd.n
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if c := bytes.Compare(nd.bound(mid), key); c < 0 || c == 0 && orEqual {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo - 1
}

// value returns the value in a page of kind value.
func value(b []byte) []byte {
	end := len(b) - sumSize
	return b[pageHeader:end:end]
}
