//go:build !wasm

package bolt

import (
	"bytes"
	"iter"

	"github.com/tidwall/btree"
	"go.etcd.io/bbolt"

	"github.com/larderdb/larder/backend"
)

// A loop is one run over an iterator of Scan in an Update. It fetches pairs in
// batches, and yields them with no lock held and no cursor that could be spoilt.
//
// It sees the table as it stood when it began: before the
// transaction changes a pair that the loop has yet to come to, it saves what
// the pair was, or that there was none. The loop merges what it saved with
// what it finds, and finds its place in the table again after each change.
type loop struct {
	tx     *writeTx
	t      *table
	rng    backend.Range
	left   int // how many pairs to go, less than 0 for all
	batch  int // how many pairs to fetch next
	pairs  []backend.KV
	cursor *bbolt.Cursor

	key, value []byte // what the cursor has found and nobody took yet
	found      bool   // whether it has been looked for since the last was taken
	seen       int    // t.changes when the cursor was placed

	at    []byte // the key that was taken last, nil before the first
	saved *btree.Map[string, saved]
}

// A saved pair is what a key ahead of a loop had when the loop began.
type saved struct {
	value   []byte
	existed bool
}

// maxBatch is how many pairs a loop fetches at once. It begins with fewer,
// since many loops end soon.
const maxBatch = 64

// Scan is as in [backend.ReadTx].
func (tx *writeTx) Scan(name string, rng backend.Range) iter.Seq2[backend.KV, error] {
	return func(yield func(backend.KV, error) bool) {
		l, err := tx.loop(name, rng)
		if err != nil {
			yield(backend.KV{}, err)
			return
		}
		defer l.end()
		for {
			err := l.fetch()
			for _, kv := range l.pairs {
				if tx.ended.Load() {
					break // fetch says it
				}
				if !yield(kv, nil) {
					return
				}
			}
			if err != nil {
				yield(backend.KV{}, err)
				return
			}
			if len(l.pairs) == 0 {
				return
			}
		}
	}
}

// loop begins a loop, which its end has to end.
func (tx *writeTx) loop(name string, rng backend.Range) (l *loop, err error) {
	if err := tx.check("scan", name); err != nil {
		return nil, err
	}
	if err := backend.CheckRange(rng); err != nil {
		return nil, err
	}
	tx.enter()
	defer tx.exit("scan", name, nil, &err)
	if tx.failed != nil {
		return nil, tx.failed
	}
	t := tx.table(name)
	if t.bucket == nil {
		return nil, t.missing("scan")
	}
	l = &loop{tx: tx, t: t, rng: rng, left: -1, batch: 4, seen: -1}
	if rng.Limit > 0 {
		l.left = rng.Limit
	}
	if rng.End != nil && bytes.Compare(rng.Start, rng.End) >= 0 {
		l.left = 0
	}
	t.loops = append(t.loops, l)
	return l, nil
}

// end ends the loop: what is written from now on doesn't concern it.
func (l *loop) end() {
	for i, other := range l.t.loops {
		if other == l {
			l.t.loops = append(l.t.loops[:i], l.t.loops[i+1:]...)
			return
		}
	}
}

// fetch fetches the next pairs, none at the end of the loop. With an error
// there may be pairs before it.
func (l *loop) fetch() (err error) {
	l.pairs = l.pairs[:0]
	if err := l.tx.check("scan", l.t.name); err != nil {
		return err
	}
	if err := l.tx.ctx.Err(); err != nil {
		return err
	}
	l.tx.enter()
	defer l.tx.exit("scan", l.t.name, nil, &err)
	if l.tx.failed != nil {
		return l.tx.failed
	}
	n := l.batch
	l.batch = min(2*n, maxBatch)
	if l.left >= 0 {
		n = min(n, l.left)
		l.left -= n
	}
	for range n {
		key, value := l.next()
		if key == nil {
			l.left = 0
			break
		}
		l.tx.extent.contain(key)
		l.tx.extent.contain(value)
		l.pairs = append(l.pairs, backend.KV{Key: key, Value: value})
	}
	return nil
}

