package msgp

import (
	"encoding/binary"
	"math"
)

// A Kind is what a value is, as JavaScript sees it.
type Kind uint8

// The kinds of values; see the package's description.
const (
	Nil Kind = iota
	Bool
	Number // a float, or an integer of at most 32 bits
	Int    // a BigInt with a sign
	Uint   // a BigInt without one
	Text
	Bytes
	Array
	Map // an object
	Ext
)

// Types of extensions.
const (
	ExtTime      = -1
	ExtUndefined = 1
	ExtMap       = 2
	ExtSet       = 3
)

// A Head is what the first bytes of a value say of it. Of the fields after
// Size, its kind has those that say so.
type Head struct {
	Kind   Kind
	Size   int     // how many bytes the head is
	Body   int     // Text, Bytes, Ext: how many bytes follow the head
	Count  int     // Array: how many values follow; Map: how many pairs
	Type   int8    // Ext
	Number float64 // Number
	Bits   uint64  // Bool: 0 or 1; Uint: the number; Int: the number in two's complement
}

// ReadHead reads the head of the value at the front of b. Its body lies in b,
// and b is long enough for Count values of one byte.
func ReadHead(b []byte) (Head, error) {
	h, err := readHead(b)
	return h, orNil(err)
}

func readHead(b []byte) (Head, *Error) {
	if len(b) == 0 {
		return Head{}, corrupt("a value is missing")
	}
	c := b[0]
	switch {
	case c < 0x80:
		return Head{Kind: Number, Size: 1, Number: float64(c)}, nil
	case c < 0x90:
		return counted(b, Map, 1, int(c&0x0f))
	case c < 0xa0:
		return counted(b, Array, 1, int(c&0x0f))
	case c < 0xc0:
		return sized(b, Text, 1, int(c&0x1f))
	case c >= 0xe0:
		return Head{Kind: Number, Size: 1, Number: float64(int8(c))}, nil
	}
	width := widths[c-0xc0]
	if len(b) < 1+int(width) {
		return Head{}, corrupt("a value is cut short")
	}
	u := bigEndian(b[1 : 1+width])
	h := Head{Size: 1 + int(width)}
	switch c {
	case 0xc0:
		h.Kind = Nil
	case 0xc2, 0xc3:
		h.Kind, h.Bits = Bool, uint64(c&1)
	case 0xc4, 0xc5, 0xc6:
		return sized(b, Bytes, h.Size, int(u))
	case 0xc7, 0xc8, 0xc9: // the type follows the length
		return extension(b, h.Size, int(u))
	case 0xca:
		h.Kind, h.Number = Number, float64(math.Float32frombits(uint32(u)))
	case 0xcb:
		h.Kind, h.Number = Number, math.Float64frombits(u)
	case 0xcc, 0xcd, 0xce:
		h.Kind, h.Number = Number, float64(u)
	case 0xcf:
		h.Kind, h.Bits = Uint, u
	case 0xd0:
		h.Kind, h.Number = Number, float64(int8(u))
	case 0xd1:
		h.Kind, h.Number = Number, float64(int16(u))
	case 0xd2:
		h.Kind, h.Number = Number, float64(int32(u))
	case 0xd3:
		h.Kind, h.Bits = Int, u
	case 0xd4, 0xd5, 0xd6, 0xd7, 0xd8:
		return extension(b, 1, 1<<(c-0xd4))
	case 0xd9, 0xda, 0xdb:
		return sized(b, Text, h.Size, int(u))
	case 0xdc, 0xdd:
		return counted(b, Array, h.Size, int(u))
	case 0xde, 0xdf:
		return counted(b, Map, h.Size, int(u))
	default:
		return Head{}, corrupt("a value begins with the byte c1, which has no meaning")
	}
	return h, nil
}

// widths holds how many bytes follow each first byte from 0xc0 to 0xdf, and
// hold a number or a length.
var widths = [32]uint8{
	0xc4 - 0xc0: 1, 2, 4, 1, 2, 4, 4, 8, // bin, ext, float
	0xcc - 0xc0: 1, 2, 4, 8, 1, 2, 4, 8, // uint, int
	0xd9 - 0xc0: 1, 2, 4, 2, 4, 2, 4, // str, array, map
}

func bigEndian(b []byte) uint64 {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.BigEndian.Uint16(b))
	case 4:
		return uint64(binary.BigEndian.Uint32(b))
	case 8:
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// sized returns the head of a value whose body has the declared length. The
// length is negative where int has 32 bits and it doesn't fit.
func sized(b []byte, kind Kind, size, length int) (Head, *Error) {
	if length < 0 || length > len(b)-size {
		return Head{}, corrupt("a length is greater than the bytes that are left")
	}
	return Head{Kind: kind, Size: size, Body: length}, nil
}

// counted returns the head of a value that holds the declared count of values,
// or of pairs, which are a byte each at least.
func counted(b []byte, kind Kind, size, count int) (Head, *Error) {
	least := 1
	if kind == Map {
		least = 2
	}
	if count < 0 || count > (len(b)-size)/least {
		return Head{}, corrupt("a count is greater than the bytes that are left")
	}
	return Head{Kind: kind, Size: size, Count: count}, nil
}

// extension returns the head of an extension whose type is at b[at].
func extension(b []byte, at, length int) (Head, *Error) {
	if len(b) <= at {
		return Head{}, corrupt("a value is cut short")
	}
	h, err := sized(b, Ext, at+1, length)
	h.Type = int8(b[at])
	return h, err
}
