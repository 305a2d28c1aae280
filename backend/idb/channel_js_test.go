//go:build js && wasm

package idb

import (
	"fmt"
	"math/rand/v2"
	"syscall/js"
	"testing"
)

// twoChannels returns two contexts' channels of one database, the one that listened
// first before the other. They sleep when the test ends.
func twoChannels(t *testing.T) (first, second *channel) {
	name := fmt.Sprintf("test-%x", rand.Uint64())
	first, second = newChannel(name), newChannel(name)
	t.Cleanup(first.sleep)
	t.Cleanup(second.sleep)
	return first, second
}

// Others hear of the newest of many commits, and not of each; of the last one
// also when it is followed by close.
func TestChannelTellsOfTheNewest(t *testing.T) {
	from, to := twoChannels(t)
	if !from.exists() {
		t.Fatal("this platform has no BroadcastChannel")
	}
	const commits = 100
	ctx := lockContext(t)
	heard, last := 0, uint64(0)
	hear := func(want uint64) {
		t.Helper()
		for last < want {
			select {
			case last = <-to.heard:
				heard++
			case <-ctx.Done():
				t.Fatalf("heard of commit %d, want %d", last, want)
			}
		}
	}
	<-to.heard // from answers: it has heard that to listens
	for i := range uint64(commits) {
		from.tell(i + 1)
	}
	hear(commits)
	if heard > commits/10 {
		t.Errorf("heard %d times of %d commits", heard, commits)
	}
	from.tell(commits + 1)
	from.sleep()
	hear(commits + 1)
}

// Who begins to listen hears of what was committed while nobody did, and then of
// each commit.
func TestChannelAnswersWhoBeginsToListen(t *testing.T) {
	name := fmt.Sprintf("test-%x", rand.Uint64())
	from := newChannel(name)
	defer from.sleep()
	posted := 0
	from.port = spyOnPosts(from.port, &posted)
	for i := range uint64(100) {
		from.tell(i + 1)
	}
	if posted != 0 {
		t.Errorf("%d messages were posted while nobody listened, want 0", posted)
	}
	to := newChannel(name)
	defer to.sleep()
	if got := <-to.heard; got != 100 {
		t.Errorf("who began to listen heard of commit %d, want 100", got)
	}
	from.tell(101)
	if got := <-to.heard; got != 101 {
		t.Errorf("heard of commit %d, want 101", got)
	}
}

// Who commits before anybody can have answered it tells of that, too.
func TestChannelTellsWhomItMeets(t *testing.T) {
	to, from := twoChannels(t)
	from.tell(1)
	select {
	case got := <-to.heard:
		if got != 1 {
			t.Errorf("heard of commit %d, want 1", got)
		}
	case <-lockContext(t).Done():
		t.Error("the commit was never told of")
	}
}

// What somebody says who knows less doesn't hide what was said before.
func TestChannelKeepsTheNewest(t *testing.T) {
	from, to := twoChannels(t)
	said := make(chan word, 1)
	to.listen = func(w word) { said <- w }
	from.post(5)
	from.post(0)
	from.say(wordBye)
	<-said
	if got := <-to.heard; got != 5 {
		t.Errorf("heard of commit %d, want 5", got)
	}
}

// spyOnPosts returns an object that posts as port does, and counts.
func spyOnPosts(port js.Value, posted *int) js.Value {
	spy := js.Global().Get("Object").New()
	spy.Set("postMessage", js.FuncOf(func(_ js.Value, args []js.Value) any {
		*posted++
		port.Call("postMessage", args[0])
		return nil
	}))
	spy.Set("close", js.FuncOf(func(js.Value, []js.Value) any {
		port.Call("close")
		return nil
	}))
	return spy
}

// Messages of newer code mean nothing here, and do no harm.
func TestChannelHeedsOnlyWhatItKnows(t *testing.T) {
	from, to := twoChannels(t)
	words := make(chan word, 9)
	to.listen = func(w word) { words <- w }
	for _, message := range []any{nil, true, map[string]any{"type": "commit"}, []any{1}, "other"} {
		from.post(message)
	}
	from.say(wordBye)
	if got := <-words; got != "other" {
		t.Errorf("the first word is %q, want other", got)
	}
	if got := <-words; got != wordBye {
		t.Errorf("the second word is %q, want bye", got)
	}
	<-to.heard // from answers: it has heard that to listens
	from.tell(7)
	if got := <-to.heard; got != 7 {
		t.Errorf("heard of commit %d, want 7", got)
	}
}
