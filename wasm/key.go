package wasm

import (
	"errors"
	"strconv"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/msgp"
	"github.com/larderdb/larder/keys"
)

// A key is one tuple element of any kind, as [keys.Element] is, that was made
// of msgpack. A bound of a range in a compound index is the beginning of such an
// element.
type key struct{ encoded string }

// AppendKey appends the encoding; the zero key is an error.
func (k key) AppendKey(dst []byte) ([]byte, error) {
	if k.encoded == "" {
		return dst, &msgp.Error{Class: backend.ErrInvalid, Reason: "the value can't be a key"}
	}
	return append(dst, k.encoded...), nil
}

// DecodeKey decodes one element of any kind.
func (key) DecodeKey(src []byte) (key, []byte, error) {
	n, err := key{}.KeyLen(src)
	return key{string(src[:n])}, src[n:], err
}

// KeyLen is as in [keys.Sized].
func (key) KeyLen(src []byte) (int, error) { return keys.Element{}.KeyLen(src) }

// keyOf returns the value, which stands at path, as a key.
func keyOf(value []byte, path string) (key, error) {
	var room [64]byte
	b, err := msgp.AppendKey(room[:0], value)
	if err != nil {
		return key{}, within(path, err)
	}
	return key{string(b)}, nil
}

// listOf returns the values, which stand at the paths, as one key that is a
// list.
func listOf(values [][]byte, paths func(i int) string) (key, error) {
	var room [128]byte
	b, err := appendList(room[:0], values, paths)
	return key{string(b)}, err
}

func appendList(dst []byte, values [][]byte, paths func(i int) string) ([]byte, error) {
	return keys.AppendList(dst, len(values), func(dst []byte, i int) ([]byte, error) {
		dst, err := msgp.AppendKey(dst, values[i])
		return dst, within(paths(i), err)
	})
}

// beginning returns the bound that begins as the list k does.
func (k key) beginning() key { return key{k.encoded[:len(k.encoded)-1]} } // less the list's end

// elements returns the values in the array that stands at path.
func elements(value []byte, path string) ([][]byte, error) {
	var list [][]byte
	for e, err := range msgp.Elements(value) {
		if err != nil {
			return nil, within(path, err)
		}
		list = append(list, e)
	}
	return list, nil
}

// item returns the path of an array's element.
func item(path string) func(i int) string {
	return func(i int) string { return path + "[" + strconv.Itoa(i) + "]" }
}

// within adds the path at which the value is that err is about.
func within(path string, err error) error {
	if err == nil {
		return nil
	}
	var e *msgp.Error
	if path != "" && errors.As(err, &e) {
		return e.Within(path)
	}
	return err
}

// refusal says what in a value can't be stored, and where.
func refusal(path, reason string) error {
	return &msgp.Error{Class: backend.ErrInvalid, Path: path, Reason: reason}
}
