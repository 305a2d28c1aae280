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

// A Modeler is a [Codec] that can say what it stores of a value. The catalogue
// keeps it, so that a field that is gone or renamed is noticed when a database is
// opened, see [Store.WithMigrations].
type Modeler interface {
	// Model returns the stored fields, see [ModelOf], or nil when the codec
	// can't say.
	Model() Model
}

// A Field is one part of the values of a store.
type Field struct {
	Name string // as it is stored, fields of fields with dots: "address.city"
	Type string // what values it has, in words: "string", "list of int"
}
