package wasm

import (
	"context"
	"errors"
	"sync"

	"github.com/larderdb/larder"
	"github.com/larderdb/larder/backend"
)

// A batch is writes that JavaScript has started one after the other, with
// nothing in between, before the first of them had its turn. They become one
// commit, since a commit costs ten times what a write does. Each succeeds or
// fails by itself all the same.
type batch struct {
	writes []started
	data   []byte // all requests
}

// started is a write of a batch.
type started struct {
	id, op   uint32
	c        *collection
	from, to int // its request in the batch's data

	n   int // rows touched
	err error
}

// maxBatch is how many bytes of requests make a batch full.
const maxBatch = 256 << 10

// batches are those of a database that have not had their turn, oldest first.
type batches struct {
	mu     sync.Mutex
	list   []*batch
	sealed bool // the last takes no more writes
}

// add adds a write and reports whether it needs a new batch.
func (q *batches) add(w started, request []byte) (first bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := len(q.list)
	if n == 0 || q.sealed || len(q.list[n-1].data) >= maxBatch {
		q.list, q.sealed, first = append(q.list, new(batch)), false, true
	}
	b := q.list[len(q.list)-1]
	w.from, w.to = len(b.data), len(b.data)+len(request)
	b.data = append(b.data, request...)
	b.writes = append(b.writes, w)
	return first
}

// seal is called when something else begins, which later writes must not
// overtake.
func (q *batches) seal() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.sealed = true
}

// waiting reports whether there are any.
func (q *batches) waiting() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.list) > 0
}

// take returns the oldest batch, whose turn it is. There are as many as
// goroutines that take one.
func (q *batches) take() *batch {
	q.mu.Lock()
	defer q.mu.Unlock()
	b := q.list[0]
	q.list = q.list[1:]
	return b
}

// startWrite is start for a write of a database.
func (s *server) startWrite(op, handle, aux uint32, request []byte) (id uint32, err error) {
	d, err := s.database(handle)
	if err != nil {
		return 0, err
	}
	c, err := d.collection(aux)
	if err != nil {
		return 0, err
	}
	id = s.newID()
	if d.batches.add(started{id: id, op: op, c: c}, request) {
		s.spawn(func() { s.commit(d) })
	}
	return id, nil
}

// commit takes a batch to its end.
func (s *server) commit(d *database) {
	var b *batch
	err := d.update(func(tx *larder.Tx) error {
		if b == nil {
			b = d.batches.take()
		}
		return b.write(tx, b.writes)
	})
	if b == nil {
		b = d.batches.take()
	}
	for i := range b.writes {
		w := &b.writes[i]
		switch {
		case err == nil:
		case len(b.writes) == 1:
			w.err = err
		default:
			// One that the storage has no space for, say, doesn't take the others along.
			one := b.writes[i : i+1]
			if err := d.update(func(tx *larder.Tx) error { return b.write(tx, one) }); err != nil {
				w.err = err
			}
		}
		s.end(w.id, uint32(w.n), nil, w.err)
	}
}

// writeNow does a write of a database at once, if it need not wait for anything,
// nor for writes that were started before it.
func (d *database) writeNow(op uint32, c *collection, request []byte, a *answer) error {
	if d.batches.waiting() {
		return backend.ErrNotInMemory
	}
	stirred, err := d.db.UpdateNow(func(_ context.Context, tx *larder.Tx) (err error) {
		a.count, _, err = write(tx, op, c, request)
		return err
	})
	a.stirred = stirred
	return err
}

// update runs fn in an Update.
func (d *database) update(fn func(tx *larder.Tx) error) (err error) {
	defer recovered(&err)
	return d.db.Update(context.Background(), func(_ context.Context, tx *larder.Tx) error { return fn(tx) })
}

// write does some of the batch's writes. Those that are refused have changed
// nothing. The error is of one after which the others can't be done either.
func (b *batch) write(tx *larder.Tx, writes []started) error {
	for i := range writes {
		w := &writes[i]
		w.n, _, w.err = write(tx, w.op, w.c, b.data[w.from:w.to:w.to])
		if w.err != nil && !isRefusal(w.err) {
			return w.err
		}
	}
	return nil
}

// isRefusal reports whether err is about a write, and not about the
// transaction or the storage.
func isRefusal(err error) bool {
	return errors.Is(err, backend.ErrExists) || errors.Is(err, backend.ErrUnique) || errors.Is(err, backend.ErrInvalid) ||
		errors.Is(err, backend.ErrTooLarge)
}
