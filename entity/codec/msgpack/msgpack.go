// Package msgpack is the codec for Go values in general: MessagePack, by way
// of github.com/vmihailenco/msgpack/v5 and its struct tags.
//
// Struct fields are stored by name. A field that a row doesn't have decodes as
// its zero value, and one that the type doesn't have is passed over, so fields
// can be added and removed; one that is renamed is lost, and one whose type
// changes may not decode. An integer is stored alike whatever its width is, so
// a field may become wider or narrower: a stored integer that is too large for
// a narrower one is an error.
package msgpack

import (
	"bytes"
	"reflect"
	"sync"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/msgp"
)

// A Codec encodes values of type V. It implements entity.Codec, keeps nothing
// of what it decodes, and is safe for concurrent use.
type Codec[V any] struct{}

// Of returns the codec for values of type V.
func Of[V any]() Codec[V] { return Codec[V]{} }

// Name returns "msgpack".
func (Codec[V]) Name() string { return "msgpack" }

// Append appends the encoding of v to dst: integers and lengths in as few
// bytes as they take, the keys of maps in ascending order, so that equal values
// have equal encodings. What could not be read again is an error:
// a string that isn't valid UTF-8, values more than 64 deep in one another, a
// channel, a function or the like. A value that contains itself ends the
// program, as it does in the library.
func (Codec[V]) Append(dst []byte, v *V) ([]byte, error) {
	e := encoders.Get().(*encoder)
	e.out.b = dst
	e.Reset(&e.out)
	e.SetSortMapKeys(true)
	e.UseCompactInts(true)
	err := e.Encode(v)
	out := e.out.b
	e.out.b = nil
	encoders.Put(e)
	if err == nil {
		err = msgp.Validate(out[len(dst):])
	}
	if err == nil && shapeOf[V]().loose {
		unsorted := bytes.Clone(out[len(dst):])
		out, _, err = appendSorted(out[:len(dst)], unsorted)
	}
	if err != nil {
		return dst, err
	}
	return out, nil
}

// Decode sets v to the value whose encoding is src. Bytes that aren't exactly
// one MessagePack value, or that don't fit V, are an error. The library
// believes the lengths that it reads, so they are checked before; so are
// integers of fewer than 64 bits, which it would cut.
func (Codec[V]) Decode(src []byte, v *V) error {
	if err := msgp.Validate(src); err != nil {
		return err
	}
	if s := shapeOf[V](); s.hasNarrow {
		if _, err := s.fits(s.node, src); err != nil {
			return err
		}
	}
	d := decoders.Get().(*decoder)
	d.in = in{b: src}
	d.Reset(&d.in)
	d.SetMapDecoder(decodeMap)
	err := d.Decode(v)
	d.in = in{}
	decoders.Put(d)
	return err
}

// encoder and decoder are the library's, with what they write to and read
// from beside them, so that neither is allocated for each value.
type encoder struct {
	*msgpack.Encoder
	out out
}

type decoder struct {
	*msgpack.Decoder
	in in
}

var (
	encoders = sync.Pool{New: func() any { return &encoder{Encoder: msgpack.NewEncoder(nil)} }}
	decoders = sync.Pool{New: func() any { return &decoder{Decoder: msgpack.NewDecoder(nil)} }}
)

// decodeMap decodes a map where the type leaves open what comes: a
// map[string]any, or a map[any]any where a key isn't text. The library's own way
// can't read the second, which it does write.
func decodeMap(d *msgpack.Decoder) (any, error) {
	n, err := d.DecodeMapLen()
	if err != nil || n < 0 {
		return nil, err
	}
	named := make(map[string]any)
	var mixed map[any]any // once there is a key that isn't text
	for range n {
		key, err := d.DecodeInterface()
		if err != nil {
			return nil, err
		}
		value, err := d.DecodeInterface()
		if err != nil {
			return nil, err
		}
		name, isText := key.(string)
		if isText && mixed == nil {
			named[name] = value
			continue
		}
		if !isText && !reflect.ValueOf(key).Comparable() {
			return nil, &backend.Error{Class: backend.ErrCorrupt, Reason: "a list, a map or bytes is the key of a map"}
		}
		if mixed == nil {
			mixed = make(map[any]any, n)
			for k, v := range named {
				mixed[k] = v
			}
		}
		mixed[key] = value
	}
	if mixed != nil {
		return mixed, nil
	}
	return named, nil
}
