package msgp

import (
	"strconv"
	"strings"

	"github.com/larderdb/larder/backend"
)

// An Error says what is wrong with a value, and with which one.
type Error struct {
	Class  backend.Class // [backend.ErrCorrupt] or [backend.ErrInvalid]
	Path   string        // of the value; empty for the outermost
	Reason string
}

// Error returns the class, the path and the reason.
func (e *Error) Error() string {
	s := string(e.Class) + ": "
	if e.Path != "" {
		s += e.Path + ": "
	}
	return s + e.Reason
}

// Unwrap returns the class.
func (e *Error) Unwrap() error { return e.Class }

// Within returns the error as seen from the value that holds the one it was
// reported for, at path: a name in a map, or "[3]".
func (e *Error) Within(path string) *Error {
	outer := *e
	switch {
	case e.Path == "":
		outer.Path = path
	case strings.HasPrefix(e.Path, "["):
		outer.Path = path + e.Path
	default:
		outer.Path = path + "." + e.Path
	}
	return &outer
}

// at is Within for the value number i of an array.
func (e *Error) at(i int) *Error { return e.Within("[" + strconv.Itoa(i) + "]") }

func corrupt(reason string) *Error { return &Error{Class: backend.ErrCorrupt, Reason: reason} }
func invalid(reason string) *Error { return &Error{Class: backend.ErrInvalid, Reason: reason} }

// orNil makes an error of e, since a nil *Error in one would not be nil.
func orNil(e *Error) error {
	if e == nil {
		return nil
	}
	return e
}
