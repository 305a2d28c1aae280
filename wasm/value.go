package wasm

import (
	"encoding/binary"
	"errors"
	"math"
	"time"
)

// kind is what a value is, as JavaScript sees it.
type kind uint8

const (
	isNil kind = iota
	isBool
	isFloat // a number: a float, or an integer of up to 32 bits
	isInt   // a BigInt
	isUint  // a BigInt
	isText
	isBytes
	isArray
	isObject
	isExt
)

// Extension types of values.
const (
	extTimestamp = -1
	extUndefined = 1
	extMap       = 2
	extSet       = 3
)

// maxDepth is how deep arrays and objects may lie in each other.
const maxDepth = 64

// A header is the beginning of one value.
type header struct {
	kind   kind
	ext    int8
	size   int     // of the header
	length int     // of the body of text, bytes or an extension
	count  int     // of an array's elements or an object's members
	number uint64  // of a bool or a BigInt
	float  float64 // of a number
}

var errMalformed = errors.New("the bytes are not msgpack")

// head reads the header of the value at the front of b, whose body lies
// within b.
func head(b []byte) (h header, err error) {
	if len(b) == 0 {
		return h, errMalformed
	}
	var wide uint64 // what the bytes after the first are, big-endian
	bytesAfter := func(n int) bool {
		if len(b) < 1+n {
			return false
		}
		var buf [8]byte
		copy(buf[8-n:], b[1:1+n])
		wide = binary.BigEndian.Uint64(buf[:])
		h.size = 1 + n
		return true
	}
	h.size = 1
	ok := true
	switch c := b[0]; {
	case c < 0x80:
		h.kind, h.float = isFloat, float64(c)
	case c < 0x90:
		h.kind, h.count = isObject, int(c&0x0f)
	case c < 0xa0:
		h.kind, h.count = isArray, int(c&0x0f)
	case c < 0xc0:
		h.kind, h.length = isText, int(c&0x1f)
	case c >= 0xe0:
		h.kind, h.float = isFloat, float64(int8(c))
	case c == 0xc0:
		h.kind = isNil
	case c == 0xc2 || c == 0xc3:
		h.kind, h.number = isBool, uint64(c&1)
	case c >= 0xc4 && c <= 0xc6:
		ok = bytesAfter(1 << (c - 0xc4))
		h.kind, h.length = isBytes, int(wide)
	case c >= 0xc7 && c <= 0xc9:
		ok = bytesAfter(1<<(c-0xc7) + 1)
		h.kind, h.ext, h.length = isExt, int8(wide), int(wide>>8)
	case c == 0xca:
		ok = bytesAfter(4)
		h.kind, h.float = isFloat, float64(math.Float32frombits(uint32(wide)))
	case c == 0xcb:
		ok = bytesAfter(8)
		h.kind, h.float = isFloat, math.Float64frombits(wide)
	case c >= 0xcc && c <= 0xce:
		ok = bytesAfter(1 << (c - 0xcc))
		h.kind, h.float = isFloat, float64(wide)
	case c == 0xcf:
		ok = bytesAfter(8)
		h.kind, h.number = isUint, wide
	case c >= 0xd0 && c <= 0xd2:
		n := 1 << (c - 0xd0)
		ok = bytesAfter(n)
		h.kind, h.float = isFloat, float64(int64(wide<<(64-8*n))>>(64-8*n))
	case c == 0xd3:
		ok = bytesAfter(8)
		h.kind, h.number = isInt, wide
	case c >= 0xd4 && c <= 0xd8:
		ok = bytesAfter(1)
		h.kind, h.ext, h.length = isExt, int8(wide), 1<<(c-0xd4)
	case c >= 0xd9 && c <= 0xdb:
		ok = bytesAfter(1 << (c - 0xd9))
		h.kind, h.length = isText, int(wide)
	case c == 0xdc || c == 0xdd:
		ok = bytesAfter(2 << (c - 0xdc))
		h.kind, h.count = isArray, int(wide)
	case c == 0xde || c == 0xdf:
		ok = bytesAfter(2 << (c - 0xde))
		h.kind, h.count = isObject, int(wide)
	default:
		ok = false
	}
	left := len(b) - h.size
	if !ok || h.length > left || h.count > left {
		return h, errMalformed
	}
	return h, nil
}

// skip returns the length of the value at the front of b, all of which it has
// walked.
func skip(b []byte) (int, error) { return skipDepth(b, maxDepth) }

