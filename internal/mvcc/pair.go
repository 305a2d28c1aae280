package mvcc

import (
	"bytes"
	"math"
	"unsafe"

	"github.com/larderdb/larder/backend"
)

// A Pair is a key and its value, one after the other in one buffer. It is 16
// bytes with one pointer in them, where two slices are 48 with two: a B-tree
// copies a third of the bytes when a transaction first touches a node, and the
// garbage collector has half the pointers to follow. That is what unsafe is
// for, here and nowhere else.
//
// A Pair keeps its whole buffer alive.
type Pair struct {
	start  *byte // of the key; the value follows
	keyLen uint32
	valLen uint32
}

// Adopt returns the pair whose key is buf[:keyLen] and whose value is the rest
// of buf. The pair refers to buf, which nobody may write to from then on. It
// panics when keyLen is negative or larger than len(buf).
func Adopt(buf []byte, keyLen int) Pair {
	key, value := buf[:keyLen], buf[keyLen:]
	return Pair{unsafe.SliceData(buf), uint32(len(key)), uint32(len(value))}
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
func (p Pair) keyOnly() Pair { return Pair{p.start, p.keyLen, 0} }

// deleted is the length of a value that isn't there.
const deleted = math.MaxUint32

// tombstone returns what hides the pair of p's key in the Base under a tree. It
// has no value and never leaves the package.
func (p Pair) tombstone() Pair { return Pair{p.start, p.keyLen, deleted} }

func (p Pair) isTombstone() bool { return p.valLen == deleted }

// size returns roughly how many bytes p takes in a tree.
func (p Pair) size() int {
	n := int(p.keyLen) + int(unsafe.Sizeof(p))
	if !p.isTombstone() {
		n += int(p.valLen)
	}
	return n
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
	return Pair{start: unsafe.SliceData(key), keyLen: uint32(len(key))}
}

func less(a, b Pair) bool { return bytes.Compare(a.Key(), b.Key()) < 0 }
