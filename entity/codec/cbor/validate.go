package cbor

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/larderdb/larder/backend"
)

// maxDepth is how deep arrays, maps and tags may lie in one another.
const maxDepth = 64

// Major types of CBOR, the upper three bits of a value's first byte.
const (
	majorUint = iota
	majorNegative
	majorBytes
	majorText
	majorArray
	majorMap
	majorTag
	majorSimple
)

// validate returns nil when b is exactly one value whose lengths are all said
// before what they are of, and within b. It sees also what the library passes
// over unread, and what it writes unchecked: text that isn't UTF-8.
func validate(b []byte) error {
	rest, err := skip(b, maxDepth)
	if err == nil && len(rest) > 0 {
		err = corrupt("bytes follow the value")
	}
	return err
}

// skip returns what follows the value at the front of b, which has at most
// depth more values in one another.
func skip(b []byte, depth int) ([]byte, error) {
	major, n, b, err := head(b)
	if err != nil {
		return nil, err
	}
	left := uint64(len(b))
	switch major {
	case majorBytes, majorText:
		if n > left {
			return nil, corrupt("a value is cut short")
		}
		if major == majorText && !utf8.Valid(b[:n]) {
			return nil, invalid("text is not valid UTF-8")
		}
		return b[n:], nil
	case majorArray, majorMap, majorTag:
		if depth == 0 {
			return nil, invalid("values lie more than 64 deep in one another")
		}
		switch {
		case major == majorTag:
			n = 1
		case n > left:
			return nil, corrupt("a value is cut short")
		case major == majorMap:
			n *= 2
		}
		for ; n > 0; n-- {
			if b, err = skip(b, depth-1); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}

// head returns the major type and the number in the first bytes of b, and what
// follows them.
func head(b []byte) (major byte, n uint64, rest []byte, err error) {
	if len(b) == 0 {
		return 0, 0, nil, corrupt("a value is missing")
	}
	major, n, b = b[0]>>5, uint64(b[0]&0x1f), b[1:]
	if n < 24 {
		return major, n, b, nil
	}
	if n > 27 {
		return 0, 0, nil, corrupt("a value's length is not said before it")
	}
	width := 1 << (n - 24)
	if len(b) < width {
		return 0, 0, nil, corrupt("a value is cut short")
	}
	switch width {
	case 1:
		n = uint64(b[0])
	case 2:
		n = uint64(binary.BigEndian.Uint16(b))
	case 4:
		n = uint64(binary.BigEndian.Uint32(b))
	case 8:
		n = binary.BigEndian.Uint64(b)
	}
	return major, n, b[width:], nil
}

func corrupt(reason string) error { return &backend.Error{Class: backend.ErrCorrupt, Reason: reason} }
func invalid(reason string) error { return &backend.Error{Class: backend.ErrInvalid, Reason: reason} }
