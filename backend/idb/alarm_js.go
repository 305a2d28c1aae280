//go:build js && wasm

package idb

import (
	"syscall/js"
	"time"
)

// An alarm rings once after a time. It is a timer of JavaScript's, for what runs
// as long as a Store does: while a timer of Go's runs, the runtime sets and
// clears one of JavaScript's with each event.
type alarm struct {
	rang chan struct{} // of capacity 1
	ring js.Func
	id   js.Value // undefined when it isn't set
}

func newAlarm() *alarm {
	a := &alarm{rang: make(chan struct{}, 1)}
	a.ring = js.FuncOf(func(js.Value, []js.Value) any {
		a.id = js.Undefined()
		signal(a.rang)
		return nil
	})
	return a
}

// set makes the alarm ring after d, and not when it was to ring before.
func (a *alarm) set(d time.Duration) {
	a.stop()
	a.id = js.Global().Call("setTimeout", a.ring, d.Milliseconds())
}

// stop keeps the alarm from ringing.
func (a *alarm) stop() {
	if a.id.Truthy() {
		js.Global().Call("clearTimeout", a.id)
		a.id = js.Undefined()
	}
	select {
	case <-a.rang:
	default:
	}
}

func (a *alarm) close() {
	a.stop()
	a.ring.Release()
}
