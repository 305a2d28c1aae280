package entity

import (
	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/keys"
)

// An Error says which operation failed, and on which store, index and key.
// errors.Is and errors.As find the class of the failure and the engine's own
// error behind it.
type Error struct {
	Op    string // "put", "scan", "open", "verify" and so on
	Store string // the store's name
	Index string // the index's name, when the failure is about one
	Key   string // the key, as [keys.Fmt] prints it; empty when there is none
	Err   error  // what went wrong
}

// Error returns one line: `put users ("alice"), index by_name: unique index
// violation: …`, less the parts that are not known.
func (e *Error) Error() string {
	s := e.Op
	if e.Store != "" {
		s += " " + e.Store
	}
	if e.Key != "" {
		s += " " + e.Key
	}
	if e.Index != "" {
		s += ", index " + e.Index
	}
	return s + ": " + e.Err.Error()
}

// Unwrap returns what went wrong.
func (e *Error) Unwrap() error { return e.Err }

// failure is an error of this package's own making.
func failure(class backend.Class, reason string) error {
	return &backend.Error{Class: class, Reason: reason}
}

// rowError names the store, the index and the key that an operation failed on.
func rowError(op, store, index string, key []byte, err error) error {
	if e, ok := err.(*indexError); ok {
		index, err = e.index, e.err
	}
	e := &Error{Op: op, Store: store, Index: index, Err: err}
	if len(key) > 0 {
		e.Key = keys.Fmt(key)
	}
	return e
}

// An indexError is a failure on its way to the [Error] that names its index.
type indexError struct {
	index string
	err   error
}

func (e *indexError) Error() string { return "index " + e.index + ": " + e.err.Error() }
func (e *indexError) Unwrap() error { return e.err }