// next takes the next pair; its key is nil at the end.
func (l *loop) next() (key, value []byte) {
	for {
		l.find()
		old, pair, ok := l.nextSaved()
		if !ok || l.key != nil && l.before(l.key, []byte(old)) {
			key, value = l.key, l.value
			l.at, l.found = key, false
			return key, value
		}
		if l.rng.Reverse {
			l.saved.PopMax()
		} else {
			l.saved.PopMin()
		}
		l.at = []byte(old)
		if bytes.Equal(l.key, l.at) {
			l.found = false
		}
		if pair.existed {
			return l.at, pair.value
		}
	}
}

func (l *loop) nextSaved() (string, saved, bool) {
	if l.saved == nil {
		return "", saved{}, false
	}
	if l.rng.Reverse {
		return l.saved.Max()
	}
	return l.saved.Min()
}

// before reports whether the loop comes to a before it comes to b.
func (l *loop) before(a, b []byte) bool {
	if l.rng.Reverse {
		a, b = b, a
	}
	return bytes.Compare(a, b) < 0
}

// find makes key and value the pair of the table that comes next.
func (l *loop) find() {
	switch {
	case l.seen != l.t.changes:
		l.seen = l.t.changes
		l.key, l.value = nil, nil
		if l.t.bucket != nil {
			l.cursor = l.t.bucket.Cursor()
			l.place()
		}
	case l.found || l.key == nil:
		return
	case l.rng.Reverse:
		l.key, l.value = l.prev(l.key)
	default:
		l.key, l.value = l.cursor.Next()
	}
	l.found = true
	if l.key != nil && !l.inRange(l.key) {
		l.key, l.value = nil, nil
	}
}

// place moves the cursor to the first pair after the one that was taken last,
// or of the range.
func (l *loop) place() {
	c := l.cursor
	if !l.rng.Reverse {
		from := l.at
		if from == nil {
			from = l.rng.Start
		}
		l.key, l.value = c.Seek(from)
		if l.at != nil && bytes.Equal(l.key, l.at) {
			l.key, l.value = c.Next()
		}
		return
	}
	from := l.at
	if from == nil {
		from = l.rng.End
	}
	if from != nil {
		if key, _ := c.Seek(from); key != nil {
			l.key, l.value = l.prev(from)
			return
		}
	}
	// bbolt's Last never returns when the transaction has emptied all pages.
	if first, _ := c.First(); first != nil {
		l.key, l.value = c.Last()
	}
}

// prev moves the cursor back from where it stands, at from or just after it.
// bbolt's Prev says that there is nothing when it comes to a page that the
// transaction has emptied, so this asks whether there really isn't.
func (l *loop) prev(from []byte) (key, value []byte) {
	for {
		key, value = l.cursor.Prev()
		if key != nil {
			return key, value
		}
		first, _ := l.t.bucket.Cursor().First()
		if first == nil || bytes.Compare(first, from) >= 0 {
			return nil, nil
		}
	}
}

func (l *loop) inRange(key []byte) bool {
	if l.rng.Reverse {
		return bytes.Compare(key, l.rng.Start) >= 0
	}
	return l.rng.End == nil || bytes.Compare(key, l.rng.End) < 0
}

// save keeps what key has before it is changed, if the loop has yet to come to
// it and hasn't saved it before. A nil value says that the key doesn't exist.
func (l *loop) save(key, value []byte) {
	if bytes.Compare(key, l.rng.Start) < 0 || l.rng.End != nil && bytes.Compare(key, l.rng.End) >= 0 {
		return
	}
	if l.at != nil && !l.before(l.at, key) {
		return
	}
	if l.saved == nil {
		l.saved = new(btree.Map[string, saved])
	}
	if _, ok := l.saved.Get(string(key)); !ok {
		l.saved.Set(string(key), saved{value, value != nil})
	}
}
