//go:build js && wasm

package idb

import (
	"context"
	"errors"
	"sync/atomic"
)

// fenceLock is the name of fences' Web Lock. It is shared, and nobody steals it.
const fenceLock = "fence"

// A fence lets a writer that is alone add records without a look at the root:
// no checkpoint of another context deletes records of the log while it stands,
// so that a record that follows a state which isn't the newest always collides.
//
// It does so from the first commit on that was sent since the fence was put up
// and has looked at the root. Whoever made a checkpoint before has deleted only
// what that commit has seen; who makes one later sees the lock.
type fence struct {
	lock *lock
	down atomic.Bool
}

// raise puts up w's fence, if w writes alone and has none.
func (w *writer) raise(ctx context.Context) {
	if w.mode != writesAlone || w.fence.Load() != nil {
		return
	}
	if l, err := w.locks.request(ctx, fenceLock, shared, ifFree); err == nil {
		w.fence.Store(&fence{lock: l})
	}
}

// lower takes down w's fence, if there is one.
func (w *writer) lower() {
	if f := w.fence.Swap(nil); f != nil {
		f.down.Store(true)
		f.lock.release()
	}
}

// errFenceDown is why a record's fate is unknown whose fence was taken down
// while the record was on its way: what it should have met may be gone.
var errFenceDown = errors.New("the fence was taken down meanwhile")

// A looked is what the last look at the root allows.
type looked struct {
	fence *fence // that stood then; nil for none
	link  *link  // another one could be to another database
	blind int    // commits since then
}

// maxBlind is after how many commits the root is looked at again, so that a
// context learns of others' checkpoints.
const maxBlind = 32

// after returns what follows from the answer to a commit that has happened.
func (l looked) after(f *fence, a answer) looked {
	if a.blind {
		l.blind++
		return l
	}
	return looked{fence: f, link: a.link}
}

// answer returns the answer to r with what is known of it as it is sent on l.
func (c *conn) answer(r commitRequest, l *link) answer {
	blind := r.record != nil && r.alone && r.fence != nil && !r.fence.down.Load() &&
		c.looked.fence == r.fence && c.looked.link == l && c.looked.blind < maxBlind
	return answer{link: l, blind: blind, same: blind}
}

// fencedOff reports whether another context may have put up a fence. A context
// without Web Locks takes it that the others have none, either: all contexts
// of an origin have them, or none has.
func (s *Store) fencedOff(ctx context.Context) bool {
	own := s.writer.fence.Load()
	names, err := s.locks.held(ctx)
	if err != nil {
		return !errors.Is(err, errNoLocks)
	}
	fences := 0
	for _, name := range names {
		if name == fenceLock {
			fences++
		}
	}
	// Its own is among them only if it stood all the while.
	if own != nil && own == s.writer.fence.Load() {
		fences--
	}
	return fences > 0
}
