package pagetree

import (
	"encoding/binary"
	"hash/crc32"
	"strconv"

	"github.com/larderdb/larder/backend"
)

// Version is the format of everything that is sealed.
const Version = 2

const (
	headerSize = 2 // kind and version
	sumSize    = 4
	idSize     = 8
	pageHeader = headerSize + idSize
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Seal appends the checksum of b to it. b begins with a byte that says what it
// is and with [Version].
func Seal(b []byte) []byte {
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// Unseal returns what stands in b between header and checksum, a part of b. The
// error, which doesn't say where b is from, is a [*backend.Error]:
// [backend.ErrCorrupt] or, when newer code wrote b, [backend.ErrSchemaNewer].
func Unseal(kind byte, b []byte) ([]byte, error) {
	end := len(b) - sumSize
	switch {
	case end < headerSize:
		return nil, corrupt("is shorter than a header")
	case binary.BigEndian.Uint32(b[end:]) != crc32.Checksum(b[:end], castagnoli):
		return nil, corrupt("checksum doesn't match")
	case b[1] > Version:
		return nil, &backend.Error{
			Class:  backend.ErrSchemaNewer,
			Reason: "written in format " + strconv.Itoa(int(b[1])) + ", this code reads up to " + strconv.Itoa(Version),
		}
	case b[1] != Version:
		return nil, corrupt("has no such format")
	case b[0] != kind:
		return nil, corrupt("is of another kind")
	}
	return b[headerSize:end:end], nil
}

func corrupt(reason string) *backend.Error {
	return &backend.Error{Class: backend.ErrCorrupt, Reason: reason}
}

// damaged returns an ErrCorrupt about the page id, which is or should be of
// kind.
func damaged(kind byte, id ID, table, reason string) *backend.Error {
	return &backend.Error{Class: backend.ErrCorrupt, Table: table, Reason: kindName(kind) + " " + strconv.FormatUint(uint64(id), 10) + " " + reason}
}

func kindName(kind byte) string {
	switch kind {
	case kindLeaf:
		return "leaf"
	case kindInner:
		return "inner node"
	case kindValue:
		return "value page"
	}
	return "page"
}
