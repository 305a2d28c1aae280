//go:build js && wasm

package idb

import (
	"context"
	"syscall/js"
	"time"
)

// slice is how long a loop goes on before it gives the turn back to the page.
const slice = 8 * time.Millisecond

// A pacer lets long loops give the turn back, so that the page stays
// responsive: it waits for another macrotask, in which the browser may paint
// and handle input.
type pacer struct {
	wake    js.Func
	port    js.Value // undefined where there are no message channels
	waiting []chan struct{}
}

func newPacer() *pacer {
	p := &pacer{}
	p.wake = js.FuncOf(func(js.Value, []js.Value) any {
		next := p.waiting[0]
		p.waiting = p.waiting[1:]
		close(next)
		return nil
	})
	// A timer would do, but browsers make each one that follows another wait
	// for 4 ms, and those of hidden pages for a second.
	if channel := js.Global().Get("MessageChannel"); channel.Truthy() {
		c := channel.New()
		c.Get("port1").Set("onmessage", p.wake)
		p.port = c.Get("port2")
	}
	return p
}

func (p *pacer) close() {
	if p.port.Truthy() {
		p.port.Call("close")
	}
	p.wake.Release()
}

// A lap is one loop's time since the turn was its own.
type lap struct {
	pacer *pacer
	start time.Time
}

func (p *pacer) lap() *lap { return &lap{p, time.Now()} }

// rest gives the turn back when the loop has used up its time. The error is
// ctx's.
func (l *lap) rest(ctx context.Context) error {
	if time.Since(l.start) < slice {
		return ctx.Err()
	}
	turn := make(chan struct{})
	l.pacer.waiting = append(l.pacer.waiting, turn)
	if l.pacer.port.Truthy() {
		l.pacer.port.Call("postMessage", js.Null())
	} else {
		js.Global().Call("setTimeout", l.pacer.wake, 0)
	}
	<-turn
	l.start = time.Now()
	return ctx.Err()
}
