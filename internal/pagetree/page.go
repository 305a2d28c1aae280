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

// A Page is one in memory. Its entries are read where they stand; what is beside
// them makes searching quick. It never changes and is safe for concurrent use.
type Page struct {
	b     []byte
	table []byte // a part of b; of a leaf or an inner node, as what follows
	level uint8
	slots int // where the offsets are
	n     int // how many entries there are, 1 and up

	shared []byte    // what all keys begin with, but an inner node's first
	marks  []uint64  // of every step-th entry what follows that
	step   int       // 1 or markStep
	below  []linkRef // of an inner node, to the pages of its entries
	link   *link     // of a page that is kept
}

// Every entry of a page has a mark where entries are longBytes and more on average,
// as rows are, and in inner nodes, which are few: a search then compares one key.
// Shorter ones have one for every markStep entries, or pages of index entries
// would be larger by a third.
const (
	longBytes = 96
	markStep  = 4
)

// Open returns the page in b, which has passed [Check] or was made by [Merge]. It
// keeps b.
func Open(b []byte) *Page {
	p := &Page{b: b}
	if b[0] == kindValue {
		return p
	}
	n, at := uvarint(b, pageHeader)
	p.table, at = b[at:at+int(n)], at+int(n)
	if b[0] == kindInner {
		p.level, at = b[at], at+1
	}
	n, at = uvarint(b, at)
	p.slots, p.n, p.step = at, int(n), markStep
	if p.level > 0 {
		p.below = make([]linkRef, p.n)
	}
	if p.level > 0 || len(b) >= longBytes*p.n {
		p.step = 1
	}
	first := p.least()
	if p.n <= first {
		return p
	}
	one, last := p.keyOrBound(first), p.keyOrBound(p.n-1)
	same := 0
	for same < min(len(one), len(last)) && one[same] == last[same] {
		same++
	}
	p.shared = one[:same:same]
	p.marks = make([]uint64, 0, (p.n-first+p.step-1)/p.step)
	for i := first; i < p.n; i += p.step {
		p.marks = append(p.marks, mark(p.keyOrBound(i)[same:]))
	}
	return p
}

// least returns the first entry that a search compares.
func (p *Page) least() int {
	if p.level > 0 {
		return 1 // nothing comes before the first child
	}
	return 0
}

func (p *Page) keyOrBound(i int) []byte {
	if p.level > 0 {
		return p.bound(i)
	}
	return p.key(i)
}

// mark returns a number for a key. Of two keys with different numbers the
// smaller one has the smaller number.
func mark(key []byte) uint64 {
	if len(key) >= 8 {
		return binary.BigEndian.Uint64(key)
	}
	m := uint64(0)
	for i, c := range key {
		m |= uint64(c) << (56 - 8*i)
	}
	return m
}

// Bytes returns the page as it is stored. They must not be written to.
func (p *Page) Bytes() []byte { return p.b }

// Size returns how many bytes the page takes in memory.
func (p *Page) Size() int { return len(p.b) + 8*(cap(p.marks)+cap(p.below)) }

// near returns a range of entries, one or a few in most cases: those before it
// have keys that are smaller than key, those from its end on have larger ones.
// Where it isn't empty, key begins with what all keys share.
func (p *Page) near(key []byte) (lo, hi int) {
	lo, hi = p.least(), p.n
	if lo >= hi {
		return lo, hi
	}
	same := len(p.shared)
	if len(key) < same || !bytes.Equal(key[:same], p.shared) {
		if bytes.Compare(key, p.shared) < 0 {
			return lo, lo
		}
		return hi, hi
	}
	m := mark(key[same:])
	// Marks before from are smaller, those from to on are larger.
	from, to := 0, len(p.marks)
	for end := to; from < end; {
		mid := int(uint(from+end) >> 1)
		if p.marks[mid] < m {
			from = mid + 1
		} else {
			end = mid
		}
	}
	for to = from; to < len(p.marks) && p.marks[to] == m; {
		to++
	}
	if to < len(p.marks) {
		hi = lo + to*p.step
	}
	if from > 0 {
		lo += (from-1)*p.step + 1
	}
	return lo, hi
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
func (p *Page) offset(i int) int {
	return int(binary.BigEndian.Uint16(p.b[p.slots+2*i:]))
}

// key returns the key of pair i of a leaf.
func (p *Page) key(i int) []byte {
	b, at := p.b, p.offset(i)
	n, at := uint64(b[at]), at+1
	if n >= 0x80 {
		n, at = uvarint(b, at-1)
	}
	at = skip(b, at)
	return b[at : at+int(n)]
}

// pair returns pair i of a leaf. Its value is nil when it is a page of its own,
// apart, of size bytes.
func (p *Page) pair(i int) (key, value []byte, apart ID, size uint64) {
	b, at := p.b, p.offset(i)
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
func (p *Page) search(key []byte) (i int, found bool) {
	lo, hi := p.near(key)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		own := p.key(mid)
		if bytes.Equal(own, key) {
			return mid, true
		}
		if bytes.Compare(own, key) < 0 {
			lo = mid + 1
		} else {
			hi = mid
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
func (p *Page) child(i int) (c child) {
	at := p.offset(i)
	c.id = ID(binary.BigEndian.Uint64(p.b[at:]))
	c.count, at = uvarint(p.b, at+idSize)
	c.size, at = uvarint(p.b, at)
	c.apart, c.size = c.size&1 != 0, c.size>>1
	n, at := uvarint(p.b, at)
	c.bound = p.b[at : at+int(n) : at+int(n)]
	return c
}

// childID returns the page of entry i of an inner node.
func (p *Page) childID(i int) ID {
	return ID(binary.BigEndian.Uint64(p.b[p.offset(i):]))
}

// bound returns the lower bound of entry i of an inner node.
func (p *Page) bound(i int) []byte {
	b := p.b
	at := skip(b, skip(b, p.offset(i)+idSize))
	n, at := uint64(b[at]), at+1
	if n >= 0x80 {
		n, at = uvarint(b, at-1)
	}
	return b[at : at+int(n)]
}

// searchBound returns the last entry of an inner node whose lower bound is
// smaller than key, or equal to it if orEqual is set, but at least the first:
// the one under which key is to be looked for, or its predecessor.
func (p *Page) searchBound(key []byte, orEqual bool) int {
	lo, hi := p.near(key)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if c := bytes.Compare(p.bound(mid), key); c < 0 || c == 0 && orEqual {
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
