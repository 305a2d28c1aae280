package wasm

import (
	"strconv"

	"github.com/larderdb/larder/keys"
)

// A key is one tuple element of any kind, encoded; as [keys.Element], but made
// of msgpack without an allocation for each of its parts. A bound of a range in
// a compound index is the beginning of such an element.
type key struct{ encoded string }

// AppendKey appends the encoding; the zero key is an error.
func (k key) AppendKey(dst []byte) ([]byte, error) {
	if k.encoded == "" {
		return dst, &ValueError{Reason: "it can't be a key"}
	}
	return append(dst, k.encoded...), nil
}

// DecodeKey decodes one element of any kind.
func (key) DecodeKey(src []byte) (key, []byte, error) {
	_, rest, err := keys.Element{}.DecodeKey(src)
	return key{string(src[:len(src)-len(rest)])}, rest, err
}

// A list's encoding: its code, its elements, its end. An element that is null
// is escaped, so that it isn't taken for the end. The format is in the
// description of package keys; a test compares this with [keys.List].
const (
	listCode   = 0x05
	listEnd    = 0x00
	nullCode   = 0x00
	nullEscape = 0xff
)

// keyOf returns the value as a key. at is where it stands, for errors.
func keyOf(value []byte, at string) (key, error) {
	var room [64]byte
	b, err := appendKeyOf(room[:0], value, at)
	return key{string(b)}, err
}

// keysOf returns each element of an array as a key.
func keysOf(value []byte, at string) ([]key, error) {
	elements, err := array(value)
	if err != nil {
		return nil, &ValueError{Path: at, Reason: "a multi-valued index needs an array"}
	}
	list := make([]key, len(elements))
	for i, e := range elements {
		if list[i], err = keyOf(e, at+"["+strconv.Itoa(i)+"]"); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// appendListed appends the value's key as an element of a list.
func appendListed(dst, value []byte, at string) ([]byte, error) {
	n := len(dst)
	dst, err := appendKeyOf(dst, value, at)
	if err == nil && dst[n] == nullCode {
		dst = append(dst, nullEscape)
	}
	return dst, err
}

// appendKeyOf appends the value as a key: a number as a double, a BigInt as an
// integer, a Date as a time, an array as a list.
func appendKeyOf(dst, value []byte, at string) ([]byte, error) {
	h, err := head(value)
	if err != nil {
		return dst, &ValueError{Path: at, Reason: err.Error()}
	}
	switch h.kind {
	case isNil:
		return append(dst, nullCode), nil
	case isBool:
		dst, err = keys.Bool(h.number == 1).AppendKey(dst)
	case isFloat:
		dst, err = keys.Float(h.float).AppendKey(dst)
	case isInt:
		dst, err = keys.Int(int64(h.number)).AppendKey(dst)
	case isUint:
		dst, err = keys.Uint(h.number).AppendKey(dst)
	case isText:
		dst, err = keys.String(value[h.size : h.size+h.length]).AppendKey(dst)
	case isBytes:
		dst, err = keys.Bytes(value[h.size : h.size+h.length]).AppendKey(dst)
	case isArray:
		return appendList(dst, value, at)
	case isExt:
		t, ok := timeOf(h, value)
		if !ok {
			return dst, &ValueError{Path: at, Reason: "undefined, a Map or a Set can't be a key"}
		}
		dst, err = keys.TimeOf(t).AppendKey(dst)
	default:
		return dst, &ValueError{Path: at, Reason: "an object can't be a key"}
	}
	if err != nil {
		return dst, &ValueError{Path: at, Reason: "NaN can't be a key"}
	}
	return dst, nil
}

func appendList(dst, value []byte, at string) ([]byte, error) {
	elements, err := array(value)
	if err != nil {
		return dst, &ValueError{Path: at, Reason: err.Error()}
	}
	dst = append(dst, listCode)
	for i, e := range elements {
		if dst, err = appendListed(dst, e, at+"["+strconv.Itoa(i)+"]"); err != nil {
			return dst, err
		}
	}
	return append(dst, listEnd), nil
}
