//go:build js && wasm

package idb

import (
	"context"
	"encoding/hex"
	"sync"
	"sync/atomic"
	"time"
)

// A writer knows whether its context is the only one that writes to a database.
//
// Each context holds the Web Lock "writer" while it writes: exclusive when
// nobody else has it, and then it is alone; else shared. A lock that was not
// needed for a while is let go. Who finds the lock taken says yield, and asks
// for it shared. Who is alone then sends what it has acknowledged before it was
// stored, lets go, and asks for it shared as well.
//
// Being alone allows Updates to be acknowledged before they are stored, and a
// [fence] to be put up. Nothing else rests on it: [conn.commit] finds out by
// itself who was faster.
// Nothing is wrong, therefore, when two contexts think that they are alone, or
// one writes without a lock. So these cases need no care:
//
//   - A lock is stolen, because its holder sleeps, while a record of the holder
//     is on its way: it or the thief's first record collides with the other.
//   - A tab is killed: its locks go with it, and what was on its way is stored
//     before or after somebody else's, or not at all.
//   - Two contexts ask at once: the lock's queue has an order. Two steal at
//     once: the second has it, and the first, who hears that it has lost it, asks
//     anew.
//   - A word is lost: who waits says it again, and in the end steals. A word comes
//     while the lock is being asked for: it is heeded once the lock is there.
//   - Locks or channels are missing, here or in another context: then nobody here
//     is ever alone.
//
// What can be lost is an Update that was acknowledged early by a context that
// sleeps for longer than others wait. That is what [backend.Async] promises, and
// a page that is put to sleep lets go before.
type writer struct {
	locks   *locks
	channel *channel
	flush   func(ctx context.Context)

	asked  chan struct{} // of capacity 1: somebody needs the lock
	heard  chan struct{} // of capacity 1: something was said
	claims chan claim

	mu      sync.Mutex
	mode    writerMode
	ceding  bool          // it won't be alone much longer
	used    bool          // since the last look
	changed chan struct{} // closed when mode changes
	said    map[word]bool // what was said and isn't heeded yet
	claimed *claimed      // nil for none

	fence     atomic.Pointer[fence]
	fenceLock string     // its name
	raised    chan *lock // what came of asking for it

	// serve's
	lock    *lock
	raising context.CancelFunc // gives up asking for the fence; nil when it isn't asked for
}

// A writerMode says how a writer holds the lock.
type writerMode uint8

const (
	writesNot    writerMode = iota // not at all
	writesShared                   // as others may
	writesAlone                    // as nobody else
	writesFreely                   // there is no lock to hold
)

// A claim asks to be alone for a while, whoever else writes.
type claim struct {
	ctx     context.Context
	granted chan error // of capacity 1
}

// claimed is what claims have led to.
type claimed struct {
	since time.Time
	by    int // claims that have not been released
}

const (
	writerLock = "writer"

	// yieldPatience is how long a holder of the lock may be silent.
	yieldPatience = 2 * time.Second
	// sayAgain is how often who waits, or keeps others waiting, says so.
	sayAgain = time.Second / 2
	// holdPatience is how long a holder keeps others waiting at most.
	holdPatience = 10 * time.Second
	// writerIdle is how long the lock is held without need, and how often a
	// writer that is not alone looks whether it could be.
	writerIdle = 10 * time.Second

	// What a page says to itself: let go, and let go without a flush.
	wordRest  word = "rest"
	wordLeave word = "leave"
)

// newWriter returns the writer of a context, which is served by serve. It calls
// flush, when it ends being alone, to have everything stored that is
// acknowledged already.
func newWriter(context id, l *locks, c *channel, flush func(ctx context.Context)) *writer {
	w := &writer{
		locks: l, channel: c, flush: flush,
		fenceLock: fencePrefix + hex.EncodeToString(context[:]), raised: make(chan *lock),
		asked: make(chan struct{}, 1), heard: make(chan struct{}, 1),
		claims: make(chan claim), changed: make(chan struct{}), said: map[word]bool{},
	}
	if !l.exist() || !c.exists() {
		w.mode = writesFreely
	}
	c.listen = func(said word) {
		switch said {
		case wordYield, wordClear, wordWait, wordBye:
			w.hear(said)
		}
	}
	return w
}

// ready waits until this context may write, and reports whether it is alone. It
// costs nothing while the lock is held.
func (w *writer) ready(ctx context.Context) (alone bool, err error) {
	for {
		w.mu.Lock()
		w.used = true
		mode, changed := w.mode, w.changed
		w.mu.Unlock()
		if mode != writesNot {
			return mode == writesAlone, nil
		}
		signal(w.asked)
		select {
		case <-changed:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// isFree reports whether there is no lock to hold.
func (w *writer) isFree() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.mode == writesFreely
}

// alone reports whether Updates may be acknowledged before they are stored.
func (w *writer) alone() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.mode == writesAlone && !w.ceding
}

// claim waits until nobody else writes, and keeps it so until release is called,
// for 10 seconds at most. It is for an Update whose closure waits for something,
// so that others would be faster for ever; several of one context may claim at
// once. Without locks it claims nothing.
func (w *writer) claim(ctx context.Context) (release func(), err error) {
	for {
		w.mu.Lock()
		free, held := w.mode == writesFreely, w.claimed
		if held != nil {
			held.by++
		}
		w.mu.Unlock()
		if held != nil {
			return sync.OnceFunc(func() { w.unclaim(held) }), nil
		}
		if free {
			return func() {}, nil
		}
		c := claim{ctx, make(chan error, 1)}
		select {
		case w.claims <- c:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if err := <-c.granted; err != nil {
			return nil, err
		}
	}
}

func (w *writer) unclaim(held *claimed) {
	w.mu.Lock()
	held.by--
	if held.by == 0 && w.claimed == held {
		w.claimed = nil
	}
	w.mu.Unlock()
	signal(w.heard) // who waits may have it
}

// rest lets go of the lock as soon as that can be: the page is about to sleep.
// It returns when that is done, or ctx's error.
func (w *writer) rest(ctx context.Context) error { return w.letGo(ctx, wordRest) }

// leave is rest without a flush, whose end a page that sleeps wouldn't hear of.
func (w *writer) leave(ctx context.Context) error { return w.letGo(ctx, wordLeave) }

func (w *writer) letGo(ctx context.Context, said word) error {
	w.hear(said)
	for {
		w.mu.Lock()
		mode, changed := w.mode, w.changed
		w.mu.Unlock()
		if mode == writesNot || mode == writesFreely {
			return ctx.Err()
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (w *writer) hear(said word) {
	w.mu.Lock()
	w.said[said] = true
	w.mu.Unlock()
	signal(w.heard)
}

// heeds reports whether one of words was said, which it forgets.
func (w *writer) heeds(words ...word) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	any := false
	for _, said := range words {
		any = any || w.said[said]
		delete(w.said, said)
	}
	return any
}

// hold notes how the lock is held now.
func (w *writer) hold(l *lock, mode writerMode) {
	if mode != writesAlone {
		w.lower()
	}
	w.lock = l
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mode, w.ceding, w.claimed = mode, false, nil
	close(w.changed)
	w.changed = make(chan struct{})
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
