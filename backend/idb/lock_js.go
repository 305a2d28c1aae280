//go:build js && wasm

package idb

import (
	"context"
	"syscall/js"
)

// tryLock takes the lock on the checkpoints of a database. It reports false
// when another context has it. Where there are no locks, it lets everybody in:
// two checkpoints at once are a waste but do no harm, since only one of them
// moves the root.
func tryLock(ctx context.Context, name string) (unlock func(), ok bool) {
	nothing := func() {}
	locks := js.Global().Get("navigator")
	if locks.Truthy() {
		locks = locks.Get("locks")
	}
	if !locks.Truthy() {
		return nothing, true
	}
	granted := make(chan bool, 1)
	var resolve js.Value
	hold := js.FuncOf(func(_ js.Value, args []js.Value) any {
		resolve = args[0]
		return nil
	})
	answer := js.FuncOf(func(_ js.Value, args []js.Value) any {
		if args[0].IsNull() {
			granted <- false
			return nil
		}
		granted <- true
		return js.Global().Get("Promise").New(hold)
	})
	release := func() { hold.Release(); answer.Release() }
	var request js.Value
	err := try(func() {
		request = locks.Call("request", prefix+name+":checkpoint", map[string]any{"ifAvailable": true}, answer)
	})
	if err != nil {
		release()
		return nothing, true
	}
	ended := make(chan struct{})
	go func() {
		// A browser that refuses locks rejects the promise and never answers.
		_, err := await(context.WithoutCancel(ctx), request)
		if err != nil {
			granted <- true
		}
		release()
		close(ended)
	}()
	ok = <-granted
	return func() {
		if resolve.Truthy() {
			resolve.Invoke()
			<-ended
		}
	}, ok
}
