//go:build js && wasm

package idb

import (
	"errors"
	"syscall/js"

	hackpad "github.com/hack-pad/go-indexeddb/idb"

	"github.com/larderdb/larder/backend"
)

// An exception is what JavaScript threw or an IndexedDB request ended with.
type exception struct{ name, message string }

func (e *exception) Error() string {
	if e.message == "" {
		return e.name
	}
	return e.name + ": " + e.message
}

// exceptionOf returns the exception that v describes.
func exceptionOf(v js.Value) *exception {
	if v.Type() != js.TypeObject {
		return &exception{name: "Error", message: v.String()}
	}
	text := func(property string) string {
		if p := v.Get(property); p.Type() == js.TypeString {
			return p.String()
		}
		return ""
	}
	return &exception{name: text("name"), message: text("message")}
}

// try runs fn and returns what JavaScript threw in it.
func try(fn func()) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case js.Error:
			err = exceptionOf(r.Value)
		default:
			panic(r)
		}
	}()
	fn()
	return nil
}

// classes says what IndexedDB's exceptions mean here. Those it doesn't list
// are ErrIO.
var classes = []struct {
	name   string
	class  backend.Class
	reason string
}{
	{"QuotaExceededError", backend.ErrQuota, quotaReason},
	{"VersionError", backend.ErrSchemaNewer, "the database was made by newer code"},
	{"NotFoundError", backend.ErrCorrupt, "the database isn't one of larder's"},
	{"NotReadableError", backend.ErrCorrupt, "the browser has lost a file of the database"},
	{"DataError", backend.ErrCorrupt, "the browser can't read the database"},
	{"SecurityError", backend.ErrUnsupported, "the browser allows no storage here"},
	{"NotAllowedError", backend.ErrUnsupported, "the browser allows no storage here"},
	{"InvalidStateError", backend.ErrIO, "the browser closed the connection to the database again and again"},
	{"UnknownError", backend.ErrIO, "the browser's storage failed again and again"},
	{"AbortError", backend.ErrIO, "the browser gave the transaction up again and again"},
}

// classify returns err, of JavaScript or of go-indexeddb, with its class. It
// leaves errors that have one, and those of contexts, as they are.
func classify(op string, err error) error {
	var named *exception
	var placed *backend.Error
	var dom hackpad.DOMException
	var thrown js.Error
	is := func(name string) bool { return errors.Is(err, hackpad.NewDOMException(name)) }
	switch {
	case err == nil:
		return nil
	case errors.As(err, &placed):
		if placed.Op != "" {
			return err
		}
		e := *placed
		e.Op = op
		return &e
	case errors.As(err, &named):
		is = func(name string) bool { return name == named.name }
	case errors.As(err, &thrown):
		named := exceptionOf(thrown.Value)
		is = func(name string) bool { return name == named.name }
	case !errors.As(err, &dom):
		return err
	}
	for _, c := range classes {
		if is(c.name) {
			return &backend.Error{Class: c.class, Op: op, Reason: c.reason, Err: err}
		}
	}
	return &backend.Error{Class: backend.ErrIO, Op: op, Err: err}
}
