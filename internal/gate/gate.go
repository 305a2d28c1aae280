// Package gate holds the rules of the engine contract about who may run: it
// refuses work after Close and inside another transaction of the same store,
// lets one writer run at a time, in the order in which they came, and knows
// when the last transaction has ended. Every engine's View, Update and Close
// begin here:
//
//	ctx, turn, err := s.gate.Write(ctx)
//	if err != nil {
//		return err
//	}
//	defer turn.End()
//	tx := begin(ctx)
//	defer tx.rollback()
//	if err := fn(ctx, tx); err != nil {
//		return err
//	}
//	return tx.commit()
//
// The deferred calls also run when fn panics or ends its goroutine, so that
// the transaction is rolled back, the next writer gets its turn, and the panic
// goes on.
package gate

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/larderdb/larder/backend"
)

// A Gate is the entrance to one store. The zero Gate is open. It is safe for
// concurrent use and must not be copied.
type Gate struct {
	mu      sync.Mutex
	running int       // transactions that have begun and not ended
	writing bool      // a writer has the turn
	queue   []*waiter // writers that wait for it, in the order in which they came
	came    uint64    // how many writers have come

	closed   atomic.Bool   // released is made
	released chan struct{} // made by the first Close; closed when the store's resources are released
	release  func() error
	err      error // what release returned
}

// A waiter is a writer in the queue.
type waiter struct {
	place   uint64        // which of the gate's writers it is
	again   bool          // it is counted as running already
	called  chan struct{} // closed when the waiter has left the queue, but by itself
	refused bool          // because of Close, and not for its turn
}

// A Turn is the right to run one transaction, until End.
type Turn struct {
	gate  *Gate
	place uint64 // which of the gate's writers it belongs to
	write bool   // has the writers' turn; guarded by gate.mu
	ended atomic.Bool
}

// mark is the key under which a closure's context carries the Turn of its
// transaction, one for each gate.
type mark struct{ gate *Gate }

// Read begins a transaction that only reads. It doesn't wait for any other.
// The closure runs with the context returned, which marks the transaction.
//
// Inside a transaction of the same gate it is [backend.ErrNestedTx], after
// Close [backend.ErrClosed]; when ctx is done it returns ctx's error.
func (g *Gate) Read(ctx context.Context) (context.Context, *Turn, error) {
	if g.inside(ctx) {
		return nil, nil, refusal(backend.ErrNestedTx, "view")
	}
	g.mu.Lock()
	if g.released != nil {
		g.mu.Unlock()
		return nil, nil, refusal(backend.ErrClosed, "view")
	}
	g.running++
	g.mu.Unlock()
	return g.begin(ctx, 0, false)
}

// Check returns [backend.ErrClosed] after Close, for reads that need no
// transaction because nothing can come in between.
func (g *Gate) Check() error {
	if g.closed.Load() {
		return refusal(backend.ErrClosed, "view")
	}
	return nil
}

// Write begins a transaction that writes. It waits until the writers that came
// before have ended. The closure runs with the context returned, which marks
// the transaction.
//
// Inside a transaction of the same gate it is [backend.ErrNestedTx]; after
// Close, and when Close comes while it waits, [backend.ErrClosed]; when ctx is
// done before it is its turn, it returns ctx's error.
func (g *Gate) Write(ctx context.Context) (context.Context, *Turn, error) {
	if g.inside(ctx) {
		return nil, nil, refusal(backend.ErrNestedTx, "update")
	}
	place, w, err := g.come(true)
	if err != nil {
		return nil, nil, err
	}
	if w != nil {
		if err := g.await(ctx, w); err != nil {
			return nil, nil, err
		}
		if w.refused {
			return nil, nil, refusal(backend.ErrClosed, "update")
		}
	}
	return g.begin(ctx, place, true)
}

// TryWrite is Write for who can't wait: when it isn't the writer's turn at once,
// it is [backend.ErrNotInMemory].
func (g *Gate) TryWrite(ctx context.Context) (context.Context, *Turn, error) {
	place, _, err := g.come(false)
	if err != nil {
		return nil, nil, err
	}
	return g.begin(ctx, place, true)
}

// come takes the writer's turn, or a place in the queue for it where the writer
// is willing to wait.
func (g *Gate) come(willing bool) (place uint64, w *waiter, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.released != nil:
		return 0, nil, refusal(backend.ErrClosed, "update")
	case g.writing && !willing:
		return 0, nil, backend.ErrNotInMemory
	}
	g.came++
	if g.writing {
		w = &waiter{place: g.came, called: make(chan struct{})}
		g.queue = append(g.queue, w)
	} else {
		g.writing = true
		g.running++
	}
	return g.came, w, nil
}

