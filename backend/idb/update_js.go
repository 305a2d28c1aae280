//go:build js && wasm

package idb

import (
	"bytes"
	"context"
	"errors"
	"syscall/js"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
)

const (
	// maxTries bounds how often an Update's closure runs.
	maxTries = 100
	// patience is how often an Update may be beaten before it insists.
	patience = 2
)

// errBeaten ends a transaction of IndexedDB that found commits of others.
var errBeaten = errors.New("another context was faster")

// Update is as in [backend.Store].
func (s *Store) Update(ctx context.Context, fn func(ctx context.Context, tx backend.WriteTx) error) error {
	ctx, turn, err := s.gate.Write(ctx)
	if err != nil {
		return err
	}
	defer turn.End()
	for tries := range maxTries {
		if err := s.harmed(); err != nil {
			return classify("update", err)
		}
		if err := s.conn.err(); err != nil {
			return classify("update", err)
		}
		attempt := s.attempt
		if tries >= patience {
			attempt = s.insist
		}
		done, err := attempt(ctx, fn)
		if done || err != nil {
			return err
		}
	}
	return &backend.Error{Class: backend.ErrConflict, Op: "commit", Reason: "other tabs were faster each time"}
}

// attempt runs fn on the newest snapshot and commits what it wrote. It
// reports false when another context's commit got in between, which the
// snapshot has then.
func (s *Store) attempt(ctx context.Context, fn func(ctx context.Context, tx backend.WriteTx) error) (bool, error) {
	base := s.head.Load()
	next, raw, err := s.derive(ctx, base, fn)
	if err != nil {
		return false, s.refused(ctx, base, err)
	}
	return s.commit(ctx, base, next, raw)
}

// refused returns err, with which fn ended on base, if base is still the
// newest state. Otherwise fn has to run again: what it saw is old.
func (s *Store) refused(ctx context.Context, base *state, err error) error {
	if current, failed := s.commit(ctx, base, base.snap, nil); failed == nil && !current {
		return nil
	}
	return err
}

// derive runs fn on base and returns the state that it leads to and its
// record, which is nil when fn has written nothing.
func (s *Store) derive(ctx context.Context, base *state, fn func(ctx context.Context, tx backend.WriteTx) error) (*mvcc.Snapshot, []byte, error) {
	tx := base.snap.Write(ctx)
	tx.Record()
	defer tx.End()
	if err := fn(ctx, tx); err != nil {
		return nil, nil, err
	}
	tx.End()
	if err := tx.Err(); err != nil {
		return nil, nil, err
	}
	if !tx.Changed() {
		return base.snap, nil, nil
	}
	rec := record{
		db: base.base.root.db, context: s.context, serial: s.serial + 1,
		commit: base.snap.Version() + 1, commits: [][]byte{encodeOps(tx.Ops())},
	}
	raw := rec.encode()
	next, err := tx.Commit(rec.commit)
	return next, raw, err
}

// insist is attempt for an Update that was beaten before: a context whose next
// transaction always stands in IndexedDB's queue before this one's would beat
// it again and again. So fn runs inside the transaction of IndexedDB, which
// has read the log by then, while nobody else can write. Should fn wait for an
// event, IndexedDB ends the transaction, and it is an ordinary attempt.
func (s *Store) insist(ctx context.Context, fn func(ctx context.Context, tx backend.WriteTx) error) (bool, error) {
	var t *txn
	reached := make(chan tail, 1)
	ended := make(chan error, 1)
	version := s.head.Load().snap.Version()
	go func() {
		ended <- s.conn.run(ctx, logScope, s.options(ctx), func(own *txn) {
			t = own
			read := s.conn.readTail(t, version)
			t.then(read.records, func() { reached <- read.results(version) })
		})
	}()
	var news tail
	select {
	case news = <-reached:
	case err := <-ended:
		return false, classify("commit", err)
	}
	// Once the transaction has ended, t may be another's.
	open := true
	isOpen := func() bool {
		select {
		case <-ended:
			open = false
		default:
		}
		return open
	}
	stop := func() {
		if open && isOpen() {
			t.abort(errBeaten)
			<-ended
			open = false
		}
	}
	defer stop() // also when fn panics
	more, err := s.take(ctx, news)
	if err != nil || more {
		return false, classify("commit", err)
	}
	base := s.head.Load()
	next, raw, err := s.derive(ctx, base, fn)
	if err != nil && isOpen() {
		return false, err // nobody else can have written
	}
	if err != nil {
		return false, s.refused(ctx, base, err)
	}
	if ctx.Err() != nil || !isOpen() || try(func() {
		if raw != nil {
			t.store(logStore).Call("add", s.conn.bytes(raw), base.snap.Version()+1)
		}
		t.commit()
	}) != nil {
		stop()
		return s.commit(ctx, base, next, raw)
	}
	open = false
	if err := <-ended; err != nil {
		return false, classify("commit", err)
	}
	if raw != nil {
		s.acknowledge(next, len(raw))
	}
	return true, nil
}

// commit makes next, of which raw is the record, the state after base. When
// raw is nil it only makes sure that base is the newest state. It reports
// false when it isn't, and head is newer.
func (s *Store) commit(ctx context.Context, base *state, next *mvcc.Snapshot, raw []byte) (bool, error) {
	for range maxTries {
		news, err := s.conn.append(ctx, base, s.options(ctx), raw)
		var e *exception
		switch {
		case err == nil:
			if raw != nil {
				s.acknowledge(next, len(raw))
			}
			return true, nil
		case errors.Is(err, errBeaten):
			var more bool
			if more, err = s.take(ctx, news); err == nil && more {
				err = s.sync(ctx)
			}
		case errors.As(err, &e) && e.name == "ConstraintError":
			err = s.sync(ctx)
		}
		if err != nil {
			return false, classify("commit", err)
		}
		head := s.head.Load()
		if head.snap != base.snap {
			return false, nil
		}
		base = head // nothing but the root has moved
	}
	return false, nil
}

// options returns those of a transaction of IndexedDB that commits.
func (s *Store) options(ctx context.Context) js.Value {
	d := backend.TxOptionsOf(ctx).Durability
	if d == backend.Default {
		d = s.durability
	}
	if d == backend.Strict {
		return s.conn.strict
	}
	return s.conn.relaxed
}

// append adds raw, the record of the commit after base, to the log, or only
// looks whether base is still the newest state when raw is nil. It returns
// errBeaten, and what it found, when it isn't.
func (c *conn) append(ctx context.Context, base *state, options js.Value, raw []byte) (news tail, err error) {
	version := base.snap.Version()
	if raw == nil {
		options = js.Undefined()
	}
	err = c.run(ctx, logScope, options, func(t *txn) {
		read := c.readTail(t, version)
		if raw != nil {
			t.store(logStore).Call("add", c.bytes(raw), version+1)
		}
		t.then(read.records, func() {
			news = read.results(version)
			if stored, err := c.goBytes(news.root); err != nil || !bytes.Equal(stored, base.base.raw) || news.count > 0 {
				t.abort(errBeaten)
			} else if raw != nil {
				t.commit()
			}
		})
	})
	return news, err
}

// acknowledge makes a commit that IndexedDB has completed visible.
func (s *Store) acknowledge(snap *mvcc.Snapshot, size int) {
	s.serial++
	_ = s.replace(func(st *state) (*state, error) {
		if st.snap.Version() >= snap.Version() {
			return st, nil // it came back from the log already
		}
		return st.withCommits(snap, []commit{{number: snap.Version()}}, size), nil
	})
	s.channel.tell(snap.Version())
	s.wantCheckpoint()
}
