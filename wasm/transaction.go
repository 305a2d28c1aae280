package wasm

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"

	"github.com/larderdb/larder"
	"github.com/larderdb/larder/backend"
)

// A transaction is an attempt that JavaScript works on. What is answered at
// once runs on the stack of an export; what may have to wait runs on the
// attempt's own goroutine, and nothing else does meanwhile.
type transaction struct {
	tx       *larder.Tx
	database *database
	calls    chan func(*larder.Tx) // that may wait
	busy     atomic.Bool           // with one of calls
	finish   chan bool             // whether to commit; holds one
	ended    chan struct{}         // closed when no more calls are taken

	stopped *interrupted
}

// An interrupted is a write that was to be done at once and would have to wait
// now.
type interrupted struct {
	op   uint32
	c    *collection
	rest []byte // of its request
	n    int    // what it has touched
}

// errRolledBack ends the closure of a transaction that JavaScript gave up.
// JavaScript reports its own error in its place.
var errRolledBack = errors.New("the transaction's function failed")

// attempt lets JavaScript run its function on tx and waits for its end.
func (s *server) attempt(id uint32, d *database, tx *larder.Tx) error {
	t := &transaction{
		tx: tx, database: d,
		calls: make(chan func(*larder.Tx)), finish: make(chan bool, 1), ended: make(chan struct{}),
	}
	defer close(t.ended)
	tx.SetCached(true)
	s.mu.Lock()
	s.last = (s.last + 1) &^ txBit
	number := s.last | txBit
	s.txs[number] = t
	s.mu.Unlock()
	s.complete(id, kindAttempt, number, nil)
	for {
		select {
		case commit := <-t.finish:
			tx.SetCached(false)
			if !commit {
				return errRolledBack
			}
			return nil
		case call := <-t.calls:
			tx.SetCached(false)
			call(tx)
			tx.SetCached(true)
			t.busy.Store(false)
		}
	}
}

// finish ends the transaction with that number. Its goroutine goes on when the
// caller of the export resumes it.
func (s *server) finish(number uint32, commit bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.txs[number]
	if t == nil {
		return &backend.Error{Class: backend.ErrTxDone, Op: "finish"}
	}
	delete(s.txs, number)
	t.finish <- commit
	return nil
}

func (s *server) transaction(number uint32) (*transaction, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.txs[number]
	if t == nil {
		return nil, &backend.Error{Class: backend.ErrTxDone, Reason: "the transaction has ended"}
	}
	return t, nil
}

// do answers op at once.
func (t *transaction) do(op, aux uint32, request []byte, a *answer) error {
	if t.busy.Load() {
		return errBusy
	}
	c, err := t.database.collection(aux)
	if err != nil {
		return err
	}
	if !isWrite(op) {
		return read(t.tx, op, c, request, a)
	}
	n, rest, err := write(t.tx, op, c, request)
	a.count, t.stopped = n, nil
	if errors.Is(err, backend.ErrNotInMemory) {
		t.stopped = &interrupted{op, c, bytes.Clone(rest), n}
	}
	return err
}

// work returns what the attempt's goroutine does for op, which may wait.
func (t *transaction) work(op, aux uint32, request []byte) (job, error) {
	c, err := t.database.collection(aux)
	if err != nil {
		return nil, err
	}
	call := func(tx *larder.Tx) (uint32, []byte, error) { return readAll(tx, op, c, request) }
	if w := t.stopped; op == opResume && w != nil {
		t.stopped = nil
		call = func(tx *larder.Tx) (uint32, []byte, error) {
			n, _, err := write(tx, w.op, w.c, w.rest)
			return uint32(w.n + n), nil, err
		}
	} else if !isRead(op) && op != opPreload {
		return nil, errRequest
	}
	if t.busy.Swap(true) {
		return nil, errBusy
	}
	return func(context.Context, uint32) (n uint32, result []byte, err error) {
		done := make(chan struct{})
		run := func(tx *larder.Tx) {
			defer close(done)
			defer recovered(&err)
			n, result, err = call(tx)
		}
		select {
		case t.calls <- run:
			<-done
		case <-t.ended:
			err = &backend.Error{Class: backend.ErrTxDone, Reason: "the transaction has ended"}
		}
		return n, result, err
	}, nil
}

// errBusy is returned for a call on a transaction beside another that waits.
var errBusy = &backend.Error{Class: backend.ErrNotInMemory, Reason: "the transaction is in the middle of another call"}
