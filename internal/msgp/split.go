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
	s := splitter{data: data, text: text, b: value}
	e := s.value(MaxDepth)
	if e == nil && s.at < len(s.b) {
		e = corrupt("bytes follow the value")
	}
	if e != nil {
		return data, text, e
	}
	return append(s.data, s.b[s.copied:]...), s.text, nil
}

type splitter struct {
	data, text []byte
	b          []byte
	at         int // how far b was read
	copied     int // how far it was copied
}

func (s *splitter) value(depth int) *Error {
	// Numbers and text that isn't long are most of what there is.
	if left := len(s.b) - s.at; left > 0 {
		switch c := s.b[s.at]; {
		case c < 0x80:
			s.at++
			return nil
		case c&0xe0 == 0xa0 && int(c&0x1f) < left:
			return s.cut(1, int(c&0x1f))
		case c == 0xd9 && left > 1 && int(s.b[s.at+1]) < left-1:
			return s.cut(2, int(s.b[s.at+1]))
		case c >= 0xca && c <= 0xd3 && int(widths[c-0xc0]) < left: // float, uint, int
			s.at += 1 + int(widths[c-0xc0])
			return nil
		}
	}
	h, err := readHead(s.b[s.at:])
	if err != nil {
		return err
	}
	n := h.Size + h.Body
	switch h.Kind {
	case Text:
		return s.cut(h.Size, h.Body)
	case Array, Map:
		if depth == 0 {
			return tooDeep()
		}
	case Ext:
		if err := skipExt(h.Type, s.b[s.at+h.Size:s.at+n], depth); err != nil {
			return err
		}
	}
	s.at += n
	for i := range h.Count {
		var key []byte
		if h.Kind == Map {
			n, err := skip(s.b[s.at:], depth-1)
			if err != nil {
				return err.Within("?")
			}
			key = s.b[s.at : s.at+n]
			s.at += n
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

// cut moves the text that comes next, of a head of size bytes and a body of n,
// to text.
func (s *splitter) cut(size, n int) *Error {
	from := s.at + size
	body := s.b[from : from+n]
	units, ok := utf16Len(body)
	if !ok {
		return invalid("text is not valid UTF-8")
	}
	s.data = appendTextHead(append(s.data, s.b[s.copied:s.at]...), units)
	s.text = append(s.text, body...)
	s.at = from + n
	s.copied = s.at
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
	if i == len(b) {
		return i, true
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
