//go:build js && wasm

package idb

import (
	"context"
	"strings"
	"sync/atomic"

	"github.com/larderdb/larder/backend"
)

// A fence lets a writer that is alone add records without a look at the root.
// It is a Web Lock of the context's own, which nobody else asks for. A
// checkpoint that sees one of another context deletes nothing of the log, so
// that a record that follows a state which isn't the newest collides.
//
// That holds from the first commit on that was sent since the fence was put up
// and has looked at the root: a checkpoint that has not seen the fence has
// chosen what it folds before that look, and deletes no more than the look saw.
type fence struct {
	lock *lock
	down atomic.Bool

	// For who is at the log:
	link  *link // that the last look went over, since another one could be to another database; nil before the first
	blind int   // commits since the last look
}

// fencePrefix begins the names of fences' locks; the context's id follows.
const fencePrefix = "fence:"

// maxBlind is after how many commits the root is looked at again, so that a
// context learns of others' checkpoints.
const maxBlind = 32

// isGone reports whether f, which may be nil, was taken down, or the browser
// has: WebKit takes a page's locks away as it puts the page to sleep, and tells
// when it wakes, before the page hears of anything that was done since.
func (f *fence) isGone() bool {
	if f == nil || f.down.Load() {
		return true
	}
	select {
	case <-f.lock.lost:
		return true
	default:
		return false
	}
}

// hides reports whether the next commit on l need not look at the root.
func (f *fence) hides(l *link) bool {
	return !f.isGone() && f.link == l && f.blind < maxBlind
}

// passed notes that a commit has happened, given what IndexedDB has answered.
func (f *fence) passed(a answer) {
	if a.blind {
		f.blind++
	} else {
		f.link, f.blind = a.link, 0
	}
}

// errFenceDown is why a record's fate is unknown whose fence was taken down
// while the record was on its way: what it should have met may be gone.
var errFenceDown = &backend.Error{Class: backend.ErrIO, Reason: "the page went to sleep in the middle of a commit"}

// raise asks for w's fence, if w writes alone and has none. It comes by w.raised.
func (w *writer) raise(ctx context.Context) {
	if w.mode != writesAlone || w.raising != nil || !w.fence.Load().isGone() {
		return
	}
	asking, stop := context.WithCancel(ctx)
	w.raising = stop
	go func() {
		// Nobody else has it. Who is about to sleep can give up asking for it, which
		// is not so for one asked for if it is free.
		l, _ := w.locks.request(asking, w.fenceLock, exclusive, queue)
		select {
		case w.raised <- l:
		case <-ctx.Done():
			if l != nil {
				l.release()
			}
		}
	}()
}

// stand puts up the fence whose lock raise got, if that did.
func (w *writer) stand(l *lock) {
	w.raising()
	w.raising = nil
	switch {
	case l == nil:
	case w.mode == writesAlone:
		w.fence.Store(&fence{lock: l})
	default:
		l.letGo()
	}
}

// lower takes down w's fence, or gives up asking for it.
func (w *writer) lower() {
	if w.raising != nil {
		w.raising()
	}
	if f := w.fence.Swap(nil); f != nil {
		f.down.Store(true)
		f.lock.letGo()
	}
}

// fencedOff reports whether another context may have put up a fence. It is
// called after what is to be folded was chosen. A context without Web Locks
// takes it that the others have none, either: all contexts of an origin have
// them, or none has.
func (s *Store) fencedOff(ctx context.Context) bool {
	names, err := s.locks.held(ctx)
	if err != nil {
		return !s.writer.isFree()
	}
	for _, name := range names {
		if strings.HasPrefix(name, fencePrefix) && name != s.writer.fenceLock {
			return true
		}
	}
	return false
}
