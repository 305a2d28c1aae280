//go:build js && wasm

package idb

import (
	"context"
	"time"
)

// idleTime is how long nothing is committed before a log is folded that hasn't
// outgrown its bound.
const idleTime = time.Second

// A folder is what a Store knows of its checkpoints. Its fields are guarded by
// the Store's mutex.
type folder struct {
	wake      chan struct{} // of capacity 1: there is something to look at
	watches   bool          // the goroutine looks at the log every idleTime
	pressed   bool          // a writer waits for room
	room      chan struct{} // closed when a checkpoint was made or failed
	postponed uint64        // bytes of the log that could not be folded
	cancel    func()        // ends the checkpoint that was begun last
}

func newFolder() folder {
	return folder{wake: make(chan struct{}, 1), room: make(chan struct{})}
}

// rouse lets the goroutine look.
func (f *folder) rouse() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// giveRoom lets the writers that wait look.
func (f *folder) giveRoom() {
	close(f.room)
	f.room = make(chan struct{})
}

// bound returns how many bytes the log may take.
func (s *Store) bound(st *state) uint64 {
	if s.logBound > 0 {
		return s.logBound
	}
	return st.bound(s.pages.budget)
}

// outgrown reports whether the log is due to be folded. It is called with mu
// held.
func (s *Store) outgrown(st *state) bool { return st.log > s.folder.postponed+s.bound(st) }

// crowded reports whether the log has no room for more. It is called with mu
// held.
func (s *Store) crowded(st *state) bool {
	return st.log > s.folder.postponed+room(s.bound(st), s.pages.budget)
}

// idles reports whether the log is worth to be folded when nothing else is done.
// It is called with mu held.
func (s *Store) idles(st *state) bool { return st.log > s.folder.postponed+minIdle }

// wantCheckpoint is called when the log has grown.
func (s *Store) wantCheckpoint() {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.head.Load()
	s.pages.yield(2 * st.log) // commits are in memory twice: as pairs, and as they were stored
	if !s.folder.watches && s.idles(st) || s.outgrown(st) {
		s.folder.rouse()
	}
}

// makeRoom waits while the log has no room for more. It doesn't wait for what
// can't be done. The error is ctx's.
func (s *Store) makeRoom(ctx context.Context) error {
	for {
		s.mu.Lock()
		wait, room := s.harm == nil && s.crowded(s.head.Load()), s.folder.room
		if wait {
			s.folder.pressed = true
			s.folder.rouse()
		}
		s.mu.Unlock()
		if !wait {
			return ctx.Err()
		}
		select {
		case <-room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// checkpoints folds the log whenever that is due, until ctx is done, or until
// open is: then once more, if it is worth it.
func (s *Store) checkpoints(ctx, open context.Context) {
	tick := newAlarm()
	defer tick.close()
	tick.set(idleTime)
	var seen uint64                    // the newest commit at the last look
	sweep := time.Now().Add(s.grace()) // when to look for garbage, that others have left for one
	for open.Err() == nil {
		idle := false
		select {
		case <-s.folder.wake:
		case <-tick.rang:
			idle = s.head.Load().snap.Version() == seen
		case <-open.Done():
		}
		idle = idle || open.Err() != nil
		s.mu.Lock()
		st, how := s.head.Load(), ifFree
		due := s.harm == nil && (s.outgrown(st) || idle && s.idles(st))
		if s.folder.pressed {
			how, s.folder.pressed = queue, false
		}
		s.mu.Unlock()
		switch {
		case due:
			if s.makeCheckpoint(ctx, open, how) {
				sweep = time.Now().Add(s.grace())
			}
		case !sweep.IsZero() && time.Now().After(sweep):
			sweep = time.Time{}
			s.sweepAlone(ctx, open)
		}
		s.mu.Lock()
		st = s.head.Load()
		seen = st.snap.Version()
		if s.folder.watches = s.idles(st) || !sweep.IsZero(); s.folder.watches {
			tick.set(idleTime)
		}
		s.mu.Unlock()
	}
}
