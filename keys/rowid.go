package keys

import (
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"github.com/larderdb/larder/backend"
)

// A RowID names a row of a table. It is bytes of any kind, ordered as bytes:
// at least one, and so many that a RowID is at most 256 bytes as a key, which
// are 254 less one for each zero byte among them.
//
// Its text is the bytes themselves where they are UTF-8 without control
// characters that doesn't begin with "0x", and "0x" with hexadecimal digits
// otherwise, so that no two ids have the same text.
type RowID struct{ b string }

// NewRowID returns the id that consists of b, which it copies. No bytes are
// [backend.ErrInvalid], too many are [backend.ErrTooLarge].
func NewRowID(b []byte) (RowID, error) { return RowIDFromString(string(b)) }

// RowIDFromString returns the id that consists of the bytes of s, as
// [NewRowID] does of b.
func RowIDFromString(s string) (RowID, error) {
	if s == "" {
		return RowID{}, &backend.Error{Class: backend.ErrInvalid, Reason: "row id is empty"}
	}
	if 2+len(s)+strings.Count(s, "\x00") > MaxPrimaryKey {
		return RowID{}, tooLarge("row id")
	}
	return RowID{s}, nil
}

// ParseRowID returns the id whose text is s: what [RowID.String] returned for
// it. "0x" with anything but pairs of hexadecimal digits after it is
// [backend.ErrInvalid].
func ParseRowID(s string) (RowID, error) {
	digits, isHex := strings.CutPrefix(s, "0x")
	if !isHex {
		return RowIDFromString(s)
	}
	b, err := hex.DecodeString(digits)
	if err != nil {
		return RowID{}, &backend.Error{Class: backend.ErrInvalid, Reason: "row id begins with 0x and is not hexadecimal"}
	}
	return NewRowID(b)
}

// Bytes returns a copy of the bytes that the id consists of.
func (id RowID) Bytes() []byte { return []byte(id.b) }

// IsZero reports whether the id is the zero one, which is no id.
func (id RowID) IsZero() bool { return id.b == "" }

// AppendKey appends the encoding of the id, which is that of bytes. The zero
// id is an error.
func (id RowID) AppendKey(dst []byte) ([]byte, error) {
	if id.b == "" {
		return dst, invalid("the zero id can't be a key")
	}
	return append(appendText(dst, codeBytes, id.b), 0), nil
}

// DecodeKey decodes a row id.
func (RowID) DecodeKey(src []byte) (RowID, []byte, error) {
	s, rest, err := decodeText(src, codeBytes)
	if err != nil {
		return RowID{}, src, err
	}
	id, err := RowIDFromString(s)
	if err != nil {
		return RowID{}, src, corrupt("stored id is not one: " + err.Error())
	}
	return id, rest, nil
}

// String returns the id's text.
func (id RowID) String() string {
	if !utf8.ValidString(id.b) || strings.HasPrefix(id.b, "0x") || strings.ContainsFunc(id.b, isControl) {
		return "0x" + hex.EncodeToString([]byte(id.b))
	}
	return id.b
}

// MarshalText returns the id's text; the zero id's is empty.
func (id RowID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads the id's text as [ParseRowID] does; the empty text is
// the zero id.
func (id *RowID) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*id = RowID{}
		return nil
	}
	*id, err = ParseRowID(string(b))
	return err
}

func tooLarge(what string) error {
	return &backend.Error{Class: backend.ErrTooLarge, Reason: what + " is longer than 256 bytes as a key"}
}
