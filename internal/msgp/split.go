package msgp

import (
	"encoding/binary"
	"unicode/utf8"
)

// AppendSplit copies the one value that value is so that JavaScript can decode
// all text of many values at once. Each string in it that is not a map's key,
// and not in an extension, is reduced in data to its head, whose length is that
// of the string in UTF-16, and its bytes are appended to text. The rest is
// appended to data as it is. An error is that of [Validate]; then both are
// returned as they were.
func AppendSplit(data, text, value []byte) (newData, newText []byte, err error) {
	s := splitter{data, text, value}
	e := s.value(MaxDepth)
	if e == nil && len(s.rest) > 0 {
		e = corrupt("bytes follow the value")
	}
	if e != nil {
		return data, text, e
	}
	return s.data, s.text, nil
}

type splitter struct {
	data, text []byte
	rest       []byte
}

// copy moves n bytes from rest to data.
func (s *splitter) copy(n int) {
	s.data = append(s.data, s.rest[:n]...)
	s.rest = s.rest[n:]
}

func (s *splitter) value(depth int) *Error {
	h, err := readHead(s.rest)
	if err != nil {
		return err
	}
	n := h.Size + h.Body
	switch h.Kind {
	case Text:
		units, ok := utf16Len(s.rest[h.Size:n])
		if !ok {
			return invalid("text is not valid UTF-8")
		}
		s.data = appendTextHead(s.data, units)
		s.text = append(s.text, s.rest[h.Size:n]...)
		s.rest = s.rest[n:]
		return nil
	case Array, Map:
		if depth == 0 {
			return tooDeep()
		}
	case Ext:
		if err := skipExt(h.Type, s.rest[h.Size:n], depth); err != nil {
			return err
		}
	}
	s.copy(n)
	for i := range h.Count {
		var key []byte
		if h.Kind == Map {
			n, err := skip(s.rest, depth-1)
			if err != nil {
				return err.Within("?")
			}
			key = s.rest[:n]
			s.copy(n)
		}
		if err := s.value(depth - 1); err != nil {
			if h.Kind == Map {
				return err.Within(nameOf(key))
			}
			return err.at(i)
		}
	}
	return nil
}

// appendTextHead appends the head of a string of n units, which is less than
// 1<<32 since its bytes had a head too.
func appendTextHead(dst []byte, n int) []byte {
	switch {
	case n < 32:
		return append(dst, 0xa0|byte(n))
	case n < 1<<8:
		return append(dst, 0xd9, byte(n))
	case n < 1<<16:
		return append(dst, 0xda, byte(n>>8), byte(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, 0xdb), uint32(n))
}

// utf16Len returns how many UTF-16 units the text b is, and whether it is
// valid UTF-8.
func utf16Len(b []byte) (int, bool) {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		if binary.LittleEndian.Uint64(b[i:])&0x8080808080808080 != 0 {
			break
		}
	}
	for i < len(b) && b[i] < utf8.RuneSelf {
		i++
	}
	units := i
	if b = b[i:]; !utf8.Valid(b) {
		return 0, false
	}
	for _, c := range b {
		if c&0xc0 != 0x80 { // the first byte of a character
			units++
		}
		if c >= 0xf0 { // one beyond U+FFFF, which is a pair
			units++
		}
	}
	return units, true
}
