// Package cbor is the codec for Go values that others than Larder are to read
// too: CBOR as RFC 8949 has it, in its core deterministic encoding, by way of
// github.com/fxamacker/cbor/v2 and its struct tags (cbor, or json where there
// is none).
//
// Struct fields are stored by name. A field that a row doesn't have decodes as
// its zero value, and one that the type doesn't have is passed over, so fields
// can be added and removed; one that is renamed is lost, and one whose type
// changes may not decode. Names are compared as they are written, upper and
// lower case. Numbers take as few bytes as they can, and one that is too large
// for its field is an error, so a field may become wider or narrower; but a
// float64 that is read into a float32 is rounded.
//
// A time is stored as RFC 3339 text in UTC with all its nanoseconds, under tag
// 0. It comes back as the same instant, in UTC; the zero time is null. Its
// year, in UTC, is of 0 to 9999. Types with a method of package encoding are
// what the method makes, MarshalBinary before MarshalText. A NaN is stored as
// one NaN, whatever its bits are. What is decoded into an interface is an
// int64 (a big.Int where that is too small), a float64, a string, a []byte, a
// bool, a time.Time, a []any or a map[string]any.
package cbor

import (
	"bytes"
	"math"
	"reflect"
	"sync"

	"github.com/fxamacker/cbor/v2"
)

// A Codec encodes values of type V. It implements entity.Codec and
// entity.Modeler, keeps nothing of what it decodes, and is safe for concurrent
// use.
type Codec[V any] struct{}

// Of returns the codec for values of type V.
func Of[V any]() Codec[V] { return Codec[V]{} }

// Name returns "cbor".
func (Codec[V]) Name() string { return "cbor" }

// Append appends the encoding of v to dst: equal values have equal encodings,
// maps of all types included. What could not be read again is an error: a
// string that isn't valid UTF-8, values and tags more than 64 deep in one
// another, a channel, a function or the like. A value that contains itself
// ends the program, as it does in the library.
func (Codec[V]) Append(dst []byte, v *V) ([]byte, error) {
	buf := buffers.Get().(*bytes.Buffer)
	*buf = *bytes.NewBuffer(dst)
	err := encoding.MarshalToBuffer(v, buf)
	out := buf.Bytes()
	*buf = bytes.Buffer{}
	buffers.Put(buf)
	if err == nil {
		err = validate(out[len(dst):])
	}
	if err != nil {
		return dst, err
	}
	return out, nil
}

// Decode sets v to the value whose encoding is src. Bytes that aren't exactly
// one CBOR value, that have a key twice in one map or a length that isn't said
// before, or that don't fit V, are an error.
func (Codec[V]) Decode(src []byte, v *V) error {
	if err := validate(src); err != nil {
		return err
	}
	return decoding.Unmarshal(src, v)
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

var encoding = must(func() cbor.EncOptions {
	o := cbor.CoreDetEncOptions()
	o.Time = cbor.TimeRFC3339NanoUTC
	o.TimeTag = cbor.EncTagRequired
	o.TextMarshaler = cbor.TextMarshalerTextString
	return o
}().UserBufferEncMode())

// Lengths are bounded by the bytes that there are, which validate sees to.
var decoding = must(cbor.DecOptions{
	DupMapKey:         cbor.DupMapKeyEnforcedAPF,
	MaxNestedLevels:   maxDepth,
	MaxArrayElements:  math.MaxInt32,
	MaxMapPairs:       math.MaxInt32,
	IndefLength:       cbor.IndefLengthForbidden,
	IntDec:            cbor.IntDecConvertSignedOrBigInt,
	DefaultMapType:    reflect.TypeFor[map[string]any](),
	FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
	TextUnmarshaler:   cbor.TextUnmarshalerTextString,
}.DecMode())

// must returns a mode whose options are written here, so that an error is one
// of this package.
func must[M any](mode M, err error) M {
	if err != nil {
		panic(err)
	}
	return mode
}
