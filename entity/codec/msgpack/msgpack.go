// Package msgpack is the codec for Go values in general: MessagePack, by way
// of github.com/vmihailenco/msgpack/v5 and its struct tags.
//
// Encodings are deterministic: the keys of maps are sorted, and integers and
// lengths take as few bytes as they can. Struct fields are stored by name. A
// field that a row doesn't have decodes as its zero value, and one that the
// type doesn't have is passed over, so fields can be added and removed; one
// that is renamed is lost, and one whose type changes may not decode.
package msgpack

import (
	"bytes"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/larderdb/larder/backend"
)

// A Codec encodes values of type V. It implements entity.Codec, keeps nothing
// of what it decodes, and is safe for concurrent use.
type Codec[V any] struct{}

// Of returns the codec for values of type V.
func Of[V any]() Codec[V] { return Codec[V]{} }

// Name returns "msgpack".
func (Codec[V]) Name() string { return "msgpack" }

// Append appends the encoding of v to dst. A V that holds a channel, a
// function or the like is an error.
func (Codec[V]) Append(dst []byte, v *V) ([]byte, error) {
	b := bytes.NewBuffer(dst)
	e := msgpack.GetEncoder()
	defer msgpack.PutEncoder(e)
	e.Reset(b)
	e.SetSortMapKeys(true)
	e.UseCompactInts(true)
	if err := e.Encode(v); err != nil {
		return dst, err
	}
	return b.Bytes(), nil
}

// Decode sets v to the value whose encoding is src. Bytes that aren't exactly
// one MessagePack value, nested at most 64 deep, or that don't fit V, are an
// error.
func (Codec[V]) Decode(src []byte, v *V) error {
	r := bytes.NewReader(src)
	d := msgpack.GetDecoder()
	defer msgpack.PutDecoder(d)
	d.Reset(r)
	if err := d.Decode(v); err != nil {
		return err
	}
	if r.Len() > 0 {
		return &backend.Error{Class: backend.ErrCorrupt, Reason: "bytes follow the value"}
	}
	return nil
}
