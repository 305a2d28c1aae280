//go:build !wasm

package idb_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/larderdb/larder/internal/jshost"
	"github.com/larderdb/larder/internal/jshost/jshosttest"
)

func TestMain(m *testing.M) { jshosttest.Main(m) }

// command is the guest with args, which steps decides over.
func command(t *testing.T, steps func(jshost.Step) jshost.Action, args []any) jshost.Command {
	t.Helper()
	c := jshost.Command{Wasm: jshosttest.Build(t, "testdata/guest", "build"), IndexedDB: steps}
	for _, a := range args {
		c.Args = append(c.Args, fmt.Sprint(a))
	}
	return c
}

func start(t *testing.T, realm *jshost.Realm, steps func(jshost.Step) jshost.Action, args ...any) *jshosttest.Tab {
	t.Helper()
	return jshosttest.Start(t, realm, command(t, steps, args))
}

// run runs the guest to its end and returns what it printed.
func run(t *testing.T, realm *jshost.Realm, args ...any) string {
	t.Helper()
	return strings.TrimSuffix(jshosttest.Run(t, realm, command(t, nil, args)), "\n")
}

// The load of the crash tests makes checkpoints on its way.
const (
	loadCommits = 12
	loadSize    = 250_000
)

// TestKilledAtAnyStep kills a tab that writes at every fifth step that it takes
// in IndexedDB, one in each run. Reopened, the database holds every commit that
// was acknowledged and at most the one after it, and can be written to.
func TestKilledAtAnyStep(t *testing.T) {
	for _, kind := range []jshost.Kind{jshost.Request, jshost.Event, jshost.Commit} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			// A commit makes three requests; in steps of five each gets its turn.
			stride := 5
			if testing.Short() {
				stride = 17
			}
			n := each(t, stride, func(t *testing.T, n int) bool { return killAt(t, kind, n) })
			if n < 3*loadCommits && kind == jshost.Request {
				t.Errorf("the load took %d requests, want three for each of %d commits", n, loadCommits)
			}
		})
	}
}

// each calls fn with 1 and every stride-th number after it, each in a test of
// its own, whose realms are gone before the next, until fn reports false. It
// returns the last number.
func each(t *testing.T, stride int, fn func(t *testing.T, n int) bool) int {
	for n := 1; ; n += stride {
		more := false
		t.Run(strconv.Itoa(n), func(t *testing.T) { more = fn(t, n) })
		if !more || t.Failed() {
			return n
		}
	}
}

// killAt kills a load at its n-th step of a kind and looks at what is left. It
// reports false when the load has ended before.
func killAt(t *testing.T, kind jshost.Kind, n int) bool {
	realm := jshosttest.NewRealm(t, jshost.Config{})
	tb := start(t, realm, jshost.At(kind, n, jshost.Kill), "load", "db", 0, loadCommits, loadSize)
	err := tb.Wait(t.Context())
	if err == nil {
		return false
	}
	if !errors.Is(err, jshost.ErrKilled) {
		t.Fatalf("killed at %s %d: %v\n%s", kind, n, err, &tb.Stderr)
	}
	acknowledged := strings.Count(tb.Stdout.String(), "acknowledged")
	var holds int
	if _, err := fmt.Sscanf(run(t, realm, "check", "db"), "holds %d", &holds); err != nil {
		t.Fatal(err)
	}
	if holds < acknowledged || holds > acknowledged+1 {
		t.Errorf("killed at %s %d after %d acknowledged commits, the database holds %d", kind, n, acknowledged, holds)
	}
	run(t, realm, "load", "db", holds, loadCommits, loadSize)
	if got, want := run(t, realm, "check", "db"), fmt.Sprint("holds ", loadCommits); got != want {
		t.Errorf("killed at %s %d and gone on, the database %s, want %s", kind, n, got, want)
	}
	return true
}

// TestQuotaAtAnyWrite lets every third write fail for want of space, one in
// each run, and every third transaction as it commits.
func TestQuotaAtAnyWrite(t *testing.T) {
	const quota = "QuotaExceededError"
	for _, c := range []struct {
		name   string
		is     func(jshost.Step) bool
		action jshost.Action
	}{
		{"put", func(s jshost.Step) bool { return s.Kind == jshost.Request && (s.Name == "add" || s.Name == "put") }, jshost.Fail(quota)},
		{"commit", func(s jshost.Step) bool { return s.Kind == jshost.Commit }, jshost.Abort(quota)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			stride, failures := 3, 0
			if testing.Short() {
				stride = 7
			}
			each(t, stride, func(t *testing.T, n int) bool {
				hit, seen := false, 0
				realm := jshosttest.NewRealm(t, jshost.Config{})
				tb := start(t, realm, func(s jshost.Step) jshost.Action {
					if s.Mode != "readwrite" || !c.is(s) {
						return jshost.Proceed
					}
					if seen++; seen != n {
						return jshost.Proceed
					}
					hit = true
					return c.action
				}, "load", "db", 0, loadCommits, loadSize)
				if err := tb.Wait(t.Context()); err != nil {
					t.Errorf("without space at %s %d: %v\n%s", c.name, n, err, &tb.Stderr)
				}
				if got, want := strings.Count(tb.Stdout.String(), "acknowledged"), loadCommits; got != want {
					t.Errorf("without space at %s %d: %d commits were acknowledged, want %d", c.name, n, got, want)
				}
				for line := range strings.Lines(tb.Stdout.String()) {
					if strings.HasPrefix(line, "quota") {
						failures++
						if !strings.Contains(line, "commit: storage quota exceeded: the browser grants this site no more space: ") || !strings.Contains(line, quota) {
							t.Errorf("the error reads %q", line)
						}
					}
				}
				if got, want := run(t, realm, "check", "db"), fmt.Sprint("holds ", loadCommits); got != want {
					t.Errorf("after that, the database %s, want %s", got, want)
				}
				return hit
			})
			if failures == 0 {
				t.Error("it was never a commit that failed for want of space")
			}
		})
	}
}

// TestTwoPrograms counts in two tabs at once, and again after a reload.
func TestTwoPrograms(t *testing.T) {
	for _, config := range []jshost.Config{{}, {NoBroadcastChannel: true, NoLocks: true}} {
		t.Run(fmt.Sprintf("%+v", config), func(t *testing.T) {
			t.Parallel()
			const each = 100
			realm := jshosttest.NewRealm(t, config)
			tabs := []*jshosttest.Tab{start(t, realm, nil, "increment", "db", each), start(t, realm, nil, "increment", "db", each)}
			for _, tb := range tabs {
				if err := tb.Wait(t.Context()); err != nil {
					t.Fatalf("%v\n%s", err, &tb.Stderr)
				}
			}
			var count, version, runs int
			if _, err := fmt.Sscan(run(t, realm, "increment", "db", 1), &count, &version, &runs); err != nil {
				t.Fatal(err)
			}
			if count != 2*each+1 || version != 2*each+1 {
				t.Errorf("%d increments make %d, at version %d", 2*each+1, count, version)
			}
		})
	}
}
