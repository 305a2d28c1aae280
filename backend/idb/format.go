package idb

import (
	"encoding/binary"
	"hash/crc32"
	"strconv"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
)

// What IndexedDB holds are byte strings of four kinds. Each begins with its
// kind and the version of its format and ends with a CRC-32C of all bytes
// before it, in this and every later version, so that a newer format can be
// told from damage.
const (
	kindRoot   = 'R'
	kindRecord = 'L'
	kindPage   = 'P'
	kindValue  = 'V'

	formatVersion = 1

	headerSize = 2
	sumSize    = 4
)

// An id is 16 random bytes: a database's or a context's.
type id [16]byte

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// seal appends the checksum of b to it.
func seal(b []byte) []byte {
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// unseal returns what stands in b between header and checksum. The error is
// [backend.ErrCorrupt] or, when newer code wrote b, [backend.ErrSchemaNewer].
func unseal(kind byte, b []byte) ([]byte, error) {
	end := len(b) - sumSize
	switch {
	case end < headerSize:
		return nil, corrupt("is shorter than a header")
	case b[0] != kind:
		return nil, corrupt("is of another kind")
	case binary.BigEndian.Uint32(b[end:]) != crc32.Checksum(b[:end], castagnoli):
		return nil, corrupt("checksum doesn't match")
	case b[1] > formatVersion:
		return nil, &backend.Error{
			Class:  backend.ErrSchemaNewer,
			Reason: "written in format " + strconv.Itoa(int(b[1])) + ", this code reads up to " + strconv.Itoa(formatVersion),
		}
	case b[1] != formatVersion:
		return nil, corrupt("has no such format")
	}
	return b[headerSize:end], nil
}

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

func (r *reader) uint32() uint32 {
	if b := r.bytes(4); b != nil {
		return binary.BigEndian.Uint32(b)
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
