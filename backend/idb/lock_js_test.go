//go:build js && wasm

package idb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall/js"
	"testing"
	"time"
)

func lockContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// newTestLocks returns locks that nobody else knows.
func newTestLocks(t *testing.T) *locks {
	l := newLocks(fmt.Sprintf("test-%x", rand.Uint64()))
	if !l.exist() {
		t.Fatal("this platform has no locks")
	}
	return l
}

func mustLock(t *testing.T, l *locks, name string, mode lockMode, how lockHow) *lock {
	t.Helper()
	held, err := l.request(lockContext(t), name, mode, how)
	if err != nil {
		t.Fatalf("request(%s, %s, %s): %v", name, mode, how, err)
	}
	t.Cleanup(held.release)
	return held
}

func wantHeld(t *testing.T, l *locks, want ...string) {
	t.Helper()
	got, err := l.held(lockContext(t))
	slices.Sort(got)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("held() = %v, %v, want %v", got, err, want)
	}
}

// pause lets other tasks of the page run.
func pause() { <-time.NewTimer(time.Millisecond).C }

// awaitHeld waits until the locks that are held are those.
func awaitHeld(t *testing.T, l *locks, want ...string) {
	t.Helper()
	ctx := lockContext(t)
	for {
		got, err := l.held(ctx)
		if slices.Sort(got); slices.Equal(got, want) {
			return
		}
		if err != nil || ctx.Err() != nil {
			t.Fatalf("the locks are %v, %v, want %v", got, err, want)
		}
		pause()
	}
}

func TestLockModes(t *testing.T) {
	l := newTestLocks(t)
	one, two := mustLock(t, l, "a", shared, queue), mustLock(t, l, "a", shared, ifFree)
	mustLock(t, l, "b", exclusive, ifFree)
	wantHeld(t, l, "a", "a", "b")
	for name, mode := range map[string]lockMode{"a": exclusive, "b": shared} {
		if _, err := l.request(lockContext(t), name, mode, ifFree); !errors.Is(err, errNotFree) {
			t.Errorf("request of %s = %v, want errNotFree", name, err)
		}
	}
	one.release()
	one.release() // does nothing more
	two.release()
	wantHeld(t, l, "b")
	mustLock(t, l, "a", exclusive, ifFree)
}

func TestLockIsWaitedFor(t *testing.T) {
	l := newTestLocks(t)
	held := mustLock(t, l, "a", exclusive, queue)
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error, 2)
	request := func(ctx context.Context) {
		got, err := l.request(ctx, "a", shared, queue)
		if err == nil {
			got.release()
		}
		waiting <- err
	}
	go request(ctx)
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Errorf("a request whose context is done = %v, want its error", err)
	}
	go request(lockContext(t))
	held.release()
	if err := <-waiting; err != nil {
		t.Errorf("a request that was waiting = %v, want nil", err)
	}
	wantHeld(t, l)
}

func TestLockIsStolen(t *testing.T) {
	l := newTestLocks(t)
	victims := []*lock{mustLock(t, l, "a", shared, queue), mustLock(t, l, "a", shared, queue)}
	thief := mustLock(t, l, "a", exclusive, steal)
	for _, victim := range victims {
		<-victim.lost
		victim.release() // too late, and no harm
	}
	wantHeld(t, l, "a")
	select {
	case <-thief.lost:
		t.Error("the thief has lost the lock, too")
	default:
	}
}

func TestNoLocks(t *testing.T) {
	refused := js.FuncOf(func(js.Value, []js.Value) any {
		return js.Global().Get("Promise").Call("reject", js.Global().Get("DOMException").New("not here", "SecurityError"))
	})
	defer refused.Release()
	for what, l := range map[string]*locks{
		"missing": {},
		"refused": {manager: js.ValueOf(map[string]any{"request": refused, "query": refused})},
	} {
		if _, err := l.request(lockContext(t), "a", exclusive, queue); !errors.Is(err, errNoLocks) {
			t.Errorf("%s: request = %v, want errNoLocks", what, err)
		}
		if _, err := l.held(lockContext(t)); !errors.Is(err, errNoLocks) {
			t.Errorf("%s: held = %v, want errNoLocks", what, err)
		}
	}
}

// Checkpoints are pinned as long as somebody holds them and the page is awake.
func TestPins(t *testing.T) {
	l := newTestLocks(t)
	p := newPins(l)
	p.hold(3)
	p.hold(3)
	p.hold(7)
	awaitHeld(t, l, "pages:3", "pages:7")
	p.release(3)
	p.release(7)
	awaitHeld(t, l, "pages:3")
	p.sleep()
	awaitHeld(t, l)
	p.hold(8)
	p.wake()
	awaitHeld(t, l, "pages:3", "pages:8")
	p.release(3)
	p.release(8)
	p.hold(9)
	p.close()
	awaitHeld(t, l) // one that was given up while it was granted may be listed for a moment
}
