package history_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/larderdb/larder/internal/history"
)

type values = map[string]int64

// op returns a transaction of which the clock is exact.
func op(tab int, kind string, call, ret int64, reads, writes values) history.Op {
	return history.Op{
		Tab: tab, Kind: kind, Call: call, Return: ret, Begin: call, End: ret, Reads: reads, Writes: writes,
	}
}

// blurred returns ops as recorded by a clock that may be off by slack.
func blurred(slack int64, ops ...history.Op) []history.Op {
	for i := range ops {
		ops[i].Call -= slack
		ops[i].Return += slack
	}
	return ops
}

func update(tab int, call, ret int64, reads, writes values) history.Op {
	return op(tab, history.Update, call, ret, reads, writes)
}

func fresh(tab int, call, ret int64, reads values) history.Op {
	return op(tab, history.Fresh, call, ret, reads, nil)
}

func view(tab int, call, ret int64, reads values) history.Op {
	return op(tab, history.View, call, ret, reads, nil)
}

func TestCheckLinearizable(t *testing.T) {
	for _, c := range []struct {
		name string
		ops  []history.Op
		ok   bool
	}{
		{"one after another", []history.Op{
			update(0, 1, 2, values{"a": 0}, values{"a": 1}),
			update(1, 3, 4, values{"a": 1}, values{"a": 2}),
			fresh(0, 5, 6, values{"a": 2}),
		}, true},
		{"at the same time, in the other order", []history.Op{
			update(0, 1, 9, values{"a": 2}, values{"a": 1}),
			update(1, 2, 8, values{"a": 0}, values{"a": 2}),
			fresh(2, 10, 11, values{"a": 1}),
		}, true},
		{"one moment may belong to both", []history.Op{
			update(0, 1, 5, values{"a": 1}, values{"a": 2}),
			update(1, 5, 9, values{"a": 0}, values{"a": 1}),
		}, true},
		{"a plain view may trail", []history.Op{
			update(0, 1, 2, nil, values{"a": 1}),
			view(1, 3, 4, values{"a": 0}),
		}, true},
		{"a lost update", []history.Op{
			update(0, 1, 9, values{"n": 0}, values{"n": 1}),
			update(1, 2, 8, values{"n": 0}, values{"n": 1}),
		}, false},
		{"a commit applied twice", []history.Op{
			update(0, 1, 2, values{"n": 0}, values{"n": 1}),
			fresh(1, 3, 4, values{"n": 2}),
		}, false},
		{"a stale fresh view", []history.Op{
			update(0, 1, 2, nil, values{"a": 1}),
			fresh(1, 3, 4, values{"a": 0}),
		}, false},
		{"a stale update that writes nothing", []history.Op{
			update(0, 1, 2, nil, values{"a": 1}),
			update(1, 3, 4, values{"a": 0}, nil),
		}, false},
		{"half of a transaction", []history.Op{
			update(0, 1, 9, nil, values{"a": 1, "b": 1}),
			fresh(1, 2, 8, values{"a": 1, "b": 0}),
		}, false},
		{"write skew", []history.Op{
			update(0, 1, 9, values{"a": 0}, values{"b": 1}),
			update(1, 2, 8, values{"b": 0}, values{"a": 1}),
		}, false},
		{"two readers see two commits in different orders", []history.Op{
			update(0, 1, 20, nil, values{"a": 1}),
			update(1, 1, 20, nil, values{"b": 1}),
			fresh(2, 2, 19, values{"a": 1, "b": 0}),
			fresh(3, 2, 19, values{"a": 0, "b": 1}),
		}, false},
		{"a value comes back", []history.Op{
			update(0, 1, 2, nil, values{"a": 1}),
			update(0, 3, 4, nil, values{"a": 2}),
			fresh(1, 5, 6, values{"a": 1}),
		}, false},
		{"one context between two updates of another", blurred(100,
			update(0, 1, 2, nil, values{"a": 1}),
			update(0, 3, 4, nil, values{"a": 2}),
			fresh(1, 5, 6, values{"a": 1}),
			fresh(1, 7, 8, values{"a": 2}),
		), true},
		{"one context's end after the other's, and its beginning before", blurred(100,
			update(0, 1, 2, nil, values{"a": 1}),
			fresh(0, 3, 4, values{"a": 1, "b": 1}),
			fresh(1, 5, 6, values{"a": 0, "b": 0}),
			update(1, 7, 8, nil, values{"b": 1}),
		), true},
		{"two contexts in turns", blurred(100,
			update(0, 1, 2, values{"a": 0}, values{"a": 1}),
			update(0, 3, 4, values{"a": 2}, values{"a": 3}),
			update(1, 5, 6, values{"a": 1}, values{"a": 2}),
			update(1, 7, 8, values{"a": 3}, values{"a": 4}),
		), true},
		{"a fresh view at once, without its context's update", blurred(100,
			update(0, 1, 2, nil, values{"a": 1}),
			fresh(0, 3, 4, values{"a": 0}),
		), false},
		{"an update at once, without its context's update", blurred(100,
			update(0, 1, 2, values{"a": 0}, values{"a": 1}),
			update(0, 3, 4, values{"a": 0}, nil),
		), false},
		{"fresh views at once that go back", blurred(100,
			update(0, 1, 9, nil, values{"a": 1}),
			fresh(1, 2, 3, values{"a": 1}),
			fresh(1, 4, 5, values{"a": 0}),
		), false},
		{"two contexts that each miss the other's update", blurred(100,
			update(0, 1, 2, nil, values{"a": 1}),
			fresh(0, 3, 4, values{"b": 0}),
			update(1, 1, 2, nil, values{"b": 1}),
			fresh(1, 3, 4, values{"a": 0}),
		), false},
		{"in one context at the same time", blurred(100,
			update(0, 1, 5, nil, values{"a": 1}),
			fresh(0, 2, 6, values{"a": 0}),
			fresh(0, 3, 4, values{"a": 1}),
		), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			picture := filepath.Join(t.TempDir(), "history.html")
			err := history.CheckLinearizable(c.ops, time.Minute, picture)
			if (err == nil) != c.ok {
				t.Errorf("got %v, want passing to be %v", err, c.ok)
			}
			if _, statErr := os.Stat(picture); (statErr == nil) == c.ok {
				t.Errorf("the picture: %v, want one when it fails only", statErr)
			}
		})
	}
}

