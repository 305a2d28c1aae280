package keys

import (
	"encoding/hex"
	"math"
	"strconv"
	"unicode/utf8"
)

// Int is an integer with a sign.
type Int int64

// AppendKey appends the integer's encoding; it can't fail.
func (k Int) AppendKey(dst []byte) ([]byte, error) { return appendInt64(dst, int64(k)), nil }

// DecodeKey decodes an integer; one over 1<<63-1 is an error.
func (Int) DecodeKey(src []byte) (Int, []byte, error) {
	v, rest, err := decodeInt64(src)
	return Int(v), rest, err
}

// String returns the integer in decimal.
func (k Int) String() string { return strconv.FormatInt(int64(k), 10) }

// Uint is an integer without a sign. Where both fit, it has the encoding of
// the equal [Int].
type Uint uint64

// AppendKey appends the integer's encoding; it can't fail.
func (k Uint) AppendKey(dst []byte) ([]byte, error) { return appendInt(dst, uint64(k), false), nil }

// DecodeKey decodes an integer; a negative one is an error.
func (Uint) DecodeKey(src []byte) (Uint, []byte, error) {
	abs, negative, rest, err := decodeInt(src)
	if err == nil && negative {
		return 0, src, corrupt("integer is negative")
	}
	return Uint(abs), rest, err
}

// String returns the integer in decimal.
func (k Uint) String() string { return strconv.FormatUint(uint64(k), 10) }

// Float is a floating-point number. −0 is stored as 0; NaN, which has no place
// in an order, is refused.
type Float float64

// AppendKey appends the number's encoding; NaN is an error.
func (k Float) AppendKey(dst []byte) ([]byte, error) {
	if math.IsNaN(float64(k)) {
		return dst, invalid("NaN can't be a key")
	}
	return appendFloat(dst, float64(k)), nil
}

// DecodeKey decodes a number; one stored as an integer is an error.
func (Float) DecodeKey(src []byte) (Float, []byte, error) {
	v, rest, err := decodeFloat(src)
	return Float(v), rest, err
}

// String returns the shortest decimal form that gives the number back.
func (k Float) String() string { return strconv.FormatFloat(float64(k), 'g', -1, 64) }

// String is text, ordered by its UTF-8 bytes, which is the order of its code
// points.
type String string

// AppendKey appends the text's encoding; text that is not valid UTF-8 is an
// error.
func (k String) AppendKey(dst []byte) ([]byte, error) {
	if isPlain(string(k)) {
		return append(append(append(dst, codeString), k...), 0), nil
	}
	if !utf8.ValidString(string(k)) {
		return dst, invalid("string is not valid UTF-8")
	}
	return append(appendText(dst, codeString, string(k)), 0), nil
}

// isPlain reports whether s is short and needs neither a look at its UTF-8 nor an
// escape. For most keys that takes less than the calls that it spares.
func isPlain(s string) bool {
	if len(s) > 64 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c-1 >= utf8.RuneSelf-1 {
			return false
		}
	}
	return true
}

// DecodeKey decodes text.
func (String) DecodeKey(src []byte) (String, []byte, error) {
	s, rest, err := decodeString(src)
	return String(s), rest, err
}

// String returns the text itself.
func (k String) String() string { return string(k) }

// Bytes is any bytes, in a string so that it can be compared. A shorter key
// sorts before a longer one that begins with it.
type Bytes string

// AppendKey appends the encoding of the bytes; it can't fail.
func (k Bytes) AppendKey(dst []byte) ([]byte, error) {
	return append(appendText(dst, codeBytes, string(k)), 0), nil
}

// DecodeKey decodes bytes.
func (Bytes) DecodeKey(src []byte) (Bytes, []byte, error) {
	s, rest, err := decodeText(src, codeBytes)
	return Bytes(s), rest, err
}

// String returns the bytes in hexadecimal.
func (k Bytes) String() string { return hex.EncodeToString([]byte(k)) }

// Bool is a truth value; false sorts before true.
type Bool bool

// AppendKey appends the value's encoding; it can't fail.
func (k Bool) AppendKey(dst []byte) ([]byte, error) {
	if k {
		return append(dst, codeTrue), nil
	}
	return append(dst, codeFalse), nil
}

// DecodeKey decodes a truth value.
func (Bool) DecodeKey(src []byte) (Bool, []byte, error) {
	if len(src) > 0 && src[0] == codeTrue {
		return true, src[1:], nil
	}
	if err := wantCode(src, codeFalse); err != nil {
		return false, src, err
	}
	return false, src[1:], nil
}

// String returns "true" or "false".
func (k Bool) String() string { return strconv.FormatBool(bool(k)) }

// UUID is 16 bytes, ordered as bytes, so UUIDs of version 7 sort by their
// time. Any [16]byte can be converted to it, another package's UUID type too.
type UUID [16]byte

// AppendKey appends the UUID's encoding; it can't fail.
func (k UUID) AppendKey(dst []byte) ([]byte, error) {
	return append(append(dst, codeUUID), k[:]...), nil
}

// DecodeKey decodes a UUID.
func (UUID) DecodeKey(src []byte) (UUID, []byte, error) {
	if err := wantCode(src, codeUUID); err != nil {
		return UUID{}, src, err
	}
	if len(src) < 17 {
		return UUID{}, src, corrupt("UUID is cut short")
	}
	return UUID(src[1:17]), src[17:], nil
}

// String returns the UUID's usual text: hexadecimal in groups of 8-4-4-4-12.
func (k UUID) String() string {
	b := make([]byte, 0, 36)
	for i := range k {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, k[i:i+1])
	}
	return string(b)
}
