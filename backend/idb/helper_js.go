//go:build js && wasm

package idb

import (
	"bytes"
	"context"
	"syscall/js"
)

// helper makes the calls of a commit in JavaScript, so that a commit costs one
// crossing there and one back: js/src/idb.ts. The npm package's loader gives it
// to the program while that starts; where there is none, conn.send does the
// same through syscall/js, at some fifteen crossings.
var helper = js.Global().Get("larderIDB")

// The outcomes that the helper tells.
const (
	helpStored   = 0 // and the root, where it was looked at and isn't the request's
	helpCollided = 1 // and the root, and the records
	helpFailed   = 2 // and the exception's name and message
)

// loanSize is the longest record for which the helper's buffer is kept.
const loanSize = 1 << 20

// A loan is the memory in JavaScript that the helper reads from. It is written
// to again for each commit, since making it costs more than filling it.
type loan struct {
	root   []byte
	known  js.Value // root
	record js.Value
	size   int
}

// lend returns JavaScript's copies of a root and a record. The record begins
// what may be longer.
func (c *conn) lend(root, record []byte) (known, buffer js.Value) {
	l := &c.loan
	if !bytes.Equal(root, l.root) {
		l.root, l.known = root, c.bytes(root)
	}
	if len(record) > loanSize {
		return l.known, c.bytes(record)
	}
	if len(record) > l.size {
		l.size = min(2*len(record), loanSize)
		l.record = c.uint8Array.New(l.size)
	}
	js.CopyBytesToJS(l.record, record)
	return l.known, l.record
}

// sendByHelper is send for an r with a record.
func (c *conn) sendByHelper(ctx context.Context, r commitRequest) (a answer, err error) {
	known, buffer := c.lend(r.root, r.record)
	err = c.attempt(ctx, true, func(t *txn) {
		a = r.answer(t.link)
		known := known
		if a.blind {
			known = js.Null()
		}
		t.told = func(args []js.Value) error {
			switch args[0].Int() {
			case helpStored:
				a.same = len(args) == 1
			case helpCollided:
				a.collided = true
				a.records = args[2]
			case helpFailed:
				return &exception{name: args[1].String(), message: args[2].String()}
			}
			if !a.same {
				a.root = args[1]
			}
			return nil
		}
		helper.Invoke(t.link.db, c.options(r.strict), r.after, r.alone, known, buffer, len(r.record), t.helped)
	})
	return a, err
}
