//go:build js && wasm

package idb

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"syscall/js"
	"time"

	"github.com/larderdb/larder/internal/pagetree"
)

const (
	// grace is how long pages are kept after a checkpoint has replaced them:
	// until every context that began to read them just then shows its lock.
	grace = 5 * time.Second
	// longGrace is grace where contexts can't show that they read.
	longGrace = time.Minute
	// longGone is after how long, where there are no locks, a checkpoint is
	// taken for one whose context has gone.
	longGone = time.Hour

	checkpointLock = "checkpoint"
)

// grace returns how long replaced pages are kept.
func (s *Store) grace() time.Duration {
	switch {
	case s.noGrace:
		return 0
	case s.locks.exist():
		return grace
	}
	return longGrace
}

// oldestRead returns the oldest checkpoint that any context still reads, or
// newest when there is none older.
func (s *Store) oldestRead(ctx context.Context, newest uint64) (uint64, error) {
	names, err := s.locks.held(ctx)
	if err != nil && !errors.Is(err, errNoLocks) {
		return 0, err
	}
	for _, name := range names {
		if n, ok := strings.CutPrefix(name, pageLock); ok {
			if ordinal, err := strconv.ParseUint(n, 10, 64); err == nil {
				newest = min(newest, ordinal)
			}
		}
	}
	return s.pins.oldest(newest), nil
}

// sweepAlone is sweep for who doesn't hold the lock on checkpoints. When open is
// done meanwhile it folds the log, if that is worth it.
func (s *Store) sweepAlone(ctx, open context.Context) {
	held, err := s.locks.request(ctx, checkpointLock, exclusive, ifFree)
	if err == nil {
		defer held.release()
	} else if !errors.Is(err, errNoLocks) {
		return // who holds it does the same
	}
	s.sweep(ctx)
	s.foldLast(ctx, open)
}

// sweep deletes pages that nobody reads any more: those that checkpoints have
// replaced, and what is left of checkpoints that came to nothing. Its caller
// holds the lock on checkpoints, where there are locks. It does as much as it
// can; the next checkpoint does the rest.
func (s *Store) sweep(ctx context.Context) {
	st := s.head.Load()
	var req js.Value
	err := s.conn.run(ctx, logScope, js.Undefined(), func(t *txn) { req = t.store(rootStore).Call("get", janitorKey) })
	if err != nil {
		return
	}
	j, err := s.readJanitor(req.Get("result"))
	if err != nil {
		return // the next checkpoint says so
	}
	now := nowMillis()
	for _, d := range j.begun {
		if s.locks.exist() || d.since+uint64(longGone.Milliseconds()) < now {
			s.deleteLeftover(ctx, st, d.number)
		}
	}
	oldest, err := s.oldestRead(ctx, st.base.root.ordinal)
	for _, d := range j.garbage {
		page := pagetree.ID(d.number)
		if err == nil && d.since+uint64(s.grace().Milliseconds()) <= now && ordinalOf(page) <= oldest {
			err = s.deleteGarbage(ctx, st, page)
		}
	}
}

// deleteLeftover deletes the pages of a checkpoint that was begun and came to
// nothing.
func (s *Store) deleteLeftover(ctx context.Context, st *state, ordinal uint64) {
	_ = s.conn.run(ctx, pageScope, s.conn.relaxed, func(t *txn) {
		s.withJanitor(t, st, func(j *janitor) error {
			if !j.end(ordinal) {
				return errMoved
			}
			s.deletePages(t, uint64(firstPage(ordinal)), uint64(firstPage(ordinal+1))-1)
			return nil
		})
	})
}

// deleteGarbage deletes the pages that a garbage page lists, and that page. One
// that is damaged stays, and so do the pages.
func (s *Store) deleteGarbage(ctx context.Context, st *state, page pagetree.ID) error {
	stored, err := s.conn.getPages(ctx, []pagetree.ID{page})
	if err != nil {
		return err
	}
	g, err := decodeGarbage(page, stored[0])
	if err != nil {
		return nil
	}
	err = s.conn.run(ctx, pageScope, s.conn.relaxed, func(t *txn) {
		s.withJanitor(t, st, func(j *janitor) error {
			if !j.forget(page) {
				return errMoved
			}
			for first, last := range runs(g.pages) {
				s.deletePages(t, first, last)
			}
			s.deletePages(t, uint64(page), uint64(page))
			return nil
		})
	})
	if err == nil {
		s.pages.forget(g.pages)
	}
	return err
}
