//go:build js && wasm

package idb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"
)

// A testWriter is a writer with all that it needs, as a context of its own has
// it.
type testWriter struct {
	*writer
	flushes atomic.Int32
	stop    func()
}

func startWriter(t *testing.T, name string) *testWriter {
	t.Helper()
	w := &testWriter{}
	c := newChannel(name)
	w.writer = newWriter(newID(), newLocks(name), c, func(context.Context) { w.flushes.Add(1) })
	if w.mode == writesFreely {
		t.Fatal("this platform has no locks or no channels")
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.serve(ctx)
	}()
	w.stop = func() {
		cancel()
		<-ended
		c.sleep()
	}
	t.Cleanup(w.stop)
	return w
}

func newWriterName() string { return fmt.Sprintf("test-%x", rand.Uint64()) }

func (w *testWriter) wantReady(t *testing.T, alone bool) {
	t.Helper()
	got, err := w.ready(lockContext(t))
	if err != nil || got != alone {
		t.Errorf("ready() = %v, %v, want %v", got, err, alone)
	}
	if got := w.alone(); got != alone {
		t.Errorf("alone() = %v, want %v", got, alone)
	}
}

// becomes waits until w is alone, or isn't any more.
func (w *testWriter) becomes(t *testing.T, alone bool) {
	t.Helper()
	ctx := lockContext(t)
	for {
		got, err := w.ready(ctx)
		if err != nil {
			t.Fatalf("alone never became %v: %v", alone, err)
		}
		if got == alone {
			return
		}
		pause()
	}
}

func TestWriterYields(t *testing.T) {
	name := newWriterName()
	l := newLocks(name)
	first := startWriter(t, name)
	first.wantReady(t, true)
	awaitHeld(t, l, first.fenceLock, writerLock)
	second := startWriter(t, name)
	second.wantReady(t, false)
	if first.alone() || first.flushes.Load() == 0 {
		t.Errorf("the first is alone: %v, after %d flushes, want that it has flushed and isn't", first.alone(), first.flushes.Load())
	}
	first.wantReady(t, false)
	awaitHeld(t, l, writerLock, writerLock)

	// It says bye, and who is left is alone again.
	second.stop()
	first.becomes(t, true)
	awaitHeld(t, l, first.fenceLock, writerLock)
}

// A holder that says nothing loses the lock.
func TestWriterSteals(t *testing.T) {
	name := newWriterName()
	asleep := mustLock(t, newLocks(name), writerLock, exclusive, queue)
	w := startWriter(t, name)
	w.wantReady(t, true)
	<-asleep.lost
}

// Who has lost the lock asks for it anew.
func TestWriterIsRobbed(t *testing.T) {
	name := newWriterName()
	w := startWriter(t, name)
	w.wantReady(t, true)
	l := newLocks(name)
	thief := mustLock(t, l, writerLock, exclusive, steal)
	for w.alone() {
		pause()
	}
	awaitHeld(t, l, writerLock)
	again := make(chan error, 1)
	go func() {
		_, err := w.ready(lockContext(t))
		again <- err
	}()
	thief.release()
	if err := <-again; err != nil {
		t.Errorf("ready() = %v, want nil", err)
	}
}

// Who claims to be alone is, whoever writes, until the last claim of the context
// is released.
func TestWriterClaims(t *testing.T) {
	name := newWriterName()
	first, second := startWriter(t, name), startWriter(t, name)
	first.wantReady(t, true)
	second.wantReady(t, false)
	release, err := second.claim(lockContext(t))
	if err != nil {
		t.Fatalf("claim: %v", err)
	}
	other, err := second.claim(lockContext(t))
	if err != nil {
		t.Fatalf("the second claim: %v", err)
	}
	second.wantReady(t, true)
	waiting := make(chan bool, 1)
	go func() {
		_, err := first.ready(lockContext(t))
		waiting <- err == nil
	}()
	release()
	release() // counts once
	short, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	select {
	case <-waiting:
		t.Error("another context writes while there is a claim")
	case <-short.Done():
	}
	second.wantReady(t, true)
	other()
	if !<-waiting {
		t.Error("the other context never writes")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := first.claim(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a claim whose context is done = %v, want its error", err)
	}
}

// A page that goes to sleep lets go, and takes the lock again when it writes.
func TestWriterRests(t *testing.T) {
	name := newWriterName()
	w := startWriter(t, name)
	w.wantReady(t, true)
	if err := w.rest(lockContext(t)); err != nil {
		t.Errorf("rest = %v, want nil", err)
	}
	awaitHeld(t, newLocks(name))
	if w.flushes.Load() == 0 {
		t.Error("it has let go without a flush")
	}
	w.wantReady(t, true)
}

// Without locks, or without a way to be asked for them, nobody is alone.
func TestWriterWithoutLocks(t *testing.T) {
	name := newWriterName()
	c := newChannel(name)
	defer c.sleep()
	for what, w := range map[string]*writer{
		"locks":    newWriter(newID(), &locks{}, c, nil),
		"channels": newWriter(newID(), newLocks(name), &channel{}, nil),
	} {
		alone, err := w.ready(lockContext(t))
		if alone || err != nil {
			t.Errorf("without %s: ready() = %v, %v, want false, nil", what, alone, err)
		}
		release, err := w.claim(lockContext(t))
		if err != nil {
			t.Errorf("without %s: claim = %v, want nil", what, err)
		} else {
			release()
		}
	}
}
