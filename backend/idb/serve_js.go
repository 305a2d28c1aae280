//go:build js && wasm

package idb

import (
	"context"
	"errors"
	"time"
)

// serve asks for the lock and lets it go, as is needed, until ctx is done.
func (w *writer) serve(ctx context.Context) {
	look := newAlarm()
	defer look.close()
	for {
		var lost chan struct{}
		if w.lock != nil {
			lost = w.lock.lost
		}
		before := w.lock
		select {
		case <-w.asked:
			w.ask(ctx)
		case <-w.heard:
			w.heed(ctx)
		case c := <-w.claims:
			c.granted <- w.clear(c.ctx)
			signal(w.heard)
		case <-lost:
			w.hold(nil, writesNot)
		case l := <-w.raised:
			w.stand(l)
		case <-look.rang:
			w.look(ctx)
			look.set(writerIdle)
		case <-ctx.Done():
			if w.lock != nil {
				w.drop()
				w.channel.say(wordBye)
			}
			w.hold(nil, writesFreely)
			return
		}
		w.raise(ctx)
		switch {
		case w.lock == nil:
			look.stop()
		case before == nil:
			look.set(writerIdle)
		}
	}
}

// ask takes the lock, alone if nobody else has it.
func (w *writer) ask(ctx context.Context) {
	if w.lock != nil {
		return
	}
	mode := writesAlone
	l, err := w.locks.request(ctx, writerLock, exclusive, ifFree)
	if errors.Is(err, errNotFree) {
		mode = writesShared
		l, err = w.locks.request(ctx, writerLock, shared, ifFree)
	}
	if errors.Is(err, errNotFree) {
		l, mode, err = w.wait(ctx, shared, wordYield)
	}
	w.settle(l, mode, err)
	signal(w.heard) // what was said meanwhile
}

// settle takes over what came of asking for the lock.
func (w *writer) settle(l *lock, mode writerMode, err error) {
	switch {
	case err == nil:
		w.hold(l, mode)
	case errors.Is(err, errNoLocks):
		w.hold(nil, writesFreely)
	}
}

// wait queues for the lock, and takes it from holders that say nothing.
func (w *writer) wait(ctx context.Context, mode lockMode, say word) (*lock, writerMode, error) {
	type result struct {
		lock *lock
		err  error
	}
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	got := make(chan result, 1)
	go func() {
		l, err := w.locks.request(waiting, writerLock, mode, queue)
		got <- result{l, err}
	}()
	again := time.NewTicker(sayAgain)
	defer again.Stop()
	patience := time.NewTimer(yieldPatience)
	defer patience.Stop()
	granted := writesShared
	if mode == exclusive {
		granted = writesAlone
	}
	w.channel.say(say)
	for {
		select {
		case r := <-got:
			return r.lock, granted, r.err
		case <-again.C:
			w.channel.say(say)
		case <-w.heard:
			if w.heeds(wordWait) {
				patience.Reset(yieldPatience)
			}
		case <-patience.C:
			stop()
			if r := <-got; r.err == nil || !errors.Is(r.err, context.Canceled) {
				return r.lock, granted, r.err
			}
			l, err := w.locks.request(ctx, writerLock, exclusive, steal)
			return l, writesAlone, err
		}
	}
}

// heed does what was said.
func (w *writer) heed(ctx context.Context) {
	w.heeds(wordWait) // nobody waits here
	if w.lock == nil {
		w.heeds(wordYield, wordClear, wordBye, wordRest, wordLeave)
		return
	}
	if w.heeds(wordLeave) {
		w.drop()
		w.hold(nil, writesNot)
		w.channel.say(wordBye)
		return
	}
	if w.heeds(wordRest) {
		w.cede(ctx)
		w.channel.say(wordBye)
		return
	}
	if w.heeds(wordBye) {
		w.rise(ctx)
	}
	if yield := w.heeds(wordYield); !w.heeds(wordClear) && !(yield && w.mode == writesAlone) {
		return
	}
	w.mu.Lock()
	held := w.claimed
	if held != nil {
		w.said[wordClear] = true // for when the claim has ended
	}
	w.mu.Unlock()
	switch {
	case held == nil:
		w.cede(ctx)
	case time.Since(held.since) < holdPatience:
		w.channel.say(wordWait)
	}
}

// cede stores what is acknowledged already and lets go.
func (w *writer) cede(ctx context.Context) {
	w.mu.Lock()
	w.ceding = true
	w.mu.Unlock()
	flushing, stop := context.WithTimeout(ctx, holdPatience)
	defer stop()
	flushed := make(chan struct{})
	go func() {
		defer close(flushed)
		w.flush(flushing)
	}()
	again := time.NewTicker(sayAgain)
	defer again.Stop()
	for done := false; !done; {
		select {
		case <-flushed:
			done = true
		case <-again.C:
			w.channel.say(wordWait)
		}
	}
	w.drop()
	w.hold(nil, writesNot)
}

// drop lets go of the lock, and of the fence before.
func (w *writer) drop() {
	w.lower()
	w.lock.release()
}

// rise asks for the lock anew if nobody else has it, to be alone.
func (w *writer) rise(ctx context.Context) {
	if w.lock == nil || w.mode != writesShared {
		return
	}
	names, err := w.locks.held(ctx)
	if err != nil {
		return
	}
	holders := 0
	for _, name := range names {
		if name == writerLock {
			holders++
		}
	}
	if holders > 1 {
		return
	}
	w.lock.release()
	w.hold(nil, writesNot)
	w.ask(ctx)
}

// look is done from time to time while the lock is held.
func (w *writer) look(ctx context.Context) {
	w.mu.Lock()
	used, held := w.used, w.claimed
	w.used = false
	w.mu.Unlock()
	switch {
	case held != nil || w.lock == nil:
	case used:
		w.rise(ctx)
	default:
		w.cede(ctx)
		w.channel.say(wordBye)
	}
}

// clear makes this context the only one that writes.
func (w *writer) clear(ctx context.Context) error {
	if w.mode == writesFreely {
		return nil
	}
	if w.mode != writesAlone {
		if w.lock != nil {
			w.lock.release()
			w.hold(nil, writesNot)
		}
		l, mode, err := w.wait(ctx, exclusive, wordClear)
		w.settle(l, mode, err)
		if err != nil && !errors.Is(err, errNoLocks) {
			return err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.mode == writesAlone && w.claimed == nil {
		w.claimed = &claimed{since: time.Now()}
	}
	return nil
}
