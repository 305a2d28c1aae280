package jshost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"strconv"
	"sync/atomic"

	"github.com/dop251/goja"
	"github.com/tetratelabs/wazero"
)

// Command says what to start in a Realm.
type Command struct {
	// Wasm is the path of a GOOS=js binary. Empty starts a page without a program, for Eval and Call alone; the class
	// Go of wasm_exec.js is there, so that JavaScript can load one.
	Wasm string

	// Args are the program's arguments, without its name. With Env they have to fit into 8 kB.
	Args []string

	// Env is the program's whole environment.
	Env map[string]string

	// Dir is the program's working directory and gives it the host's files. Empty: a page's world, without files.
	Dir string

	// Stdout receives what the program writes there and console.log, Stderr the rest of the console too. They are
	// written to by the Realm's goroutine. nil discards.
	Stdout, Stderr io.Writer

	// IndexedDB, if not nil, is called on the Realm's goroutine for each step that the program takes in IndexedDB
	// and decides what becomes of it. It must not call into the Realm.
	IndexedDB func(Step) Action
}

// ErrKilled is what Wait returns for a program that was killed.
var ErrKilled = errors.New("the program was killed")

// ExitError is what Wait returns for a program that exited with a code other than 0.
type ExitError struct{ Code int }

func (e *ExitError) Error() string { return fmt.Sprintf("exit code %d", e.Code) }

// Program is one page of a Realm, a tab say: a global object of its own, and with it timers, locks, channels and
// connections to databases that end when the program exits or is killed. It is safe for concurrent use.
type Program struct {
	realm   *Realm
	id      int
	command Command
	waiters atomic.Int32
	ended   chan struct{} // closed when the program is gone
	err     error         // why; readable once ended is closed

	// The rest belongs to the loop's goroutine.
	page     *goja.Object
	runtimes []wazero.Runtime
	files    files
	end      error // errExited, ErrKilled, …: it ends with the task that is running
	gone     bool
	deadlock goja.Value // tells the program that nothing will ever happen to it
	steps    map[Kind]int
}

// errExited marks an exit with code 0.
var errExited = errors.New("exited")

// Start compiles c's binary, or finds it in the cache, and starts it. ctx bounds the start alone, not the
// program's life.
func (r *Realm) Start(ctx context.Context, c Command) (*Program, error) {
	p := &Program{realm: r, command: c, ended: make(chan struct{}), steps: map[Kind]int{}}
	c.Env = maps.Clone(c.Env)
	var module *wasmModule
	if c.Wasm != "" {
		binary, err := os.ReadFile(c.Wasm)
		if err != nil {
			return nil, err
		}
		if module, err = r.compile(ctx, binary); err != nil {
			return nil, fmt.Errorf("compiling %s: %w", c.Wasm, err)
		}
	}
	var err error
	if doErr := r.do(ctx, nil, func() { err = r.start(p, module) }); doErr != nil {
		return nil, doErr
	}
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", c.Wasm, err)
	}
	return p, nil
}

// Wait waits until the program is gone and returns nil for exit code 0, *ExitError for another, ErrKilled after
// Kill, or what made it crash. While every program of the Realm is waited for and nothing is left to happen, they
// are told so: Go's runtime then reports a deadlock and exits with code 2.
func (p *Program) Wait(ctx context.Context) error {
	p.waiters.Add(1)
	defer p.waiters.Add(-1)
	p.realm.loop.post(task{run: func() {}}) // has the loop look for a deadlock again
	select {
	case <-p.ended:
		return p.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Kill ends the program between two tasks, as closing its tab does: it runs no more, its open transactions are
// rolled back, its connections, locks and channels are gone. Kill returns when that is done. It can't interrupt a
// task that never ends. Killing a program that is gone does nothing.
func (p *Program) Kill() {
	p.realm.loop.post(task{run: func() { p.realm.kill(p, ErrKilled) }})
	select {
	case <-p.ended:
	case <-p.realm.done:
	}
}

// alive reports whether p still runs. It is for the loop's goroutine.
func (p *Program) alive() bool { return p.end == nil }

// start opens p's page and runs its program, if there is one, until that waits for something.
func (r *Realm) start(p *Program, module *wasmModule) error {
	r.lastID++
	p.id = r.lastID
	p.files = newFiles(p.command.Dir)
	native := p.native()
	page, err := r.script("open", native)
	if err != nil {
		return err
	}
	p.page = page.ToObject(r.vm)
	r.programs[p.id] = p
	r.enter(p)
	if err := r.runGlue(); err != nil {
		r.kill(p, err)
		return err
	}
	if _, err := r.vm.RunString(r.config.Script); err != nil {
		r.kill(p, err)
		return err
	}
	if module == nil {
		return nil
	}
	argv := r.toJS([]any{"js"}).ToObject(r.vm)
	for i, arg := range p.command.Args {
		argv.Set(strconv.Itoa(i+1), arg)
	}
	env := r.vm.NewObject()
	for k, v := range p.command.Env {
		env.Set(k, v)
	}
	native.Set("instantiate", func(c goja.FunctionCall) goja.Value {
		instance := r.vm.CreateObject(r.host.Get("instance").ToObject(r.vm))
		instance.Set("exports", r.newInstance(module, c.Argument(0).ToObject(r.vm), true))
		return instance
	})
	p.deadlock, err = r.script("run", p.page.Get("Go"), native, argv, env)
	if err != nil && p.alive() {
		r.kill(p, err)
		return err
	}
	return nil
}

// native is what polyfill/page.js builds a page from.
func (p *Program) native() *goja.Object {
	o := p.files.native(p)
	o.Set("exit", func(code int) {
		if p.end == nil {
			p.end = errExited
			if code != 0 {
				p.end = &ExitError{code}
			}
		}
	})
	o.Set("crash", func(c goja.FunctionCall) goja.Value {
		p.crash(fmt.Errorf("%s", describe(c.Argument(0))))
		return goja.Undefined()
	})
	return o
}

// crash ends p with the task that is running.
func (p *Program) crash(err error) {
	if p.end == nil {
		p.end = fmt.Errorf("the program crashed: %w", err)
	}
}

// kill ends p at once. None of its code may be on the stack.
func (r *Realm) kill(p *Program, cause error) {
	if p.end == nil {
		p.end = cause
	}
	r.bury(p)
}

// bury takes away what an ended program had.
func (r *Realm) bury(p *Program) {
	if p.gone {
		return
	}
	p.gone = true
	delete(r.programs, p.id)
	r.loop.clearOwner(p)
	for _, f := range r.onKill {
		if _, err := f(goja.Undefined(), r.vm.ToValue(p.id)); err != nil {
			r.report(err)
		}
	}
	p.files.close()
	for _, rt := range p.runtimes {
		rt.Close(context.Background())
	}
	if p.end != errExited {
		p.err = p.end
	}
	close(p.ended)
}

func (p *Program) print(fd int, text string) {
	w := p.command.Stdout
	if fd == 2 {
		w = p.command.Stderr
	}
	if w != nil {
		io.WriteString(w, text)
	}
}
