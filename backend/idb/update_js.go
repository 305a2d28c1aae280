//go:build js && wasm

package idb

import (
	"context"
	"errors"
	"slices"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
)

const (
	// maxTries bounds how often an Update's closure runs.
	maxTries = 100
	// maxConflicts is how often it runs before it keeps other contexts from
	// writing: one that waits for something can always be overtaken.
	maxConflicts = 5
)

// Update is as in [backend.Store]. The closure runs on the newest local state;
// what it has led to joins the chain, and the committer stores it with what
// else is there.
func (s *Store) Update(ctx context.Context, fn func(ctx context.Context, tx backend.WriteTx) error) error {
	ctx, turn, err := s.gate.Write(ctx)
	if err != nil {
		return err
	}
	defer turn.End()
	away := false    // was told to run again, and hasn't yet
	claimed := false // nobody else writes
	defer func() {
		if away {
			s.present()
		}
	}()
	for tries := range maxTries {
		if err := s.usable(); err != nil {
			return classify("update", err)
		}
		if err := s.makeRoom(ctx); err != nil {
			return err
		}
		m, answer, err := s.attempt(ctx, fn, s.joinsAsGranted)
		if err != nil {
			return err
		}
		if m != nil {
			if away {
				away = false
				s.present()
			}
			turn.HandOver()
			if err := s.await(ctx, m); err == nil {
				return answer
			} else if err != errAgain {
				return err
			}
			away = true
		}
		if tries+1 >= maxConflicts && !claimed {
			claimed = true
			// Others here may have to end first.
			turn.HandOver()
			if away {
				away = false
				s.present()
			}
			release, err := s.writer.claim(ctx)
			if err != nil {
				return err
			}
			defer release()
		}
		if err := turn.Again(ctx); err != nil {
			return err
		}
	}
	return errTooOften
}

// atOnce is the context of Updates that can't wait.
var atOnce = backend.WithTxOptions(context.Background(), backend.TxOptions{Durability: backend.Async, Cached: true})

// UpdateNow is as in [backend.NowUpdater].
func (s *Store) UpdateNow(fn func(ctx context.Context, tx backend.WriteTx) error) (stirred bool, err error) {
	ctx, turn, err := s.gate.TryWrite(atOnce)
	if err != nil {
		return false, err
	}
	defer turn.End()
	if err := s.usable(); err != nil {
		return false, classify("update", err)
	}
	if !s.grantsNow() {
		return false, backend.ErrNotInMemory
	}
	m, answer, err := s.attempt(ctx, fn, s.joins)
	switch {
	case err != nil:
		return false, err
	case m == nil:
		return false, backend.ErrNotInMemory
	}
	<-m.told // at once, since it was granted, and nothing came in between
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.chain.members) == 1, answer
}

// grantsNow reports whether an Async Update that begins now is acknowledged as
// soon as its closure has returned.
func (s *Store) grantsNow() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.chain.shown == len(s.chain.members) && s.grantsAsync() && !s.crowded(s.head.Load())
}

// joinsAsGranted is joins for a member that is Async only if that is granted.
func (s *Store) joinsAsGranted(r *run, m *member, tx *mvcc.WriteTx) bool {
	m.async = m.async && s.grantsAsync()
	return s.joins(r, m, tx)
}

// joins appends a member to the chain, and reports false when its closure has to
// run again. The caller holds s.mu.
func (s *Store) joins(r *run, m *member, tx *mvcc.WriteTx) bool {
	if !s.chain.join(r, m, tx) {
		return false
	}
	if m.async {
		s.show()
		s.publish()
	}
	if !m.acked || len(s.chain.members) == 1 {
		signal(s.joined)
	}
	return true
}

// attempt runs fn and lets what it has led to join the chain by joins. The
// answer is what the Update returns once the member is acknowledged. Without a
// member fn has to run again. The error is ctx's, or fn's that comes of it.
func (s *Store) attempt(
	ctx context.Context, fn func(ctx context.Context, tx backend.WriteTx) error,
	joins func(r *run, m *member, tx *mvcc.WriteTx) bool,
) (m *member, answer, err error) {
	s.mu.Lock()
	r := s.chain.begin()
	ordinal := s.head.Load().base.root.ordinal
	s.pins.hold(ordinal)
	s.mu.Unlock()
	defer s.pins.release(ordinal)
	defer func() {
		s.mu.Lock()
		s.chain.leave(r)
		s.mu.Unlock()
	}()
	tx := r.snap.Write(ctx)
	tx.Record()
	defer tx.End()
	answer = fn(ctx, tx)
	tx.End()
	if errors.Is(answer, errGone) {
		return nil, nil, s.sync(ctx)
	}
	if err := ctx.Err(); err != nil {
		if answer != nil {
			err = answer
		}
		return nil, nil, err
	}
	if answer == nil {
		answer = tx.Err()
	}
	m = newMember(tx, answer == nil, s.durabilityOf(ctx))
	s.mu.Lock()
	defer s.mu.Unlock()
	if !joins(r, m, tx) {
		return nil, nil, nil
	}
	return m, answer, nil
}

// await waits for what becomes of m: nil, errAgain, or why it failed. When ctx
// is done before m is sent, m is taken out of the chain.
func (s *Store) await(ctx context.Context, m *member) error {
	select {
	case err := <-m.told:
		return err
	case <-ctx.Done():
	}
	s.mu.Lock()
	i := slices.Index(s.chain.members, m)
	switch {
	case i >= s.sent:
		s.dismiss(s.chain.remove(i), errAgain)
		s.publish()
		s.mu.Unlock()
		return ctx.Err()
	case i >= 0:
		// Others are stored with it. When all of them have left, too, IndexedDB
		// need not go on.
		m.left = true
		if !slices.ContainsFunc(s.chain.members[:s.sent], func(m *member) bool { return !m.left }) {
			s.giveUp()
		}
	}
	s.mu.Unlock()
	err := <-m.told
	if err == errGivenUp {
		err = ctx.Err()
	}
	return err
}

// durabilityOf returns how durable an Update's commit must be.
func (s *Store) durabilityOf(ctx context.Context) backend.Durability {
	if d := backend.TxOptionsOf(ctx).Durability; d != backend.Default {
		return d
	}
	return s.durability
}
