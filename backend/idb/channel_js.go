//go:build js && wasm

package idb

import (
	"context"
	"math"
	"sync"
	"syscall/js"
	"time"
)

// A channel tells the other contexts that have a database open of commits, and
// hears of theirs. Where there is no BroadcastChannel it does nothing; then a
// context learns of others' commits when it commits itself, and from Fresh
// Views.
//
// A message is a number, of a commit, or a word. Those that mean nothing here
// are newer code's, and not heeded.
//
// Who begins to listen says so, and who hears that answers with the newest
// commit's number. As long as nothing was heard nobody listens, and nothing is
// told: a database is most often open once, and telling nobody costs as much as
// telling somebody. Who hears something for the first time tells of what was
// committed until then.
type channel struct {
	name    string
	class   js.Value // undefined where there is no BroadcastChannel
	port    js.Value // undefined while the page sleeps
	message js.Func
	heard   chan uint64 // of capacity 1: the number of the newest commit heard of
	listen  func(word)  // called for each word, inside of an event; nil for none

	mu     sync.Mutex
	others bool        // somebody listens
	newest uint64      // commit to tell of
	told   time.Time   // when others were told last
	later  *time.Timer // tells them of newest; nil for none
}

// tellPause is how long others aren't told of commits after they were told of
// one. A message costs as much as a request of IndexedDB, and makes every other
// context read the log, which delays the next commit.
const tellPause = 10 * time.Millisecond

// A word is a message of the protocol of writers.
type word string

const (
	wordYield word = "yield" // who writes alone: let others write, too
	wordClear word = "clear" // whoever writes: let go, I need to be alone for a while
	wordWait  word = "wait"  // who asked: I have heard, and need a moment
	wordBye   word = "bye"   // I don't write any more
	wordHere  word = "here"  // I listen from now on
)

func newChannel(name string) *channel {
	c := &channel{name: prefix + name, class: js.Global().Get("BroadcastChannel"), heard: make(chan uint64, 1)}
	c.wake()
	return c
}

// wake begins to listen, if that isn't done already.
func (c *channel) wake() {
	if !c.exists() || c.port.Truthy() {
		return
	}
	if try(func() { c.port = c.class.New(c.name) }) != nil {
		c.class = js.Undefined()
		return
	}
	c.message = js.FuncOf(func(_ js.Value, args []js.Value) any {
		switch data := args[0].Get("data"); data.Type() {
		case js.TypeNumber:
			c.meet(false)
			newest := uint64(min(max(0, data.Float()), math.MaxInt64))
			select {
			case before := <-c.heard:
				newest = max(newest, before) // others may know less
			default:
			}
			c.heard <- newest
		case js.TypeString:
			said := word(data.String())
			c.meet(said == wordHere)
			if said != wordHere && c.listen != nil {
				c.listen(said)
			}
		default:
			c.meet(false)
		}
		return nil
	})
	c.port.Set("onmessage", c.message)
	c.say(wordHere)
}

// meet notes that somebody listens, and tells them of the newest commit if they
// may have missed it: they have just begun, or it was told to nobody.
func (c *channel) meet(begins bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if begins || !c.others && c.newest > 0 {
		c.post(c.newest)
	}
	c.others = true
}

// sleep ends listening until wake: a message would drive the page out of the
// back-forward cache.
func (c *channel) sleep() {
	if !c.port.Truthy() {
		return
	}
	c.mu.Lock()
	later := c.later
	c.mu.Unlock()
	if later != nil && later.Stop() {
		c.tellNow()
	}
	c.port.Set("onmessage", js.Null())
	c.port.Call("close")
	c.message.Release()
	c.port = js.Undefined()
}

// exists reports whether anybody can be told anything.
func (c *channel) exists() bool { return c.class.Truthy() }

// tell tells the others that there is a commit of that number, soon: the caller
// has better to do at the moment.
func (c *channel) tell(version uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.newest = max(c.newest, version)
	if c.others && c.later == nil {
		c.later = time.AfterFunc(tellPause-time.Since(c.told), c.tellNow)
	}
}

// tellNow tells the others what they are to be told.
func (c *channel) tellNow() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.later != nil {
		c.later, c.told = nil, time.Now()
		c.post(c.newest)
	}
}

// say says a word to the others.
func (c *channel) say(w word) { c.post(string(w)) }

func (c *channel) post(message any) {
	if c.port.Truthy() {
		_ = try(func() { c.port.Call("postMessage", message) })
	}
}

// follow takes over what other contexts commit, until ctx is done. When the
// browser has closed the connection, it looks whether the database is still
// there.
func (s *Store) follow(ctx context.Context) {
	for {
		newest := uint64(math.MaxUint64)
		select {
		case newest = <-s.channel.heard:
		case <-s.conn.shaken:
		case <-ctx.Done():
			return
		}
		if newest >= s.head.Load().snap.Version() && s.harmed() == nil {
			// Should it fail, the next transaction finds the same.
			_ = s.sync(ctx)
		}
	}
}
