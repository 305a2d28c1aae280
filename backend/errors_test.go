package backend_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/larderdb/larder/backend"
)

// classes are all that there are, with what users read.
var classes = map[backend.Class]string{
	backend.ErrNotFound:      "not found",
	backend.ErrTableNotFound: "table not found",
	backend.ErrExists:        "already exists",
	backend.ErrUnique:        "unique index violation",
	backend.ErrInvalid:       "invalid argument",
	backend.ErrTooLarge:      "too large",
	backend.ErrCorrupt:       "corrupt data",
	backend.ErrSchemaNewer:   "schema is newer than this code",
	backend.ErrConflict:      "transaction conflict",
	backend.ErrStale:         "changed since it was read",
	backend.ErrReadOnly:      "read-only",
	backend.ErrNotInMemory:   "not in memory",
	backend.ErrTxDone:        "transaction has ended",
	backend.ErrNestedTx:      "nested transaction",
	backend.ErrClosed:        "store is closed",
	backend.ErrLocked:        "database is locked",
	backend.ErrDeleted:       "database was deleted",
	backend.ErrQuota:         "storage quota exceeded",
	backend.ErrUnsupported:   "not supported here",
	backend.ErrIO:            "storage failure",
}

// wraps are the ways by which an error of a class reaches a user.
func wraps(class backend.Class, cause error) map[string]error {
	err := &backend.Error{Class: class, Op: "put", Table: "todos", Err: cause}
	return map[string]error{
		"alone":              err,
		"in another error":   fmt.Errorf("saving: %w", err),
		"twice":              fmt.Errorf("outer: %w", fmt.Errorf("inner: %w", err)),
		"joined":             errors.Join(errors.New("other"), err),
		"in another's cause": &backend.Error{Class: backend.ErrIO, Op: "commit", Err: err},
	}
}

func TestA2_B55_ClassesSurviveWraps(t *testing.T) {
	cause := errors.New("disk on fire")
	for class, text := range classes {
		if class.Error() != text {
			t.Errorf("the class reads %q, want %q", class.Error(), text)
		}
		for name, err := range wraps(class, cause) {
			for other := range classes {
				want := other == class || name == "in another's cause" && other == backend.ErrIO
				if errors.Is(err, other) != want {
					t.Errorf("%s %s: errors.Is(err, %q) = %v, want %v", class, name, other, !want, want)
				}
			}
			if !errors.Is(err, cause) {
				t.Errorf("%s %s: errors.Is doesn't find the cause", class, name)
			}
			var e *backend.Error
			if !errors.As(err, &e) || e.Op == "" {
				t.Errorf("%s %s: errors.As finds %v, want the backend.Error", class, name, e)
			}
		}
	}
}

func TestA18_TheCauseKeepsItsType(t *testing.T) {
	err := fmt.Errorf("saving: %w", &backend.Error{Class: backend.ErrQuota, Err: &platformError{code: 22}})
	var p *platformError
	if !errors.As(err, &p) || p.code != 22 {
		t.Errorf("errors.As finds %v, want the platform's error of code 22", p)
	}
	if !errors.Is(&backend.Error{Class: backend.ErrIO, Err: context.Canceled}, context.Canceled) {
		t.Errorf("errors.Is doesn't find the context's error")
	}
}

type platformError struct{ code int }

func (e *platformError) Error() string { return fmt.Sprint("code ", e.code) }

func TestA2_OnlyConflictsAreRetryable(t *testing.T) {
	for class := range classes {
		for name, err := range wraps(class, nil) {
			if got, want := backend.IsRetryable(err), class == backend.ErrConflict; got != want {
				t.Errorf("IsRetryable of %q %s = %v, want %v", class, name, got, want)
			}
		}
		if got, want := backend.IsRetryable(class), class == backend.ErrConflict; got != want {
			t.Errorf("IsRetryable of the class %q = %v, want %v", class, got, want)
		}
	}
	for _, err := range []error{nil, errors.New("transaction conflict"), context.DeadlineExceeded} {
		if backend.IsRetryable(err) {
			t.Errorf("IsRetryable(%v) = true, want false", err)
		}
	}
}

func TestA2_AMissingKeyAndAMissingTableAreNotFound(t *testing.T) {
	for class := range classes {
		for name, err := range wraps(class, nil) {
			want := class == backend.ErrNotFound || class == backend.ErrTableNotFound
			if got := backend.IsNotFound(err); got != want {
				t.Errorf("IsNotFound of %q %s = %v, want %v", class, name, got, want)
			}
		}
	}
	for _, err := range []error{nil, errors.New("not found")} {
		if backend.IsNotFound(err) {
			t.Errorf("IsNotFound(%v) = true, want false", err)
		}
	}
	// The two are told apart.
	table := &backend.Error{Class: backend.ErrTableNotFound}
	if errors.Is(table, backend.ErrNotFound) || !errors.Is(table, backend.ErrTableNotFound) {
		t.Errorf("a missing table isn't told from a missing key")
	}
}

func TestErrorText(t *testing.T) {
	cause := errors.New("EIO")
	for _, c := range []struct {
		err  backend.Error
		want string
	}{
		{backend.Error{Class: backend.ErrClosed}, "store is closed"},
		{backend.Error{Class: backend.ErrClosed, Op: "view"}, "view: store is closed"},
		{backend.Error{Class: backend.ErrTableNotFound, Op: "get", Table: "todos"}, "get todos: table not found"},
		{backend.Error{Class: backend.ErrNotFound, Table: "todos"}, "todos: not found"},
		{backend.Error{Class: backend.ErrNotFound, Op: "get", Table: "todos", Key: []byte("\x02a\x00")}, `get todos/"\x02a\x00": not found`},
		{backend.Error{Class: backend.ErrInvalid, Op: "put", Table: "todos", Key: []byte{}}, `put todos/"": invalid argument`},
		{backend.Error{Class: backend.ErrNotFound, Op: "get", Table: "todos", Key: []byte("é\xff\n")}, `get todos/"\u00e9\xff\n": not found`},
		{backend.Error{Class: backend.ErrTooLarge, Reason: "value is longer than 16 MiB"}, "too large: value is longer than 16 MiB"},
		{backend.Error{Class: backend.ErrIO, Op: "commit", Reason: "the disk refused", Err: cause}, "commit: storage failure: the disk refused: EIO"},
		{backend.Error{Class: backend.ErrIO, Err: cause}, "storage failure: EIO"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("the error reads %q, want %q", got, c.want)
		}
	}
}
