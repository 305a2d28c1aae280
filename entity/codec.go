package entity

// A Codec turns values into bytes and back. It is safe for concurrent use.
type Codec[V any] interface {
	// Name is stored in the catalogue. A database whose store was written by a
	// codec of another name is refused, so a codec that changes its encoding
	// changes its name.
	Name() string

	// Append appends the encoding of v to dst and returns the extended slice.
	// It keeps neither dst nor v, and returns an error for a value that it
	// can't encode.
	Append(dst []byte, v *V) ([]byte, error)

	// Decode sets v, which is zero before, to the value whose encoding is src.
	// It returns an error, and never panics, when src is no encoding or is
	// followed by more bytes.
	//
	// src must not be written to, and is valid until the transaction ends:
	// Decode copies what v is to keep for longer. A codec whose values do
	// refer to src says so, and its values die with their transaction.
	Decode(src []byte, v *V) error
}

// A Modeler is a [Codec] that can say what it stores of its type. The catalogue
// keeps it, so that a field that is gone, renamed or of another type is noticed
// when a database is opened, see [Store.WithMigrations].
type Modeler interface {
	// Model returns what is stored of the type, and depends on nothing else: not
	// on the order of fields in the source, nor on the names of Go's types.
	Model() Model
}

// A Field is one of those that a codec stores of its type.
type Field struct {
	// Name is as it is stored. The fields of a struct in a field have the names of
	// both with a point between ("address.city"), those of the structs in a list
	// or a map have "[]" there ("items[].price"). A value that is no struct is one
	// field whose name is empty.
	Name string

	// Type is in words: string, int, uint, float, bool, bytes, time, any, object,
	// list of string, list of 3 float, map of string to int. An int is one of any
	// width, since how wide it is in Go isn't stored. "object, as parent" is the
	// type that the field parent has, and is not described again. "opaque text"
	// and the like are what a type's own methods make.
	Type string
}
