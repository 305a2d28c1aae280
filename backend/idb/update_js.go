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

// maxTries bounds how often an Update's closure runs.
const maxTries = 100

// errBeaten ends a transaction of IndexedDB that found commits of others.
var errBeaten = errors.New("another context was faster")

// Update is as in [backend.Store].
func (s *Store) Update(ctx context.Context, fn func(ctx context.Context, tx backend.WriteTx) error) error {
	ctx, turn, err := s.gate.Write(ctx)
	if err != nil {
		return err
	}
	defer turn.End()
	for range maxTries {
		if err := s.harmed(); err != nil {
			return classify("update", err)
		}
		if err := s.conn.err(); err != nil {
			return classify("update", err)
		}
		done, err := s.attempt(ctx, fn)
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
	tx := base.snap.Write(ctx)
	tx.Record()
	defer tx.End()
	if err := fn(ctx, tx); err != nil {
		return false, err
	}
	tx.End()
	if err := tx.Err(); err != nil {
		return false, err
	}
	if !tx.Changed() {
		news, err := s.conn.append(ctx, base, js.Undefined(), nil)
		return s.settle(ctx, news, err)
	}
	rec := record{
		db: base.root.db, context: s.context, serial: s.serial + 1,
		commit: base.snap.Version() + 1, ops: tx.Ops(),
	}
	raw := rec.encode()
	next, err := tx.Commit(rec.commit)
	if err != nil {
		return false, err
	}
	news, err := s.conn.append(ctx, base, s.options(ctx), raw)
	if err == nil {
		s.serial++
		s.acknowledge(next, len(raw))
	}
	return s.settle(ctx, news, err)
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
	err = c.run(ctx, logScope, options, func(t *txn) {
		read := c.readTail(t, version)
		if raw != nil {
			t.store(logStore).Call("add", c.bytes(raw), version+1)
		}
		t.then(read.records, func() {
			news = read.results(version)
			if stored, err := c.goBytes(news.root); err != nil || !bytes.Equal(stored, base.raw) || news.count > 0 {
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
	_ = s.replace(func(st *state) (*state, error) {
		if st.snap.Version() >= snap.Version() {
			return st, nil // it came back from the log already
		}
		return st.withCommit(snap, size), nil
	})
	s.channel.tell(snap.Version())
	s.wantCheckpoint()
}

// settle turns the outcome of append into that of an attempt. When others
// were faster, it takes over what they committed.
func (s *Store) settle(ctx context.Context, news tail, err error) (bool, error) {
	var e *exception
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, errBeaten):
		more, err := s.take(ctx, news)
		if err == nil && more {
			err = s.sync(ctx)
		}
		return false, classify("commit", err)
	case errors.As(err, &e) && e.name == "ConstraintError":
		return false, classify("commit", s.sync(ctx))
	}
	return false, classify("commit", err)
}
