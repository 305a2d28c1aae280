package backend

import (
	"errors"
	"strconv"
)

// A Class is a kind of failure. Every error that an engine or a layer above it
// returns belongs to one, so that errors.Is(err, backend.ErrNotFound) and the
// like answer whatever the engine is. Only a closure's own errors and the
// errors of a context are passed on as they are.
type Class string

func (c Class) Error() string { return string(c) }

// Errors of data.
const (
	// ErrNotFound is returned when a key has no value.
	ErrNotFound = Class("not found")
	// ErrTableNotFound is returned when a table, store or index doesn't exist.
	ErrTableNotFound = Class("table not found")
	// ErrExists is returned when what should be made exists already.
	ErrExists = Class("already exists")
	// ErrUnique is returned when a unique index holds the key for another row.
	ErrUnique = Class("unique index violation")
	// ErrStale is returned when a row was changed or deleted since the caller
	// read it. To do the same again makes no sense: read the row again.
	ErrStale = Class("changed since it was read")
	// ErrInvalid is returned when an argument can't be stored or doesn't make
	// sense; the error says which and why.
	ErrInvalid = Class("invalid argument")
	// ErrTooLarge is returned when a key, value, name or transaction exceeds
	// its limit.
	ErrTooLarge = Class("too large")
	// ErrCorrupt is returned when stored bytes are not what was written.
	ErrCorrupt = Class("corrupt data")
	// ErrSchemaNewer is returned when the database was changed by newer code
	// whose definitions this code doesn't know. Nothing was written.
	ErrSchemaNewer = Class("schema is newer than this code")
)

// Errors of transactions.
const (
	// ErrConflict is returned when other writers kept getting in between.
	// The same Update may succeed when it is tried again.
	ErrConflict = Class("transaction conflict")
	// ErrReadOnly is returned when a View writes, or the database can only be
	// read.
	ErrReadOnly = Class("read-only")
	// ErrNotInMemory is returned when a transaction that must not wait, see
	// [TxOptions].Cached, reads what the engine would have to fetch.
	ErrNotInMemory = Class("not in memory")
	// ErrTxDone is returned when a transaction is used after its end.
	ErrTxDone = Class("transaction has ended")
	// ErrNestedTx is returned when a transaction is begun, or the store
	// closed, inside one of its own transactions.
	ErrNestedTx = Class("nested transaction")
)

// Errors of stores.
const (
	// ErrClosed is returned when a store is used after Close.
	ErrClosed = Class("store is closed")
	// ErrLocked is returned when another process holds the database.
	ErrLocked = Class("database is locked")
	// ErrDeleted is returned when the database was deleted while it was open.
	ErrDeleted = Class("database was deleted")
	// ErrQuota is returned when the platform grants no more space.
	ErrQuota = Class("storage quota exceeded")
	// ErrUnsupported is returned when the platform or the engine can't do
	// what was asked.
	ErrUnsupported = Class("not supported here")
	// ErrIO is returned when the engine's disk or platform failed in a way
	// that no other error names.
	ErrIO = Class("storage failure")
)

// An Error says what failed and where. errors.Is finds both its class and its
// cause.
type Error struct {
	Class  Class  // what kind of failure it is
	Op     string // what was being done: "put", "commit", "open"
	Table  string // the table, or store, that it was done to
	Key    []byte // the key
	Reason string // what is wrong and what helps, in words
	Err    error  // the cause, from the engine or the platform
}

// Error returns one line: `put todos/"\x02a\x00": too large: value is longer
// than 16 MiB: cause`, less the parts that are not known.
func (e *Error) Error() string {
	var b []byte
	part := func(s string) {
		if s == "" {
			return
		}
		if len(b) > 0 {
			b = append(b, ": "...)
		}
		b = append(b, s...)
	}
	where := e.Op
	if e.Table != "" {
		if where != "" {
			where += " "
		}
		where += e.Table
		if e.Key != nil {
			where += "/" + strconv.QuoteToASCII(string(e.Key))
		}
	}
	part(where)
	part(string(e.Class))
	part(e.Reason)
	if e.Err != nil {
		part(e.Err.Error())
	}
	return string(b)
}

// Unwrap returns the class and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Class}
	}
	return []error{e.Class, e.Err}
}

// A QuotaError is the cause of an [ErrQuota] where the platform says how much
// there is.
type QuotaError struct {
	Used, Allowed uint64 // bytes, of the whole origin
}

// Error returns `1000 of 2000 bytes are used`.
func (e *QuotaError) Error() string {
	return strconv.FormatUint(e.Used, 10) + " of " + strconv.FormatUint(e.Allowed, 10) + " bytes are used"
}

// IsRetryable reports whether the same call may succeed when it is made again
// as it was: whether err is a conflict.
func IsRetryable(err error) bool { return errors.Is(err, ErrConflict) }

// IsNotFound reports whether err says that a key or its table is missing.
func IsNotFound(err error) bool {
	return err == ErrNotFound || errors.Is(err, ErrNotFound) || errors.Is(err, ErrTableNotFound)
}
