package backendtest

import (
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/larderdb/larder/backend"
)

// classes are all that an error may belong to.
var classes = []backend.Class{
	backend.ErrNotFound, backend.ErrTableNotFound, backend.ErrExists, backend.ErrUnique, backend.ErrInvalid,
	backend.ErrTooLarge, backend.ErrCorrupt, backend.ErrSchemaNewer, backend.ErrConflict, backend.ErrReadOnly,
	backend.ErrTxDone, backend.ErrNestedTx, backend.ErrClosed, backend.ErrLocked, backend.ErrDeleted,
	backend.ErrQuota, backend.ErrUnsupported, backend.ErrIO, backend.ErrNotInMemory, backend.ErrStale,
}

// wantClass reports what was done unless its error is of class, and of no
// other.
func (e *env) wantClass(what string, err error, class backend.Class) {
	e.Helper()
	for _, c := range classes {
		if errors.Is(err, c) != (c == class) {
			e.Errorf("%s = %v, want an error of the class %q alone", what, err, class)
			return
		}
	}
}

// wantErr reports what was done unless errors.Is finds want in its error.
func (e *env) wantErr(what string, err, want error) {
	e.Helper()
	if !errors.Is(err, want) {
		e.Errorf("%s = %v, want %v", what, err, want)
	}
}

// wantScan reports the pairs that a scan yields unless they are want, written
// as by [show].
func (e *env) wantScan(tx backend.ReadTx, table string, r backend.Range, want string) {
	e.Helper()
	if got := show(tx.Scan(table, r)); got != want {
		e.Errorf("Scan(%s, %s) yields %s, want %s", table, showRange(r), got, want)
	}
}

// wantState reports the whole store's tables and pairs unless they are want,
// written as by [state].
func (e *env) wantState(want string) {
	e.Helper()
	e.wantStateOf(e.s, want)
}

func (e *env) wantStateOf(s backend.Store, want string) {
	e.Helper()
	e.viewOn(s, func(tx backend.ReadTx) {
		if got := state(tx); got != want {
			e.Errorf("the store holds %s, want %s", got, want)
		}
	})
}

// wantGet reports the value of key unless it is want.
func (e *env) wantGet(tx backend.ReadTx, table, key, want string) {
	e.Helper()
	got, err := tx.Get(table, []byte(key))
	if err != nil || string(got) != want {
		e.Errorf("Get(%s, %q) = %.40q, %v, want %.40q, nil", table, key, got, err, want)
	}
	if err == nil && got == nil {
		e.Errorf("Get(%s, %q) = nil, nil, want a value that is not nil", table, key)
	}
}

// wantNone reports the value of key when there is one.
func (e *env) wantNone(tx backend.ReadTx, table, key string) {
	e.Helper()
	got, err := tx.Get(table, []byte(key))
	if got != nil {
		e.Errorf("Get(%s, %q) = %.40q, %v, want no value", table, key, got, err)
	}
	e.wantClass(fmt.Sprintf("Get(%s, %q)", table, key), err, backend.ErrNotFound)
}

// show writes what a loop yields as "a=1 b=2", with an error as its class.
func show(seq iter.Seq2[backend.KV, error]) string {
	var b strings.Builder
	for kv, err := range seq {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		if err != nil {
			b.WriteString("error(" + classOf(err) + ")")
			if kv.Key != nil || kv.Value != nil {
				b.WriteString(" beside a pair")
			}
			continue
		}
		b.WriteString(quote(kv.Key) + "=" + quote(kv.Value))
		if kv.Value == nil {
			b.WriteString("nil")
		}
	}
	if b.Len() == 0 {
		return "nothing"
	}
	return b.String()
}

// state writes all that a transaction reads as "t{a=1 b=2} u{nothing}".
func state(tx backend.ReadTx) string {
	tables, err := tx.Tables()
	if err != nil {
		return "error(" + classOf(err) + ")"
	}
	if len(tables) == 0 {
		return "no table"
	}
	var b strings.Builder
	for i, name := range tables {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(quote([]byte(name)) + "{" + show(tx.Scan(name, backend.Range{})) + "}")
	}
	return b.String()
}

// quote writes b as it is where it is short and plain.
func quote(b []byte) string {
	if len(b) > 40 {
		return fmt.Sprintf("%.16q…(%d bytes)", b, len(b))
	}
	q := strconv.QuoteToASCII(string(b))
	return q[1 : len(q)-1]
}

func showRange(r backend.Range) string {
	s := fmt.Sprintf("[%q, %q)", r.Start, r.End)
	if r.End == nil {
		s = fmt.Sprintf("[%q, …)", r.Start)
	}
	if r.Reverse {
		s += " reverse"
	}
	if r.Limit != 0 {
		s += " limit " + strconv.Itoa(r.Limit)
	}
	return s
}

func classOf(err error) string {
	for _, c := range classes {
		if errors.Is(err, c) {
			return string(c)
		}
	}
	return err.Error()
}
