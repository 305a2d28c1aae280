//go:build !wasm

package bolt

import (
	"bytes"
	"iter"

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
	for n := 1; key != nil && w.inRange(key); n++ {
		w.tx.extent.contain(value) // which follows its key
		w.bbolts = false
		if !yield(backend.KV{Key: key, Value: value}, nil) || n == w.rng.Limit {
			return nil
		}
		if w.tx.ended.Load() {
			return done("scan", name)
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
	if !w.rng.Reverse {
		return w.cursor.Seek(w.rng.Start)
	}
	if w.rng.End != nil {
		if key, _ := w.cursor.Seek(w.rng.End); key != nil {
			return w.cursor.Prev()
		}
	}
	return w.cursor.Last()
}

// inRange reports whether key is not past the range.
func (w *walk) inRange(key []byte) bool {
	if w.rng.Reverse {
		return bytes.Compare(key, w.rng.Start) >= 0
	}
	return w.rng.End == nil || bytes.Compare(key, w.rng.End) < 0
}
