package jshost

import (
	"reflect"
	"slices"

	"github.com/dop251/goja"
)

// Kind is the kind of a Step.
type Kind string

const (
	// Request: the program makes a request of a transaction. Name is the method, such as "put".
	Request Kind = "request"
	// Event: an event of IndexedDB is about to be fired at the program. Name is its type, such as "success". A
	// program killed at "complete" has committed and doesn't know it.
	Event Kind = "event"
	// Commit: a transaction has answered all its requests and is about to commit.
	Commit Kind = "commit"
)

// Step is something that a program does in IndexedDB, or that happens to it there.
type Step struct {
	Kind  Kind
	N     int    // it is the program's N-th step of this kind, from 1
	Name  string // depends on Kind
	Store string // the object store of a Request
	Mode  string // the transaction's mode: readonly, readwrite, versionchange; empty where there is none
}

// Action is what becomes of a Step.
type Action string

const (
	// Proceed lets it be.
	Proceed Action = ""
	// Kill kills the program there and then, in the middle of its code if need be.
	Kill Action = "kill"
	// Disconnect aborts the program's transactions, after the step, and closes its connections with a close event
	// each, as when the browser's storage process dies.
	Disconnect Action = "disconnect"
)

// Fail makes a Request fail with a DOMException of that name, "QuotaExceededError" say. Elsewhere it does nothing.
func Fail(name string) Action { return Action("fail:" + name) }

// Abort aborts the transaction with a DOMException of that name: at a Commit, as a full disk does; at a Request,
// after it was made; at an Event, before it is fired.
func Abort(name string) Action { return Action("abort:" + name) }

// At returns a function for Command.IndexedDB that lets everything be but the n-th step, from 1, of the kind and with
// one of the names; without names, the n-th of the kind.
func At(kind Kind, n int, a Action, names ...string) func(Step) Action {
	seen := 0
	return func(s Step) Action {
		if s.Kind != kind || (len(names) > 0 && !slices.Contains(names, s.Name)) {
			return Proceed
		}
		if seen++; seen == n {
			return a
		}
		return Proceed
	}
}

// observe asks the program's Command what becomes of a step: (page, kind, name, store, mode) => action.
func (r *Realm) observe(c goja.FunctionCall) goja.Value {
	p := r.programs[int(c.Argument(0).ToInteger())]
	if p == nil || p.command.IndexedDB == nil {
		return r.vm.ToValue("")
	}
	kind := Kind(c.Argument(1).String())
	p.steps[kind]++
	a := p.command.IndexedDB(Step{
		Kind: kind, N: p.steps[kind], Name: c.Argument(2).String(),
		Store: c.Argument(3).String(), Mode: c.Argument(4).String(),
	})
	return r.vm.ToValue(string(a))
}

// die kills the page that is running. When its code is on the stack, that is unwound, up to guard or to the end of
// the task: (inCode) => never, or undefined.
func (r *Realm) die(c goja.FunctionCall) goja.Value {
	p := r.current
	if p == nil || !p.alive() {
		return goja.Undefined()
	}
	if !c.Argument(0).ToBoolean() {
		r.kill(p, ErrKilled)
		return goja.Undefined()
	}
	p.end = ErrKilled
	r.unwound = true
	panic(&goja.InterruptedError{})
}

// guard calls a function and returns also when the page was killed in it: (fn) => result.
func (r *Realm) guard(c goja.FunctionCall) goja.Value {
	fn, _ := goja.AssertFunction(c.Argument(0))
	m := r.machine()
	v, err := fn(goja.Undefined())
	if err == nil {
		return v
	}
	if r.unwound {
		m.restore()
		r.unwound = false
	}
	if p := r.current; p != nil && !p.alive() && isInterrupt(err) {
		r.bury(p)
		return goja.Undefined()
	}
	panic(err)
}

// machine is what the engine knew of its stacks at some time.
type machine struct{ now, then reflect.Value }

// machine remembers the state of the engine's stacks, to be restored when a page was unwound from above them: what is
// unwound in an async function leaves frames behind that keep microtasks from running, and goja has no other way to
// take them off.
func (r *Realm) machine() machine {
	field := reflect.ValueOf(r.vm).Elem().FieldByName("vm")
	now := reflect.NewAt(field.Type().Elem(), field.UnsafePointer()).Elem()
	then := reflect.New(now.Type()).Elem()
	then.Set(now)
	return machine{now, then}
}

func (m machine) restore() { m.now.Set(m.then) }
