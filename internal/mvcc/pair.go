package mvcc

import (
	"bytes"
	"encoding/binary"
	"math"
	"unsafe"

	"github.com/larderdb/larder/backend"
)

// A Pair is a key and its value, one after the other in one buffer. It is 24
// bytes with one pointer in them, where two slices are 48 with two: a B-tree
// copies half of the bytes when a transaction first touches a node, and the
// garbage collector has half the pointers to follow. That is what unsafe is
// for, here and nowhere else.
//
// The beginning of the key stands in the Pair itself, so that a search compares
// most keys where the tree's node is: buffers lie scattered in memory, and
// waiting for each of them was most of a search.
//
// A Pair keeps its whole buffer alive.
type Pair struct {
	start  *byte // of the key; the value follows
	keyLen uint32
	valLen uint32
	head   uint64 // the key's first eight bytes, or it and zeros, as one number
}

// shortKey is the length up to which a key is in its head with all its bytes.
const shortKey = 8

func headOf(key []byte) uint64 {
	if len(key) >= shortKey {
		return binary.BigEndian.Uint64(key)
	}
	var h uint64
	for i, c := range key {
		h |= uint64(c) << (56 - 8*i)
	}
	return h
}

// Adopt returns the pair whose key is buf[:keyLen] and whose value is the rest
// of buf. The pair refers to buf, which nobody may write to from then on. It
// panics when keyLen is negative or larger than len(buf).
func Adopt(buf []byte, keyLen int) Pair {
	key, value := buf[:keyLen], buf[keyLen:]
	return Pair{unsafe.SliceData(buf), uint32(len(key)), uint32(len(value)), headOf(key)}
}

// Join returns a pair of copies of key and value.
func Join(key, value []byte) Pair {
	buf := make([]byte, len(key)+len(value))
	copy(buf[copy(buf, key):], value)
	return Adopt(buf, len(key))
}

// Key returns the key. It must not be written to.
func (p Pair) Key() []byte { return unsafe.Slice(p.start, p.keyLen) }

// Value returns the value, which is nil only for the zero Pair. It must not be
// written to.
func (p Pair) Value() []byte {
	// Slicing, unlike pointer arithmetic, never points past the buffer's end.
	n := int(p.keyLen) + int(p.valLen)
	return unsafe.Slice(p.start, n)[p.keyLen:n:n]
}

func (p Pair) kv() backend.KV { return backend.KV{Key: p.Key(), Value: p.Value()} }

// keyOnly returns a pair of the same key with an empty value.
func (p Pair) keyOnly() Pair { return Pair{p.start, p.keyLen, 0, p.head} }

// deleted is the length of a value that isn't there.
const deleted = math.MaxUint32

// tombstone returns what hides the pair of p's key in the Base under a tree. It
// has no value and never leaves the package.
func (p Pair) tombstone() Pair { return Pair{p.start, p.keyLen, deleted, p.head} }

func (p Pair) isTombstone() bool { return p.valLen == deleted }

// size returns roughly how many bytes p takes in a tree.
func (p Pair) size() int {
	n := int(p.keyLen) + int(unsafe.Sizeof(p))
	if !p.isTombstone() {
		n += int(p.valLen)
	}
	return n
}

// rehead returns p as it is after its key's bytes have changed.
func (p Pair) rehead() Pair {
	p.head = headOf(p.Key())
	return p
}

// stamped returns the eight bytes that s names in p.
func (p Pair) stamped(s backend.Stamp) []byte {
	b := p.Value()
	if s.InKey {
		b = p.Key()
	}
	return b[s.Offset : s.Offset+backend.StampSize]
}

// pivot returns a pair to compare others with. No key is longer than MaxKey,
// so that what follows in a bound makes no difference.
func pivot(key []byte) Pair {
	key = key[:min(len(key), backend.MaxKey+1)]
	return Pair{start: unsafe.SliceData(key), keyLen: uint32(len(key)), head: headOf(key)}
}

func less(a, b Pair) bool {
	switch {
	case a.head != b.head:
		return a.head < b.head
	case a.keyLen <= shortKey && b.keyLen <= shortKey:
		return a.keyLen < b.keyLen // the longer one ends in zeros
	}
	return bytes.Compare(a.Key(), b.Key()) < 0
}
