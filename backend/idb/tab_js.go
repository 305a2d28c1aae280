//go:build js && wasm

package idb

import (
	"context"
	"syscall/js"
)

// A tab tells a Store what becomes of the page that it runs in. A browser may
// end a page without another word after it was hidden, or put it to sleep: in
// the back-forward cache, or because it has been in the background for long. A
// page with open connections and locks can't go into the cache, and one that
// sleeps with them keeps others waiting. Workers have no such events.
type tab struct {
	ctx    context.Context
	hidden func(context.Context) // stores what is acknowledged already
	asleep func(context.Context) // closes and lets go of everything
	awake  func()

	stop   context.CancelFunc // ends the sleep that was begun last
	unhook []func()
}

// watchTab calls hidden when the page may end, and after it asleep when the
// page is about to sleep, until ctx is done; awake when it is used again.
func watchTab(ctx context.Context, hidden func(context.Context), asleep func(context.Context), awake func()) *tab {
	t := &tab{ctx: ctx, hidden: hidden, asleep: asleep, awake: awake, stop: func() {}}
	t.on(js.Global(), "pagehide", func(event js.Value) { t.hide(event.Get("persisted").Truthy()) })
	t.on(js.Global(), "pageshow", func(event js.Value) {
		if event.Get("persisted").Truthy() {
			t.wake()
		}
	})
	if document := js.Global().Get("document"); document.Truthy() {
		t.on(document, "visibilitychange", func(js.Value) {
			if document.Get("visibilityState").String() == "hidden" {
				t.hide(false)
			}
		})
		t.on(document, "freeze", func(js.Value) { t.hide(true) })
		t.on(document, "resume", func(js.Value) { t.wake() })
	}
	return t
}

// on has fn called for events of target, in which it must not wait.
func (t *tab) on(target js.Value, event string, fn func(event js.Value)) {
	if target.Get("addEventListener").Type() != js.TypeFunction {
		return
	}
	f := js.FuncOf(func(_ js.Value, args []js.Value) any {
		fn(args[0])
		return nil
	})
	target.Call("addEventListener", event, f)
	t.unhook = append(t.unhook, func() {
		target.Call("removeEventListener", event, f)
		f.Release()
	})
}

// hide has stored what can be. Go returns to the browser only when nothing is
// left to do, so that the requests are made within the event, and a page with
// nothing to store is asleep when the event ends.
func (t *tab) hide(sleeps bool) {
	t.stop()
	ctx, stop := context.WithCancel(t.ctx)
	t.stop = stop
	go func() {
		t.hidden(ctx)
		if sleeps && ctx.Err() == nil {
			t.asleep(ctx)
		}
	}()
}

func (t *tab) wake() {
	t.stop()
	t.awake()
}

// isHidden reports whether this runs in a page that isn't seen.
func isHidden() bool {
	document := js.Global().Get("document")
	return document.Truthy() && document.Get("visibilityState").String() == "hidden"
}

func (t *tab) close() {
	t.stop()
	for _, unhook := range t.unhook {
		unhook()
	}
}
