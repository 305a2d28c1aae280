package msgp

import (
	"errors"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/keys"
)

// AppendKey appends value as a key of exactly one element, which a
// [keys.Element] decodes, by the table in the package's description. A value
// that can't be a key is [backend.ErrInvalid], with its path; then dst is
// returned as it was.
func AppendKey(dst, value []byte) ([]byte, error) {
	b, n, err := appendKey(dst, value, MaxDepth)
	if err == nil && n != len(value) {
		err = corrupt("bytes follow the value")
	}
	if err != nil {
		return dst, err
	}
	return b, nil
}

// appendKey appends the value at the front of b and returns its length.
func appendKey(dst, b []byte, depth int) ([]byte, int, *Error) {
	h, err := readHead(b)
	if err != nil {
		return dst, 0, err
	}
	n := h.Size + h.Body
	body := b[h.Size:n]
	var e error
	switch h.Kind {
	case Nil:
		dst, e = keys.Null().AppendKey(dst)
	case Bool:
		dst, e = keys.Bool(h.Bits == 1).AppendKey(dst)
	case Number:
		dst, e = keys.Float(h.Number).AppendKey(dst)
	case Int:
		dst, e = keys.Int(h.Bits).AppendKey(dst)
	case Uint:
		dst, e = keys.Uint(h.Bits).AppendKey(dst)
	case Text:
		dst, e = keys.String(body).AppendKey(dst)
	case Bytes:
		dst, e = keys.Bytes(body).AppendKey(dst)
	case Array:
		return appendList(dst, b, h, depth)
	case Map:
		return dst, 0, invalid("an object can't be a key")
	case Ext:
		if h.Type != ExtTime {
			return dst, 0, invalid(extName(h.Type) + " can't be a key")
		}
		t, err := readTime(body)
		if err != nil {
			return dst, 0, err
		}
		dst, e = keys.TimeOf(t).AppendKey(dst)
	}
	if e != nil {
		return dst, 0, refused(e)
	}
	return dst, n, nil
}

// refused returns why package keys refuses a value: NaN, or invalid UTF-8.
func refused(e error) *Error {
	var why *backend.Error
	if errors.As(e, &why) {
		return invalid(why.Reason)
	}
	return invalid(e.Error())
}

func appendList(dst, b []byte, h Head, depth int) ([]byte, int, *Error) {
	if depth == 0 {
		return dst, 0, tooDeep()
	}
	at := h.Size
	var err *Error
	out, e := keys.AppendList(dst, h.Count, func(dst []byte, i int) ([]byte, error) {
		dst, n, e := appendKey(dst, b[at:], depth-1)
		if e != nil {
			err = e.at(i)
			return dst, err
		}
		at += n
		return dst, nil
	})
	if err == nil && e != nil {
		err = refused(e)
	}
	return out, at, err
}

func extName(t int8) string {
	switch t {
	case ExtUndefined:
		return "undefined"
	case ExtMap:
		return "a Map"
	case ExtSet:
		return "a Set"
	}
	return "an extension that has no type in JavaScript"
}
