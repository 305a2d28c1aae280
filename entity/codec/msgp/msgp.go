// Package msgp is the codec for types whose methods the program msgp of
// github.com/tinylib/msgp has generated: MessagePack without reflection, which
// takes a fraction of the time and of the code. The package itself needs no
// module of theirs; the generated code does.
//
// What is stored of a type, and what becomes of fields that come and go, is as
// the generated code has it: without directives, struct fields are stored by
// name, those that the type doesn't have are passed over, and those that a row
// doesn't have are left as they are, which is zero.
package msgp

import (
	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/msgp"
)

// A Value is a pointer to a V with the methods that msgp generates.
type Value[V any] interface {
	*V
	MarshalMsg([]byte) ([]byte, error)
	UnmarshalMsg([]byte) ([]byte, error)
}

// A Codec encodes values of type V. It implements entity.Codec, and is safe
// for concurrent use as long as the methods of P are. Values keep nothing of
// what they are decoded from, unless the generated code was told to be
// zero-copy.
type Codec[V any, P Value[V]] struct{}

// Of returns the codec for values of type V. P follows from V: msgp.Of[Todo]().
func Of[V any, P Value[V]]() Codec[V, P] { return Codec[V, P]{} }

// Name returns "msgp".
func (Codec[V, P]) Name() string { return "msgp" }

// Append appends the encoding of v to dst, which the generated code grows once,
// to what its Msgsize says. What could not be read again is an error, as in
// package msgpack: a string that isn't valid UTF-8, values more than 64 deep in
// one another. So are most values of complex64, since the type number of their
// extension, 3, is that of JavaScript's sets in Larder: complex128 has another.
func (Codec[V, P]) Append(dst []byte, v *V) ([]byte, error) {
	out, err := P(v).MarshalMsg(dst)
	if err != nil {
		return dst, err
	}
	if len(out) < len(dst) {
		return dst, errCut
	}
	if err := msgp.Validate(out[len(dst):]); err != nil {
		return dst, err
	}
	return out, nil
}

// Decode sets v to the value whose encoding is src. Bytes that aren't exactly
// one MessagePack value, or that don't fit V, are an error; the generated code
// sees only what has been checked.
func (Codec[V, P]) Decode(src []byte, v *V) error {
	if err := msgp.Validate(src); err != nil {
		return err
	}
	rest, err := P(v).UnmarshalMsg(src)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return errLeft
	}
	return nil
}

// Errors of methods that weren't generated, or for another version of a type.
var (
	errCut  = &backend.Error{Class: backend.ErrInvalid, Reason: "MarshalMsg returned less than it was given"}
	errLeft = &backend.Error{Class: backend.ErrCorrupt, Reason: "UnmarshalMsg left bytes of the value unread"}
)
