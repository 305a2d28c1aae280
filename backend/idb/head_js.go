//go:build js && wasm

package idb

import (
	"errors"

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

// show acknowledges what may be acknowledged before it is stored. The caller
// holds s.mu.
func (s *Store) show() {
	if !s.alone() {
		return
	}
	for _, m := range s.chain.show() {
		m.acked = true
		m.told <- nil
	}
	s.publish()
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
		case err != nil && m.ops != nil && s.harm == nil:
			s.harm = lost(err)
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
		select {
		case s.back <- struct{}{}:
		default:
		}
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

// harmed returns why the log can't be written to, or nil.
func (s *Store) harmed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.harm
}

// usable returns why nothing can be committed, or nil.
func (s *Store) usable() error {
	if err := s.harmed(); err != nil {
		return err
	}
	return s.conn.err()
}

// alone reports whether nobody else can write.
func (s *Store) alone() bool { return false }
