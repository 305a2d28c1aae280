//go:build !wasm

package bolt

import (
	"bytes"
	"iter"
	"unsafe"

	"go.etcd.io/bbolt"

	"github.com/larderdb/larder/backend"
)

// Scan is as in [backend.ReadTx]. Nothing changes in a View, so its loops need
// neither batches nor locks.
func (tx *readTx) Scan(name string, rng backend.Range) iter.Seq2[backend.KV, error] {
	return func(yield func(backend.KV, error) bool) {
		w := walk{tx: tx, rng: rng}
		err := tx.check("scan", name)
		if err == nil {
			err = backend.CheckRange(rng)
		}
		if err == nil {
			err = w.run(name, yield)
		}
		if err != nil {
			yield(backend.KV{}, err)
		}
	}
}

// A walk that has yielded short pairs is a long one. It looks up where it will
// end, which is dear for a short walk, and doesn't compare keys any more: pages
// stay where they are, so that a key is known by its address.
const short = 32

// A walk is one run over an iterator of Scan in a View.
type walk struct {
	tx     *readTx
	rng    backend.Range
	cursor *bbolt.Cursor
	bbolts bool // whether bbolt is at work, and not the loop's body
}

// run yields the pairs and returns what ended it early, but the loop's body.
func (w *walk) run(name string, yield func(backend.KV, error) bool) (err error) {
	defer func() {
		// What the body panics with is its own affair.
		if w.bbolts {
			if damage := recover(); damage != nil {
				err = damaged("scan", name, nil, damage)
			}
		}
	}()
	w.bbolts = true
	t := w.tx.table(name)
	if t.bucket == nil {
		return t.missing("scan")
	}
	if err := w.tx.ctx.Err(); err != nil {
		return err
	}
	if w.rng.End != nil && bytes.Compare(w.rng.Start, w.rng.End) >= 0 {
		return nil
	}
	w.cursor = t.bucket.Cursor()
	key, value := w.first()
	var end *byte // of a long walk
	for n := 1; key != nil; n++ {
		if n <= short && !w.inRange(key) || n > short && unsafe.SliceData(key) == end {
			return nil
		}
		w.tx.extent.contain(value) // which follows its key
		w.bbolts = false
		if !yield(backend.KV{Key: key, Value: value}, nil) || n == w.rng.Limit {
			return nil
		}
		if w.tx.ended.Load() {
			return done("scan", name)
		}
		if n == short {
			w.bbolts = true
			end = unsafe.SliceData(w.after(t.bucket.Cursor()))
		}
		if n%256 == 0 {
			if err := w.tx.ctx.Err(); err != nil {
				return err
			}
		}
		w.bbolts = true
		if w.rng.Reverse {
			key, value = w.cursor.Prev()
		} else {
			key, value = w.cursor.Next()
		}
	}
	return nil
}

// first moves the cursor to the first pair of the range, or past it.
func (w *walk) first() (key, value []byte) {
	if w.rng.Reverse {
		return below(w.cursor, w.rng.End)
	}
	return w.cursor.Seek(w.rng.Start)
}

// after returns the first key past the range, nil when there is none.
func (w *walk) after(c *bbolt.Cursor) (key []byte) {
	switch {
	case w.rng.Reverse && len(w.rng.Start) > 0:
		key, _ = below(c, w.rng.Start)
	case !w.rng.Reverse && w.rng.End != nil:
		key, _ = c.Seek(w.rng.End)
	}
	return key
}

// below moves c to the last pair whose key is smaller than end; nil has no
// bound.
func below(c *bbolt.Cursor, end []byte) (key, value []byte) {
	if end != nil {
		if key, _ := c.Seek(end); key != nil {
			return c.Prev()
		}
	}
	return c.Last()
}

// inRange reports whether key is not past the range.
func (w *walk) inRange(key []byte) bool {
	if w.rng.Reverse {
		return bytes.Compare(key, w.rng.Start) >= 0
	}
	return w.rng.End == nil || bytes.Compare(key, w.rng.End) < 0
}
