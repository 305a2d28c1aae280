package entity

import (
	"strings"

	"github.com/larderdb/larder/backend"
)

// WithCheck returns a copy of the store that calls check with each row that is
// to be written, before anything is. A row that check returns an error for is
// refused with [backend.ErrInvalid], and errors.Is and errors.As find check's
// error. To say which field it is about, return what [Refuse] makes; about
// several, errors.Join of them. check takes the place of one that the store has
// already.
//
// check sees what a write was called with, or what the function given to
// [Store.Update] has made of it. It must neither change v nor keep it, nor
// write. Rows that are read, and those that are there when an index is built,
// are not checked.
func (s *Store[K, V]) WithCheck(check func(key K, v *V) error) *Store[K, V] {
	c := s.copy()
	c.check = func(key K, v *V) error {
		if err := check(key, v); err != nil {
			return &backend.Error{Class: backend.ErrInvalid, Err: &refusal{err}}
		}
		return nil
	}
	return c
}

// A FieldError says what is wrong with one field of a value.
type FieldError struct {
	Field  string // its name, in words of the program's own
	Reason string // what is wrong: "is empty"
}

// Error returns the field and the reason: `title is empty`.
func (e *FieldError) Error() string { return e.Field + " " + e.Reason }

// Refuse returns the [FieldError] of a field, for the function given to
// [Store.WithCheck].
func Refuse(field, reason string) error { return &FieldError{field, reason} }

// FieldErrors returns every [FieldError] that err is or wraps, in the order in
// which the check joined them.
func FieldErrors(err error) []*FieldError {
	switch e := err.(type) {
	case *FieldError:
		return []*FieldError{e}
	case interface{ Unwrap() error }:
		return FieldErrors(e.Unwrap())
	case interface{ Unwrap() []error }:
		var all []*FieldError
		for _, err := range e.Unwrap() {
			all = append(all, FieldErrors(err)...)
		}
		return all
	}
	return nil
}

// A refusal prints what errors.Join joined on one line.
type refusal struct{ err error }

func (e *refusal) Error() string { return strings.ReplaceAll(e.err.Error(), "\n", "; ") }
func (e *refusal) Unwrap() error { return e.err }
