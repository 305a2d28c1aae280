//go:build js && wasm

package idb

import (
	"bytes"
	"context"
	"math/rand/v2"
	"syscall/js"
)

// stepSize bounds what one transaction of a checkpoint writes, so that
// commits don't wait long for it.
const stepSize = 2 << 20

// wantCheckpoint lets the checkpoint's goroutine know when one is due.
func (s *Store) wantCheckpoint() {
	if s.head.Load().wantsCheckpoint() {
		select {
		case s.grown <- struct{}{}:
		default:
		}
	}
}

// checkpoints makes a checkpoint whenever one is due, until ctx is done.
func (s *Store) checkpoints(ctx context.Context) {
	for {
		select {
		case <-s.grown:
		case <-ctx.Done():
			return
		}
		if s.harmed() != nil {
			continue
		}
		unlock, ok := tryLock(ctx, s.name)
		if !ok {
			continue // another context is at it
		}
		if base := s.head.Load(); base.wantsCheckpoint() && s.checkpoint(ctx, base) != nil {
			// Without space, say, the next attempt would fail as well.
			_ = s.replace(func(st *state) (*state, error) { return st.postponed(), nil })
		}
		unlock()
	}
}

// checkpoint writes base's snapshot down as the new checkpoint.
func (s *Store) checkpoint(ctx context.Context, base *state) error {
	w := checkpointWriter{
		conn: s.conn,
		root: root{
			db:         base.root.db,
			checkpoint: 1 + rand.Uint64N(maxNumber),
			commit:     base.snap.Version(),
		},
	}
	err := w.write(ctx, base, s.pacer.lap())
	if err == nil {
		err = s.moveRoot(ctx, base, w.root)
	}
	if err != nil {
		w.discard(context.WithoutCancel(ctx))
		return err
	}
	s.channel.tell(base.snap.Version()) // so that others learn of the new root
	return nil
}

// moveRoot makes r the root, if it still is base's, and deletes what r makes
// superfluous: the log up to its checkpoint, and all other pages. Those may
// belong to a checkpoint that another context is writing; that one will find
// the root moved.
func (s *Store) moveRoot(ctx context.Context, base *state, r root) error {
	raw := r.encode()
	keys := s.conn.keyRange
	// Strict, because the log is the only other copy.
	err := s.conn.run(ctx, wholeScope, s.conn.strict, func(t *txn) {
		store := t.store(rootStore)
		req := store.Call("get", rootKey)
		t.then(req, func() {
			if stored, err := s.conn.goBytes(req.Get("result")); err != nil || !bytes.Equal(stored, base.raw) {
				t.abort(errMoved)
				return
			}
			store.Call("put", s.conn.bytes(raw), rootKey)
			t.store(logStore).Call("delete", keys.Call("upperBound", r.commit))
			pages := t.store(pageStore)
			pages.Call("delete", keys.Call("upperBound", pageKey(r.checkpoint, 0), true))
			pages.Call("delete", keys.Call("lowerBound", pageKey(r.checkpoint, r.pages)))
			t.commit()
		})
	})
	if err != nil {
		return err
	}
	return s.replace(func(st *state) (*state, error) {
		if !bytes.Equal(st.raw, base.raw) {
			return st, nil // it was read meanwhile
		}
		next := *st
		next.root, next.raw, next.fold = r, raw, base.log
		return &next, nil
	})
}

// A checkpointWriter writes the pages of one checkpoint.
type checkpointWriter struct {
	conn *conn
	root root // the new one; pages and size grow
	page pageWriter
	step [][]byte // records for the next transaction
	size int      // their length
	sent uint32   // how many records are stored already
}

// write stores a snapshot's pairs. What it writes is immutable, so that it
// can take all the time it needs while others commit.
func (w *checkpointWriter) write(ctx context.Context, base *state, lap *lap) error {
	n := 0
	for table, pairs := range base.snap.Tables() {
		for !w.page.start(table, 0) {
			w.endPage()
		}
		for kv := range pairs {
			w.add(table, kv.Key, kv.Value)
			if w.size >= stepSize {
				if err := w.send(ctx); err != nil {
					return err
				}
			}
			if n++; n%64 == 0 {
				if err := lap.rest(ctx); err != nil {
					return err
				}
			}
		}
	}
	if !w.page.empty() {
		w.endPage()
	}
	return w.send(ctx)
}

func (w *checkpointWriter) add(table string, key, value []byte) {
	if len(value) <= maxInline {
		for !w.page.add(table, key, value) {
			w.endPage()
		}
		return
	}
	index := w.root.pages
	w.record(encodeValue(w.root.checkpoint, index, value))
	for !w.page.addExternal(table, key, index) {
		w.endPage()
	}
}

func (w *checkpointWriter) endPage() {
	w.record(w.page.finish(w.root.checkpoint, w.root.pages))
}

func (w *checkpointWriter) record(b []byte) {
	w.root.pages++
	w.root.size += uint64(len(b))
	w.step, w.size = append(w.step, b), w.size+len(b)
}

// send stores the records that have gathered.
func (w *checkpointWriter) send(ctx context.Context) error {
	err := w.conn.run(ctx, onlyPagesScope, w.conn.relaxed, func(t *txn) {
		pages := t.store(pageStore)
		for i, b := range w.step {
			pages.Call("add", w.conn.bytes(b), pageKey(w.root.checkpoint, w.sent+uint32(i)))
		}
		t.commit()
	})
	w.sent += uint32(len(w.step))
	clear(w.step)
	w.step, w.size = w.step[:0], 0
	return err
}

// discard deletes the pages of a checkpoint that came to nothing. If it fails
// itself, the next checkpoint does it.
func (w *checkpointWriter) discard(ctx context.Context) {
	_ = w.conn.run(ctx, onlyPagesScope, w.conn.relaxed, func(t *txn) {
		own := w.conn.keyRange.Call("bound", pageKey(w.root.checkpoint, 0), pageKey(w.root.checkpoint, w.sent))
		t.store(pageStore).Call("delete", own)
		t.commit()
	})
}

// tryLock takes the lock on the checkpoints of a database. It reports false
// when another context has it. Where there are no locks, it lets everybody in:
// two checkpoints at once are a waste but do no harm, since only one of them
// moves the root.
func tryLock(ctx context.Context, name string) (unlock func(), ok bool) {
	nothing := func() {}
	locks := js.Global().Get("navigator")
	if locks.Truthy() {
		locks = locks.Get("locks")
	}
	if !locks.Truthy() {
		return nothing, true
	}
	granted := make(chan bool, 1)
	var resolve js.Value
	hold := js.FuncOf(func(_ js.Value, args []js.Value) any {
		resolve = args[0]
		return nil
	})
	answer := js.FuncOf(func(_ js.Value, args []js.Value) any {
		if args[0].IsNull() {
			granted <- false
			return nil
		}
		granted <- true
		return js.Global().Get("Promise").New(hold)
	})
	release := func() { hold.Release(); answer.Release() }
	var request js.Value
	err := try(func() {
		request = locks.Call("request", prefix+name+":checkpoint", map[string]any{"ifAvailable": true}, answer)
	})
	if err != nil {
		release()
		return nothing, true
	}
	ended := make(chan struct{})
	go func() {
		// A browser that refuses locks rejects the promise and never answers.
		_, err := await(context.WithoutCancel(ctx), request)
		if err != nil {
			granted <- true
		}
		release()
		close(ended)
	}()
	ok = <-granted
	return func() {
		if resolve.Truthy() {
			resolve.Invoke()
			<-ended
		}
	}, ok
}
