//go:build js && wasm

package idb

import (
	"context"
	"errors"
	"time"

	"github.com/larderdb/larder/backend"
)

// replace sets head to what fn makes of it: the same commits over another
// base.
func (s *Store) replace(fn func(*state) (*state, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next, err := fn(s.head.Load())
	if err != nil {
		return err
	}
	s.head.Store(next)
	if next.snap != s.chain.base {
		s.dismiss(s.chain.advance(next.snap, nil), errAgain) // nobody: nothing has changed
	}
	s.publish()
	return nil
}

// publish shows Views what is acknowledged. The caller holds s.mu.
func (s *Store) publish() {
	st := s.head.Load()
	if snap := s.chain.visible(); snap != st.snap {
		more := *st
		more.snap = snap
		st = &more
	}
	// What new transactions read is held before they do.
	if old := s.shown.Swap(st); old.base != st.base {
		s.pins.hold(st.base.root.ordinal)
		s.pins.release(old.base.root.ordinal)
	}
}

// show acknowledges what is to be acknowledged before it is stored. The caller
// holds s.mu, and publishes.
func (s *Store) show() {
	if !s.writer.alone() {
		return
	}
	if s.chain.shown == 0 {
		s.since = time.Now()
	}
	for _, m := range s.chain.show() {
		m.acked = true
		m.told <- nil
	}
}

const (
	// asyncDelay is how long an Update that was acknowledged may take to be on
	// its way to IndexedDB. It is there long before as a rule; but a program
	// that never waits for anything doesn't let anything happen.
	asyncDelay = 40 * time.Millisecond
	// asyncSize bounds the bytes of such Updates.
	asyncSize = 8 << 20
)

// grantsAsync reports whether the next Update may be acknowledged before it is
// stored. In a page that nobody sees none is: it may end or sleep before it
// hears that a commit is stored, which the next one must wait for. The caller
// holds s.mu.
func (s *Store) grantsAsync() bool {
	return s.writer.alone() && !s.tab.away && s.chain.size < asyncSize && (s.chain.shown == 0 || time.Since(s.since) < asyncDelay)
}

// gatherTime is how long commits that were acknowledged before they are stored
// wait for more of their kind.
const gatherTime = 10 * time.Millisecond

// gather waits while all that is to be stored is acknowledged already: IndexedDB
// takes as long for one commit as for a hundred. It doesn't when somebody waits
// for them, as a page does that isn't seen any more.
func (s *Store) gather(ctx context.Context, late *alarm) {
	defer late.stop()
	for set := false; ; {
		s.mu.Lock()
		n := len(s.chain.members)
		wait := n > 0 && s.chain.shown == n && s.drains == 0
		s.mu.Unlock()
		switch {
		case !wait:
			return
		case !set:
			late.set(gatherTime)
			set = true
		}
		select {
		case <-late.rang:
			return
		case <-s.joined:
		case <-s.hurry:
		case <-ctx.Done():
			return
		}
	}
}

// drain returns when everything is stored that was acknowledged before it
// began, or why it can't be.
func (s *Store) drain(ctx context.Context) error {
	s.mu.Lock()
	n := s.chain.shown
	if n == 0 {
		defer s.mu.Unlock()
		return s.lost
	}
	last := s.chain.members[n-1]
	if last.gone == nil {
		last.gone = make(chan struct{})
	}
	s.drains++
	s.mu.Unlock()
	signal(s.hurry)
	defer func() {
		s.mu.Lock()
		s.drains--
		s.mu.Unlock()
	}()
	select {
	case <-last.gone:
		return s.isLost()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// isLost returns why what was acknowledged could not be stored, or nil.
func (s *Store) isLost() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

// dismiss tells members that have left the chain what has become of them: nil,
// errAgain, or why they failed. When one was acknowledged already and is lost
// now, so is the Store: it can't be written to any more. The caller holds
// s.mu.
func (s *Store) dismiss(members []*member, err error) {
	for _, m := range members {
		if m.gone != nil {
			close(m.gone)
		}
		switch {
		case !m.acked:
			if err == errAgain {
				s.away++
			}
			m.told <- err
		case err != nil && m.ops != nil && s.lost == nil:
			s.lost = lost(err)
		}
	}
}

// lost returns the error of a Store that has acknowledged commits that can't be
// stored, because of err.
func lost(err error) error {
	const reason = "commits that were acknowledged as Async are lost; open the database again"
	var e *backend.Error
	if errors.As(err, &e) {
		return &backend.Error{Class: e.Class, Op: "commit", Reason: reason, Err: err}
	}
	return &backend.Error{
		Class: backend.ErrIO, Op: "commit",
		Reason: "another tab took over while this one slept, and " + reason,
	}
}

// present notes that an Update that was told to run again has joined the chain,
// or given up.
func (s *Store) present() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away--; s.away == 0 {
		signal(s.back)
	}
}

// areAway reports whether Updates that were told to run again have not joined
// yet.
func (s *Store) areAway() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.away > 0
}

// damage notes why the log can't be written to.
func (s *Store) damage(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.harm = err
}

// harmed returns why nothing can be written any more, or nil.
func (s *Store) harmed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost != nil {
		return s.lost
	}
	return s.harm
}

// usable returns why nothing can be committed, or nil.
func (s *Store) usable() error {
	if err := s.harmed(); err != nil {
		return err
	}
	return s.conn.err()
}