func skipDepth(b []byte, depth int) (int, error) {
	h, err := head(b)
	if err != nil {
		return 0, err
	}
	n := h.size + h.length
	items := h.count
	if h.kind == isObject {
		items *= 2
	}
	if items > 0 && depth == 0 {
		return 0, errMalformed
	}
	for range items {
		m, err := skipDepth(b[n:], depth-1)
		if err != nil {
			return 0, err
		}
		n += m
	}
	return n, nil
}

// array returns the values in an array.
func array(b []byte) ([][]byte, error) {
	h, err := head(b)
	if err != nil || h.kind != isArray {
		return nil, errMalformed
	}
	list := make([][]byte, h.count)
	b = b[h.size:]
	for i := range list {
		n, err := skip(b)
		if err != nil {
			return nil, err
		}
		list[i], b = b[:n:n], b[n:]
	}
	return list, nil
}

// textOf returns the text that the value is.
func textOf(b []byte) (string, bool) {
	h, err := head(b)
	if err != nil || h.kind != isText {
		return "", false
	}
	return string(b[h.size : h.size+h.length]), true
}

// lookup returns the value at path in an object. Neither a missing value nor
// undefined is found.
func lookup(b []byte, p path) ([]byte, bool) {
	for _, name := range p {
		var found bool
		if b, found = member(b, name); !found {
			return nil, false
		}
	}
	h, err := head(b)
	return b, err == nil && !(h.kind == isExt && h.ext == extUndefined)
}

func member(b []byte, name string) ([]byte, bool) {
	h, err := head(b)
	if err != nil || h.kind != isObject {
		return nil, false
	}
	b = b[h.size:]
	for range h.count {
		k, err := head(b)
		if err != nil {
			return nil, false
		}
		match := k.kind == isText && string(b[k.size:k.size+k.length]) == name
		b = b[k.size+k.length:]
		n, err := skip(b)
		if err != nil {
			return nil, false
		}
		if match {
			return b[:n:n], true
		}
		b = b[n:]
	}
	return nil, false
}

// timeOf returns the instant that the value is, whose header is h.
func timeOf(h header, b []byte) (time.Time, bool) {
	if h.ext != extTimestamp {
		return time.Time{}, false
	}
	body := b[h.size : h.size+h.length]
	switch h.length {
	case 4:
		return time.Unix(int64(binary.BigEndian.Uint32(body)), 0), true
	case 8:
		v := binary.BigEndian.Uint64(body)
		return time.Unix(int64(v&(1<<34-1)), int64(v>>34)), true
	case 12:
		return time.Unix(int64(binary.BigEndian.Uint64(body[4:])), int64(binary.BigEndian.Uint32(body))), true
	}
	return time.Time{}, false
}

// addRow adds a row, with its text in the text run.
func (a *answer) addRow(b []byte) error {
	for i := 0; i < len(b); {
		n, err := a.split(b[i:], maxDepth)
		if err != nil {
			return err
		}
		i += n
	}
	return nil
}

// split adds the value at the front of b and returns its length.
func (a *answer) split(b []byte, depth int) (int, error) {
	h, err := head(b)
	if err != nil {
		return 0, err
	}
	n := h.size + h.length
	switch {
	case h.kind == isText:
		body := b[h.size:n]
		a.text = append(a.text, body...)
		units := utf16Length(body)
		switch {
		case units < 32:
			a.data = append(a.data, 0xa0|byte(units))
		case units < 1<<8:
			a.data = append(a.data, 0xd9, byte(units))
		case units < 1<<16:
			a.data = append(a.data, 0xda, byte(units>>8), byte(units))
		default:
			a.data = append(a.data, 0xdb, byte(units>>24), byte(units>>16), byte(units>>8), byte(units))
		}
		return n, nil
	case h.count == 0:
		a.data = append(a.data, b[:n]...)
		return n, nil
	case depth == 0:
		return 0, errMalformed
	}
	a.data = append(a.data, b[:n]...)
	for range h.count {
		if h.kind == isObject {
			k, err := head(b[n:])
			if err != nil {
				return 0, err
			}
			a.data = append(a.data, b[n:n+k.size+k.length]...)
			n += k.size + k.length
		}
		m, err := a.split(b[n:], depth-1)
		if err != nil {
			return 0, err
		}
		n += m
	}
	return n, nil
}

// utf16Length returns how many UTF-16 units valid UTF-8 takes.
func utf16Length(b []byte) int {
	n := 0
	for _, c := range b {
		if c&0xc0 != 0x80 {
			n++
		}
		if c >= 0xf0 {
			n++
		}
	}
	return n
}
