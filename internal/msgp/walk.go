package msgp

import (
	"encoding/binary"
	"iter"
	"time"
	"unicode/utf8"
)

// MaxDepth is how deep values may lie in one another.
const MaxDepth = 64

// Validate returns nil when b is exactly one value, valid in all its parts.
// Text that isn't UTF-8 and values too deep in one another are
// [backend.ErrInvalid], all else is [backend.ErrCorrupt].
func Validate(b []byte) error {
	n, err := skip(b, MaxDepth)
	if err == nil && n != len(b) {
		err = corrupt("bytes follow the value")
	}
	return orNil(err)
}

// Skip returns the length of the value at the front of b, valid in all its
// parts. Errors are those of [Validate].
func Skip(b []byte) (int, error) {
	n, err := skip(b, MaxDepth)
	return n, orNil(err)
}

// skip is Skip with at most depth more values in one another.
func skip(b []byte, depth int) (int, *Error) {
	// Short text, numbers and truth values are most of what there is.
	if len(b) > 0 {
		switch c := b[0]; {
		case c < 0x80 || c == 0xc2 || c == 0xc3:
			return 1, nil
		case c&0xe0 == 0xa0 && int(c&0x1f) < len(b):
			return skipText(b, 1, 1+int(c&0x1f))
		case c == 0xd9 && len(b) > 1 && 1+int(b[1]) < len(b):
			return skipText(b, 2, 2+int(b[1]))
		case c == 0xcb && len(b) > 8:
			return 9, nil
		}
	}
	h, err := readHead(b)
	if err != nil {
		return 0, err
	}
	n := h.Size + h.Body
	switch h.Kind {
	case Text:
		if !utf8.Valid(b[h.Size:n]) {
			return 0, invalid("text is not valid UTF-8")
		}
		return n, nil
	case Array, Map:
		if depth == 0 {
			return 0, tooDeep()
		}
	case Ext:
		return n, skipExt(h.Type, b[h.Size:n], depth)
	}
	for i := range h.Count {
		var key []byte
		if h.Kind == Map {
			m, err := skip(b[n:], depth-1)
			if err != nil {
				return 0, err.Within("?")
			}
			key = b[n : n+m]
			n += m
		}
		m, err := skip(b[n:], depth-1)
		if err != nil {
			if h.Kind == Map {
				return 0, err.Within(nameOf(key))
			}
			return 0, err.at(i)
		}
		n += m
	}
	return n, nil
}

// skipText validates the text b[from:to], and returns to.
func skipText(b []byte, from, to int) (int, *Error) {
	var all byte // all bits that are set somewhere in it
	for _, c := range b[from:to] {
		all |= c
	}
	if all >= utf8.RuneSelf && !utf8.Valid(b[from:to]) {
		return 0, invalid("text is not valid UTF-8")
	}
	return to, nil
}

// skipExt validates the payload of an extension.
func skipExt(t int8, b []byte, depth int) *Error {
	perItem := 1
	switch t {
	case ExtTime:
		_, err := readTime(b)
		return err
	case ExtUndefined:
		if len(b) != 1 || b[0] != 0 {
			return corrupt("undefined has another payload than one byte of 00")
		}
		return nil
	case ExtMap:
		perItem = 2
	case ExtSet:
	default:
		return nil
	}
	if depth == 0 {
		return tooDeep()
	}
	i := 0
	for ; len(b) > 0; i++ {
		n, err := skip(b, depth-1)
		if err != nil {
			return err.at(i / perItem)
		}
		b = b[n:]
	}
	if i%perItem != 0 {
		return corrupt("a Map ends with a key")
	}
	return nil
}

func tooDeep() *Error { return invalid("values lie more than 64 deep in one another") }

// nameOf returns the step of a path that a map's key is.
func nameOf(key []byte) string {
	if h, err := readHead(key); err == nil && h.Kind == Text {
		return string(key[h.Size:])
	}
	return "?"
}

// IsUndefined reports whether value, which is valid, is undefined.
func IsUndefined(value []byte) bool {
	if c := value[0]; c < 0xc7 || c > 0xd8 {
		return false
	}
	h, _ := readHead(value)
	return h.Kind == Ext && h.Type == ExtUndefined
}

// Elements returns an iterator over the values of the array b. It yields an
// error, with no value, when b isn't an array, and where a value isn't valid,
// and ends.
func Elements(b []byte) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		h, err := readHead(b)
		if err == nil && h.Kind != Array {
			err = invalid("the value is not an array")
		}
		if err != nil {
			yield(nil, err)
			return
		}
		rest := b[h.Size:]
		for i := range h.Count {
			n, err := skip(rest, MaxDepth-1)
			if err != nil {
				yield(nil, err.at(i))
				return
			}
			if !yield(rest[:n:n], nil) {
				return
			}
			rest = rest[n:]
		}
	}
}

// Find returns the value in b that path leads to: of the map b the value whose
// key is path[0], of that map the one whose key is path[1], and so on. An empty
// path leads to b itself. It is not found where a value on the way isn't a map
// or hasn't the key, and when it is undefined. Of equal keys it finds the first.
//
// The error is that of a value that is not valid and was come upon.
func Find(b []byte, path ...string) (value []byte, found bool, err error) {
	value, e := find(b, path, MaxDepth)
	return value, value != nil, orNil(e)
}

// find returns nil for what isn't found.
func find(b []byte, path []string, depth int) ([]byte, *Error) {
	if len(path) == 0 {
		n, err := skip(b, depth)
		if err != nil {
			return nil, err
		}
		if IsUndefined(b) {
			return nil, nil
		}
		return b[:n:n], nil
	}
	b, err := member(b, path[0], depth)
	if b == nil {
		return nil, err
	}
	value, err := find(b, path[1:], depth-1)
	if err != nil {
		return nil, err.Within(path[0])
	}
	return value, nil
}

// member returns b from the value on whose key in the map at the front of b is
// name, or nil.
func member(b []byte, name string, depth int) ([]byte, *Error) {
	h, err := readHead(b)
	if err != nil || h.Kind != Map {
		return nil, err
	}
	if depth == 0 {
		return nil, tooDeep()
	}
	b = b[h.Size:]
	for range h.Count {
		n, err := skip(b, depth-1)
		if err != nil {
			return nil, err.Within("?")
		}
		key := b[:n]
		b = b[n:]
		if k, err := readHead(key); err == nil && k.Kind == Text && string(key[k.Size:]) == name {
			return b, nil
		}
		if n, err = skip(b, depth-1); err != nil {
			return nil, err.Within(nameOf(key))
		}
		b = b[n:]
	}
	return nil, nil
}

// readTime returns the instant in the payload of an extension of type
// [ExtTime].
func readTime(b []byte) (time.Time, *Error) {
	var sec int64
	var nsec uint64
	switch len(b) {
	case 4:
		sec = int64(binary.BigEndian.Uint32(b))
	case 8:
		u := binary.BigEndian.Uint64(b)
		sec, nsec = int64(u&(1<<34-1)), u>>34
	case 12:
		nsec, sec = uint64(binary.BigEndian.Uint32(b)), int64(binary.BigEndian.Uint64(b[4:]))
	default:
		return time.Time{}, corrupt("a time is not 4, 8 or 12 bytes long")
	}
	if nsec > 999_999_999 {
		return time.Time{}, corrupt("a time has more than 999,999,999 nanoseconds")
	}
	return time.Unix(sec, int64(nsec)), nil
}
