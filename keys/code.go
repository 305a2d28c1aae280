package keys

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"strings"
	"unicode/utf8"
)

// Type codes: the first byte of an element. doc.go has the format.
const (
	codeNull    = 0x00
	codeBytes   = 0x01
	codeString  = 0x02
	codeList    = 0x05
	codeIntMin  = 0x0c // eight bytes, negative
	codeIntZero = 0x14
	codeIntMax  = 0x1c // eight bytes, positive
	codeFloat32 = 0x20
	codeFloat   = 0x21
	codeFalse   = 0x26
	codeTrue    = 0x27
	codeUUID    = 0x30

	// Larder's own, from the codes that the format leaves to its users.
	codeDesc = 0x40
	codeTime = 0x41
)

const (
	escape  = 0xff // follows a 0x00 that doesn't end what it stands in
	endDesc = 0xfe // ends what a descending element holds, before the inversion
)

// appendText appends s as bytes or a string, without the end.
func appendText(dst []byte, code byte, s string) []byte {
	dst = append(dst, code)
	for {
		i := strings.IndexByte(s, 0)
		if i < 0 {
			return append(dst, s...)
		}
		dst = append(dst, s[:i]...)
		dst = append(dst, 0, escape)
		s = s[i+1:]
	}
}

// textLen returns the length of the element of bytes or a string at the front
// of src, and how many zero bytes are escaped in it.
func textLen(src []byte) (n, escaped int, err error) {
	for n = 1; ; n++ {
		i := bytes.IndexByte(src[n:], 0)
		if i < 0 {
			return 0, 0, corrupt("string or bytes without an end")
		}
		n += i + 1
		if n == len(src) || src[n] != escape {
			return n, escaped, nil
		}
		escaped++
	}
}

// decodeText decodes the element of bytes or a string at the front of src.
func decodeText(src []byte, code byte) (string, []byte, error) {
	if err := wantCode(src, code); err != nil {
		return "", src, err
	}
	n, escaped, err := textLen(src)
	if err != nil {
		return "", src, err
	}
	raw := src[1 : n-1]
	if escaped == 0 {
		return string(raw), src[n:], nil
	}
	var b strings.Builder
	b.Grow(len(raw) - escaped)
	for len(raw) > 0 {
		i := bytes.IndexByte(raw, 0)
		if i < 0 {
			b.Write(raw)
			break
		}
		b.Write(raw[:i+1])
		raw = raw[i+2:] // textLen has seen the escape
	}
	return b.String(), src[n:], nil
}

func decodeString(src []byte) (string, []byte, error) {
	s, rest, err := decodeText(src, codeString)
	if err == nil && !utf8.ValidString(s) {
		return "", src, corrupt("string is not valid UTF-8")
	}
	return s, rest, err
}

// appendInt appends the integer of magnitude abs.
func appendInt(dst []byte, abs uint64, negative bool) []byte {
	n := (bits.Len64(abs) + 7) / 8
	code, v := codeIntZero+n, abs
	if negative {
		code, v = codeIntZero-n, ^abs
	}
	dst = append(dst, byte(code))
	for i := n - 1; i >= 0; i-- {
		dst = append(dst, byte(v>>(8*i)))
	}
	return dst
}

func appendInt64(dst []byte, v int64) []byte {
	if v < 0 {
		return appendInt(dst, -uint64(v), true)
	}
	return appendInt(dst, uint64(v), false)
}

// decodeInt decodes the integer at the front of src into its magnitude and
// sign. Of the encodings of a value it takes the shortest only, so that no two
// keys are equal.
func decodeInt(src []byte) (abs uint64, negative bool, rest []byte, err error) {
	if len(src) == 0 || src[0] < codeIntMin || src[0] > codeIntMax {
		return 0, false, src, wantCode(src, codeIntZero)
	}
	n := int(src[0]) - codeIntZero
	if negative = n < 0; negative {
		n = -n
	}
	if len(src) < 1+n {
		return 0, false, src, corrupt("integer is cut short")
	}
	for _, c := range src[1 : 1+n] {
		if negative {
			c = ^c
		}
		abs = abs<<8 | uint64(c)
	}
	if (bits.Len64(abs)+7)/8 != n {
		return 0, false, src, corrupt("integer is longer than it must be")
	}
	if negative && abs > 1<<63 {
		return 0, false, src, corrupt("integer is less than the least of 64 bits")
	}
	return abs, negative, src[1+n:], nil
}

func decodeInt64(src []byte) (int64, []byte, error) {
	abs, negative, rest, err := decodeInt(src)
	switch {
	case err != nil:
		return 0, src, err
	case negative:
		return int64(-abs), rest, nil
	case abs > math.MaxInt64:
		return 0, src, corrupt("integer is greater than the greatest of 64 bits with a sign")
	}
	return int64(abs), rest, nil
}

// appendFloat appends v, which is not NaN.
func appendFloat(dst []byte, v float64) []byte {
	u := math.Float64bits(v + 0) // −0 + 0 is 0
	if u>>63 == 1 {
		u = ^u
	} else {
		u |= 1 << 63
	}
	return binary.BigEndian.AppendUint64(append(dst, codeFloat), u)
}

func decodeFloat(src []byte) (float64, []byte, error) {
	if err := wantCode(src, codeFloat); err != nil {
		return 0, src, err
	}
	if len(src) < 9 {
		return 0, src, corrupt("float is cut short")
	}
	u := binary.BigEndian.Uint64(src[1:])
	if u>>63 == 1 {
		u &^= 1 << 63
	} else {
		u = ^u
	}
	v := math.Float64frombits(u)
	if math.IsNaN(v) || u == 1<<63 {
		return 0, src, corrupt("float is NaN or −0")
	}
	return v, src[9:], nil
}

// wantCode reports that src doesn't begin with an element of the kind that
// code begins.
func wantCode(src []byte, code byte) error {
	if len(src) == 0 {
		return corrupt("want " + codeName(code) + ", found the end")
	}
	if src[0] != code {
		return corrupt("want " + codeName(code) + ", found " + codeName(src[0]))
	}
	return nil
}

func codeName(code byte) string {
	switch {
	case code >= codeIntMin && code <= codeIntMax:
		return "an integer"
	case code == codeIntMin-1 || code == codeIntMax+1:
		return "an integer of more than 64 bits"
	}
	switch code {
	case codeNull:
		return "null"
	case codeBytes:
		return "bytes"
	case codeString:
		return "a string"
	case codeList:
		return "a nested tuple"
	case codeFloat32:
		return "a float of 32 bits"
	case codeFloat:
		return "a float"
	case codeFalse, codeTrue:
		return "a bool"
	case codeUUID:
		return "a UUID"
	case codeDesc:
		return "a descending element"
	case codeTime:
		return "a time"
	}
	return "an unknown type code"
}
