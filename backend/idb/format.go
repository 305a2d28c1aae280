package idb

import (
	"encoding/binary"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
)

// What IndexedDB holds are byte strings, sealed as package pagetree does it:
// each begins with its kind and the version of its format and ends with a
// checksum. Pages of tables are of package pagetree's own kinds.
const (
	kindRoot    = 'R'
	kindJanitor = 'J'
	kindRecord  = 'L'
	kindHead    = 'H'
	kindGarbage = 'G'

	headerSize = 2
	sumSize    = 4
)

// An id is 16 random bytes: a database's or a context's.
type id [16]byte

// corrupt returns an ErrCorrupt whose place the caller adds.
func corrupt(reason string) *backend.Error {
	return &backend.Error{Class: backend.ErrCorrupt, Reason: reason}
}

var errShort = corrupt("ends too early")

// A reader takes fields from the front of b. When b ends too early the fields
// read as zero and short is set, to be looked at once, after the last field.
type reader struct {
	b     []byte
	short bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) byte() byte {
	if b := r.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) uint64() uint64 {
	if b := r.bytes(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (r *reader) id() (v id) {
	copy(v[:], r.bytes(uint64(len(v))))
	return v
}

// numbers reads a count and as many numbers of 8 bytes.
func (r *reader) numbers() []uint64 {
	n := r.uvarint()
	if n > uint64(len(r.b)/8) {
		r.fail()
		return nil
	}
	numbers := make([]uint64, n)
	for i := range numbers {
		numbers[i] = r.uint64()
	}
	return numbers
}

// bytes returns the next n bytes of b itself, nil when there are fewer.
func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.fail()
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

// pair returns the next bytes as a pair that refers to them.
func (r *reader) pair(key, value uint64) (p mvcc.Pair) {
	// Each is bounded by what is left, so that their sum can't overflow.
	left := uint64(len(r.b))
	if key > left || value > left {
		r.fail()
	} else if b := r.bytes(key + value); b != nil {
		p = mvcc.Adopt(b, int(key))
	}
	return p
}

func (r *reader) fail() { r.b, r.short = nil, true }

// table reads a table's name; the error says why it is none.
func (r *reader) table() (string, error) {
	name := string(r.bytes(r.uvarint()))
	if r.short {
		return "", errShort
	}
	if err := backend.CheckTable(name); err != nil {
		return "", corrupt("holds an impossible table name")
	}
	return name, nil
}

func appendTable(b []byte, name string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(name))), name...)
}

func appendNumbers(b []byte, numbers []uint64) []byte {
	b = binary.AppendUvarint(b, uint64(len(numbers)))
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return b
}