func TestCheckViews(t *testing.T) {
	// Two contexts commit twice each; views see what they may.
	good := func() []history.Op {
		return []history.Op{
			update(0, 10, 20, values{"seq": 0, "a": 0}, values{"seq": 1, "a": 7}),
			update(1, 15, 30, values{"seq": 1, "a": 7}, values{"seq": 2, "b": 8}),
			update(0, 40, 50, values{"seq": 2}, values{"seq": 3, "a": 9, "b": 9}),
			update(1, 60, 70, values{"seq": 3, "b": 9}, values{"seq": 4}),
			view(0, 55, 56, values{"seq": 3, "a": 9, "b": 9}),
			view(1, 55, 56, values{"seq": 2, "a": 7, "b": 8}), // trails the other
			view(1, 57, 61, values{"seq": 3, "a": 9, "b": 9}),
			view(2, 80, 81, values{"seq": 0, "a": 0}),
			fresh(2, 82, 83, values{"seq": 4, "a": 9}),
		}
	}
	if err := history.CheckViews(good()); err != nil {
		t.Fatalf("a good history: %v", err)
	}
	for _, c := range []struct {
		name string
		op   history.Op // added to the good ones, and looked at first
		want string     // a part of the error
	}{
		{"two commits of one number", update(2, 90, 91, values{"seq": 3}, values{"seq": 4}), "should be commit 5"},
		{"a number is missing", update(2, 90, 91, values{"seq": 5}, values{"seq": 6}), "should be commit 5"},
		{"an update on an old snapshot", update(2, 90, 91, values{"seq": 2}, values{"seq": 5}), "should be commit 5"},
		{"an update that reads what is gone", update(2, 90, 91, values{"seq": 4, "a": 7}, values{"seq": 5}), "a is 9"},
		{"a view of half a commit", view(2, 90, 91, values{"seq": 3, "a": 9, "b": 8}), "b is 9"},
		{"a view that isn't numbered", view(2, 90, 91, values{"a": 9}), "didn't read seq"},
		{"a view of what isn't there", view(2, 90, 91, values{"seq": 5}), "only 4 commits"},
		{"a view of the future", view(2, 31, 32, values{"seq": 3}), "after its end"},
		{"a view that goes back", view(1, 62, 63, values{"seq": 2}), "had seen commit 3"},
		{"a view without its context's commit", view(0, 51, 52, values{"seq": 2}), "had seen commit 3"},
		{"a view older than its context's fresh one", view(2, 90, 91, values{"seq": 3}), "had seen commit 4"},
		{"a fresh view that trails another context", fresh(4, 58, 59, values{"seq": 2}), "commit 3 was seen"},
		{"a fresh view that trails a view", fresh(3, 75, 76, values{"seq": 3}), "commit 4 was seen"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := history.CheckViews(append([]history.Op{c.op}, good()...))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

// TestCheckViewsAtOnce: the order within a context is exact where the clock
// shows none.
func TestCheckViewsAtOnce(t *testing.T) {
	commit := update(0, 1, 2, values{"seq": 0}, values{"seq": 1})
	for _, c := range []struct {
		name string
		ops  []history.Op
		want string // a part of the error
	}{
		{"its context's commit", []history.Op{commit, view(0, 3, 4, values{"seq": 1})}, ""},
		{"not yet another context's commit", []history.Op{commit, view(1, 3, 4, values{"seq": 0})}, ""},
		{"another context's commit, by the clock before it", []history.Op{commit, view(1, 0, 1, values{"seq": 1})}, ""},
		{"a fresh view, by the clock at the same time", []history.Op{commit, fresh(1, 3, 4, values{"seq": 0})}, ""},
		{"not yet what a third context shows", []history.Op{
			commit, view(1, 3, 4, values{"seq": 1}), view(2, 5, 6, values{"seq": 0}), view(2, 7, 8, values{"seq": 1}),
		}, ""},
		{"a view that began before the commit was acknowledged", []history.Op{
			update(0, 1, 3, values{"seq": 0}, values{"seq": 1}), view(0, 2, 4, values{"seq": 0}),
		}, ""},
		{"not its context's commit", []history.Op{commit, view(0, 3, 4, values{"seq": 0})}, "had seen commit 1"},
		{"a view that goes back", []history.Op{
			commit, view(1, 3, 4, values{"seq": 1}), view(1, 5, 6, values{"seq": 0}),
		}, "had seen commit 1"},
		{"a view older than its context's fresh one", []history.Op{
			commit, fresh(1, 3, 4, values{"seq": 1}), view(1, 5, 6, values{"seq": 0}),
		}, "had seen commit 1"},
		{"its context's next commit", []history.Op{view(0, -1, 0, values{"seq": 1}), commit}, "after its end"},
		{"an earlier commit from after its end", []history.Op{
			view(0, 5, 6, values{"seq": 2}),
			update(0, 7, 8, values{"seq": 0}, values{"seq": 1}),
			update(1, 1, 9, values{"seq": 1}, values{"seq": 2}),
		}, "after its end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := history.CheckViews(blurred(100, c.ops...))
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestRead(t *testing.T) {
	const good = `{"tab":1,"kind":"update","call":10,"return":20,"begin":0,"end":3,"reads":{"a":0},"writes":{"a":5}}
{"tab":2,"kind":"view","call":30,"return":30,"begin":0,"end":1,"reads":{"a":5},"writes":{}}
`
	ops, err := history.Read(strings.NewReader(good))
	if err != nil || len(ops) != 2 || ops[0].Writes["a"] != 5 || ops[0].End != 3 ||
		ops[1].Kind != history.View || ops[1].Call != 30 {
		t.Errorf("got %v, %v", ops, err)
	}
	for name, bad := range map[string]string{
		"nothing":                      "",
		"no JSON":                      "{",
		"no kind":                      `{"tab":1,"call":1,"return":2,"end":1}`,
		"a view that writes":           `{"kind":"view","call":1,"return":2,"end":1,"writes":{"a":1}}`,
		"a return before the call":     `{"kind":"view","call":2,"return":1,"end":1}`,
		"no place in its context":      `{"kind":"view","call":1,"return":2}`,
		"an end before the beginning":  `{"kind":"view","call":1,"return":2,"begin":2,"end":1}`,
		"a value that isn't a number":  `{"kind":"view","call":1,"return":2,"end":1,"reads":{"a":"x"}}`,
		"a good line before a bad one": good + "{}",
	} {
		if ops, err := history.Read(strings.NewReader(bad)); err == nil {
			t.Errorf("%s: got %v, want an error", name, ops)
		}
	}
}
