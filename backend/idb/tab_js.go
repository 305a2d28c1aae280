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
	hidden func(context.Context) error // stores what is acknowledged already
	yields func(context.Context) error // lets go of what others wait for
	asleep func(context.Context)       // closes and lets go of everything
	awake  func()

	away   bool               // nobody sees the page, which may end or sleep at any time
	stop   context.CancelFunc // ends the sleep that was begun last
	unhook []func()
}

// watchTab calls hidden when the page may end. When the page is about to sleep
// it calls yields once hidden has made its requests, and asleep after hidden;
// awake when the page is used again. It does so until ctx is done.
func watchTab(ctx context.Context, hidden, yields func(context.Context) error, asleep func(context.Context), awake func()) *tab {
	t := &tab{ctx: ctx, hidden: hidden, yields: yields, asleep: asleep, awake: awake, stop: func() {}}
	t.on(js.Global(), "pagehide", func(event js.Value) { t.hide(event.Get("persisted").Truthy()) })
	t.on(js.Global(), "pageshow", func(event js.Value) {
		if event.Get("persisted").Truthy() {
			t.wake()
		}
	})
	if document := js.Global().Get("document"); document.Truthy() {
		t.away = isHidden(document)
		t.on(document, "visibilitychange", func(js.Value) {
			if isHidden(document) {
				t.hide(false)
			} else {
				t.away = false
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
// nothing to store is asleep when the event ends. A page that sleeps hears of
// the outcome of its requests only when it is awake again: it doesn't keep
// others waiting until then.
func (t *tab) hide(sleeps bool) {
	t.away = true
	t.stop()
	ctx, stop := context.WithCancel(t.ctx)
	t.stop = stop
	go func() {
		_ = t.hidden(ctx)
		if sleeps && ctx.Err() == nil {
			t.asleep(ctx)
		}
	}()
	if sleeps {
		go func() {
			if breathe(ctx) == nil {
				_ = t.yields(ctx)
			}
		}()
	}
}

// breathe returns, in the same event, when Go has had nothing left to do. The
// error is ctx's.
func breathe(ctx context.Context) error {
	promise := js.Global().Get("Promise").Call("resolve")
	if _, err := await(ctx, promise); err != nil {
		return err
	}
	return ctx.Err()
}

func (t *tab) wake() {
	t.stop()
	document := js.Global().Get("document")
	t.away = document.Truthy() && isHidden(document)
	t.awake()
}

func isHidden(document js.Value) bool { return document.Get("visibilityState").String() == "hidden" }

func (t *tab) close() {
	t.stop()
	for _, unhook := range t.unhook {
		unhook()
	}
}
