package jshost

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/dop251/goja"
	"github.com/tetratelabs/wazero"
)

// Config says what a Realm is like. The zero value is a browser's origin: real time, with Web Locks and
// BroadcastChannel.
type Config struct {
	NoLocks            bool // pages have no navigator.locks
	NoBroadcastChannel bool // pages have no BroadcastChannel

	Script string // JavaScript that runs in each page before its program does

	// VirtualTime makes the clocks of all pages jump to the next timer when nothing else is left to do. While
	// something runs, they go on as real ones do.
	VirtualTime bool
}

// ErrClosed is returned when a call needs a Realm that was closed.
var ErrClosed = errors.New("the realm is closed")

// Realm is one origin: a JavaScript engine with an event loop, an IndexedDB that lives as long as the Realm, and
// any number of programs, which share these as the tabs of a browser do. Realms share nothing. A Realm is safe for
// concurrent use; its JavaScript runs on one goroutine, started by NewRealm and ended by Close.
type Realm struct {
	config Config
	cache  wazero.CompilationCache
	loop   loop
	done   chan struct{} // closed when the loop's goroutine has ended

	// The rest belongs to the loop's goroutine.
	vm        *goja.Runtime
	base      *goja.Object // what the pages' global objects inherit from
	host      *goja.Object // what the polyfills see of this package
	invoke    goja.Callable
	pages     *goja.Object // what polyfill/page.js returned
	taskEnd   []goja.Callable
	onKill    []goja.Callable
	programs  map[int]*Program // the live ones
	lastID    int
	current   *Program // the one whose task is running; nil in the realm's own
	unhandled map[*goja.Promise]*Program
	idle      machine // with no JavaScript on the stack
	unwound   bool    // a page was killed in the middle of its code
}

// NewRealm returns a Realm with no program in it. The caller closes it. It fails when the bundle of fake-indexeddb
// or the Go toolchain's wasm_exec.js is not there.
func NewRealm(config Config) (*Realm, error) {
	scripts, err := loadScripts()
	if err != nil {
		return nil, err
	}
	cache, err := compilationCache()
	if err != nil {
		return nil, err
	}
	r := &Realm{
		config:    config,
		cache:     cache,
		done:      make(chan struct{}),
		vm:        goja.New(),
		programs:  map[int]*Program{},
		unhandled: map[*goja.Promise]*Program{},
	}
	r.loop.init(config.VirtualTime)
	r.vm.SetTimeSource(r.loop.now)
	r.vm.SetAsyncContextTracker(tracker{r})
	r.vm.SetPromiseRejectionTracker(r.trackRejection)
	if err := r.install(scripts); err != nil {
		return nil, fmt.Errorf("the polyfills of the realm: %w", err)
	}
	r.idle = r.machine()
	go r.run()
	return r, nil
}

// Close kills every program and ends the Realm. It waits for the task that is running. A second Close does nothing.
func (r *Realm) Close() {
	r.loop.post(task{run: func() {
		for _, p := range r.programs {
			r.kill(p, ErrKilled)
		}
		r.loop.close()
	}})
	<-r.done
}

// do runs f on the loop, in the page of p or, when p is nil, in none, and waits for it.
func (r *Realm) do(ctx context.Context, p *Program, f func()) error {
	ran := make(chan struct{})
	t := task{owner: p, run: func() {
		defer close(ran)
		f()
	}}
	if !r.loop.post(t) {
		return ErrClosed
	}
	select {
	case <-ran:
		return nil
	case <-r.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run is the loop's goroutine.
func (r *Realm) run() {
	defer close(r.done)
	for {
		t, state := r.loop.next()
		switch state {
		case stopped:
			return
		case idle:
			if !r.reportDeadlock() {
				r.loop.wait()
			}
		case ready:
			if t.owner == nil || t.owner.alive() {
				r.runTask(t)
				r.loop.ran(t)
			}
		}
	}
}

func (r *Realm) runTask(t task) {
	r.enter(t.owner)
	t.run()
	if r.unwound {
		r.idle.restore()
		r.unwound = false
	}
	for _, f := range r.taskEnd {
		if _, err := f(goja.Undefined()); err != nil {
			r.report(err)
		}
	}
	for promise, p := range r.unhandled {
		delete(r.unhandled, promise)
		r.enter(p)
		r.report(fmt.Errorf("unhandled rejection: %s", describe(promise.Result())))
	}
	for _, p := range r.programs {
		if p.end != nil {
			r.bury(p)
		}
	}
	r.enter(nil)
}

// enter makes p's page, or the realm when p is nil, the one that runs.
func (r *Realm) enter(p *Program) {
	if r.current == p {
		return
	}
	r.current = p
	if p == nil {
		r.vm.SetGlobalObject(r.base)
	} else {
		r.vm.SetGlobalObject(p.page)
	}
}

// reportDeadlock tells programs that nothing will ever happen to them, if each live one is waited for; a program
// that nobody waits for may yet be called. It reports whether it told any.
func (r *Realm) reportDeadlock() bool {
	for _, p := range r.programs {
		if p.waiters.Load() == 0 || p.deadlock == nil {
			return false
		}
	}
	told := false
	for _, p := range r.programs {
		deadlock := p.deadlock
		p.deadlock = nil
		told = true
		r.loop.post(task{owner: p, run: func() { r.call(deadlock) }})
	}
	return told
}

// call calls fn with a JavaScript frame beneath it. goja runs the microtasks whenever it is left; the frame keeps it
// from being left each time that wasm calls back into JavaScript.
func (r *Realm) call(fn goja.Value, args ...goja.Value) (goja.Value, error) {
	v, err := r.invoke(goja.Undefined(), append([]goja.Value{fn}, args...)...)
	if err != nil {
		r.report(err)
	}
	return v, err
}

// report shows an exception that nothing caught, as a browser's console does. One of the realm's own is a mistake in
// this package.
func (r *Realm) report(err error) {
	if isInterrupt(err) {
		return
	}
	text := err.Error()
	var thrown *goja.Exception
	if errors.As(err, &thrown) {
		text = describe(thrown.Value())
	}
	if r.current == nil {
		fmt.Fprintln(os.Stderr, "jshost: uncaught "+text)
		return
	}
	r.current.print(2, "Uncaught "+text+"\n")
}

func (r *Realm) trackRejection(p *goja.Promise, op goja.PromiseRejectionOperation) {
	if op == goja.PromiseRejectionReject {
		r.unhandled[p] = r.current
	} else {
		delete(r.unhandled, p)
	}
}

// tracker has microtasks run in the page that asked for them.
type tracker struct{ r *Realm }

func (t tracker) Grab() any     { return t.r.current }
func (t tracker) Resumed(p any) { t.r.enter(p.(*Program)) }
func (t tracker) Exited()       {}

var compilationCache = sync.OnceValues(openCompilationCache)
