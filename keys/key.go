package keys

import "github.com/larderdb/larder/backend"

// A Key is what can be a primary key or an index key: a comparable value with
// an encoding whose order of bytes is the order of the values.
//
// A type of one's own is a Key when its two methods call those of the types
// here, one after another, and always the same ones: its encoding is then a
// fixed number of whole tuple elements, which is what ranges, tuples and Desc
// rely on.
//
// All keys are plain values, and safe for concurrent use.
type Key[K any] interface {
	comparable
	Part

	// DecodeKey decodes one key from the front of src and returns it with the
	// rest of src. The receiver plays no part; it is the zero K. Any bytes
	// give a value or an error of class [backend.ErrCorrupt]. The key doesn't
	// refer to src; the rest does, and is all of src where there is an error.
	DecodeKey(src []byte) (K, []byte, error)
}

// A Sized is a Key that is passed over without being decoded: what is walked by an
// index of such keys makes none of them.
type Sized interface {
	// KeyLen returns how many bytes the key at the front of src takes, or why
	// there is none that DecodeKey decodes. The receiver plays no part.
	KeyLen(src []byte) (int, error)
}

// A Part is a key or some leading components of one: anything that has an
// encoding.
type Part interface {
	// AppendKey appends the encoding to dst and returns the result. What has
	// no encoding, a NaN or an id that no constructor made, is an error of
	// class [backend.ErrInvalid], and dst is returned as it was.
	AppendKey(dst []byte) ([]byte, error)
}

// Decode decodes b, which must be one key of type K and nothing more. Anything
// else is [backend.ErrCorrupt].
func Decode[K Key[K]](b []byte) (K, error) {
	var zero K
	k, rest, err := zero.DecodeKey(b)
	if err != nil {
		return zero, err
	}
	if len(rest) > 0 {
		return zero, corrupt("bytes follow the key")
	}
	return k, nil
}

// Must returns v and panics when err is not nil. It is for ids that are
// constants of a program: keys.Must(keys.NewNamespaceID("default")).
func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func invalid(reason string) error {
	return &backend.Error{Class: backend.ErrInvalid, Op: "encode key", Reason: reason}
}

func corrupt(reason string) error {
	return &backend.Error{Class: backend.ErrCorrupt, Op: "decode key", Reason: reason}
}
