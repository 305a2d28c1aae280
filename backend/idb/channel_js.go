//go:build js && wasm

package idb

import (
	"context"
	"syscall/js"
)

// A channel tells the other contexts that have a database open of commits, and
// hears of theirs. Where there is no BroadcastChannel it does nothing; then a
// context learns of others' commits when it commits itself, and from Fresh
// Views.
type channel struct {
	port    js.Value
	message js.Func
	heard   chan uint64 // of capacity 1: the number of the newest commit heard of
}

func newChannel(name string) *channel {
	c := &channel{heard: make(chan uint64, 1)}
	class := js.Global().Get("BroadcastChannel")
	if !class.Truthy() || try(func() { c.port = class.New(prefix + name) }) != nil {
		return c
	}
	c.message = js.FuncOf(func(_ js.Value, args []js.Value) any {
		data := args[0].Get("data")
		if data.Type() != js.TypeNumber {
			return nil
		}
		select {
		case <-c.heard: // the newest is enough
		default:
		}
		c.heard <- uint64(max(0, data.Float()))
		return nil
	})
	c.port.Set("onmessage", c.message)
	return c
}

// tell tells the others that there is a commit of that number.
func (c *channel) tell(version uint64) {
	if c.port.Truthy() {
		_ = try(func() { c.port.Call("postMessage", version) })
	}
}

func (c *channel) close() {
	if c.port.Truthy() {
		c.port.Set("onmessage", js.Null())
		c.port.Call("close")
		c.message.Release()
	}
}

// follow takes over what other contexts commit, until ctx is done.
func (s *Store) follow(ctx context.Context) {
	for {
		select {
		case version := <-s.channel.heard:
			if version >= s.head.Load().snap.Version() && s.harmed() == nil {
				// Should it fail, the next transaction finds the same.
				_ = s.sync(ctx)
			}
		case <-ctx.Done():
			return
		}
	}
}