// await waits until w has left the queue. When ctx is done before, it takes w
// out and returns ctx's error.
func (g *Gate) await(ctx context.Context, w *waiter) error {
	select {
	case <-w.called:
		return nil
	case <-ctx.Done():
	}
	if g.leave(w) {
		return ctx.Err()
	}
	<-w.called // at the same moment
	return nil
}

// begin begins a transaction, which is counted already.
func (g *Gate) begin(ctx context.Context, place uint64, write bool) (context.Context, *Turn, error) {
	m := &marked{Context: ctx, turn: Turn{gate: g, place: place, write: write}}
	if err := ctx.Err(); err != nil {
		m.turn.End()
		return nil, nil, err
	}
	return m, &m.turn, nil
}

// A marked context is a closure's. It is one allocation with its Turn, because
// every read of one row has one.
type marked struct {
	context.Context
	turn Turn
}

// Value returns the Turn under its gate's mark.
func (m *marked) Value(key any) any {
	if k, ok := key.(mark); ok && k.gate == m.turn.gate {
		return &m.turn
	}
	return m.Context.Value(key)
}

// inside reports whether ctx belongs to a transaction of g that is running.
func (g *Gate) inside(ctx context.Context) bool {
	t, ok := ctx.Value(mark{g}).(*Turn)
	return ok && !t.ended.Load()
}

// leave takes w out of the queue and reports whether it was there.
func (g *Gate) leave(w *waiter) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.queue, w)
	if i < 0 {
		return false
	}
	g.queue = slices.Delete(g.queue, i, i+1)
	return true
}

// HandOver gives a writer's turn to the next one while the transaction goes
// on: while it waits for its disk, say. It may be called more than once.
func (t *Turn) HandOver() {
	t.gate.mu.Lock()
	defer t.gate.mu.Unlock()
	t.handOver()
}

func (t *Turn) handOver() {
	if !t.write {
		return
	}
	t.write = false
	g := t.gate
	if len(g.queue) == 0 {
		g.writing = false
		return
	}
	next := g.queue[0]
	g.queue = slices.Delete(g.queue, 0, 1)
	if !next.again {
		g.running++
	}
	close(next.called)
}

// Again takes the writers' turn back that HandOver has given away, for a
// closure that must run once more. It waits, before all writers that came
// after this one, until it is its turn; Close waits for it. When ctx is done
// before, it returns ctx's error, and the turn is another's.
func (t *Turn) Again(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g := t.gate
	g.mu.Lock()
	if t.write || !g.writing {
		t.write, g.writing = true, true
		g.mu.Unlock()
		return nil
	}
	w := &waiter{place: t.place, again: true, called: make(chan struct{})}
	i, _ := slices.BinarySearchFunc(g.queue, t.place, func(w *waiter, place uint64) int { return cmp.Compare(w.place, place) })
	g.queue = slices.Insert(g.queue, i, w)
	g.mu.Unlock()
	if err := g.await(ctx, w); err != nil {
		return err
	}
	g.mu.Lock()
	t.write = true
	g.mu.Unlock()
	return nil
}

// End ends the transaction: its mark no longer counts, the next writer gets
// the turn, and if Close waits for nothing else, the store's resources are
// released before End returns. It may be called more than once.
func (t *Turn) End() {
	if t.ended.Swap(true) {
		return
	}
	g := t.gate
	g.mu.Lock()
	t.handOver()
	g.running--
	last := g.released != nil && g.running == 0
	g.mu.Unlock()
	if last {
		g.finish()
	}
}

// Close refuses new transactions and the writers that wait, waits for the
// running ones, and calls release once, when the last of them has ended, also
// if Close itself has left before because ctx was done. It returns what
// release returned, or ctx's error when it has left.
//
// A second Close waits likewise, disregards its own release, and returns nil.
// Inside a transaction of the gate Close is [backend.ErrNestedTx] and changes
// nothing.
func (g *Gate) Close(ctx context.Context, release func() error) error {
	if g.inside(ctx) {
		return refusal(backend.ErrNestedTx, "close")
	}
	g.mu.Lock()
	first := g.released == nil
	if first {
		g.released, g.release = make(chan struct{}), release
		g.closed.Store(true)
		g.queue = slices.DeleteFunc(g.queue, func(w *waiter) bool {
			if !w.again {
				w.refused = true
				close(w.called)
			}
			return !w.again
		})
	}
	idle := g.running == 0
	g.mu.Unlock()
	if first && idle {
		g.finish()
	}

	select {
	case <-g.released: // also when ctx is done
	default:
		select {
		case <-g.released:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if first {
		return g.err
	}
	return nil
}

// finish releases the store's resources. It is called once: by the first Close
// or by the End of the last transaction after it.
func (g *Gate) finish() {
	g.err = g.release()
	close(g.released)
}

func refusal(class backend.Class, op string) error {
	return &backend.Error{Class: class, Op: op}
}
