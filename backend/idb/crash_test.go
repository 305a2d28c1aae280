//go:build !wasm

package idb_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/larderdb/larder/internal/jshost"
)

// guest builds testdata/guest once and returns the path of its binary.
func guest(t *testing.T) string {
	t.Helper()
	path, err := buildGuest()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var (
	buildDir   string
	buildGuest = sync.OnceValues(func() (string, error) {
		path := filepath.Join(buildDir, "guest.wasm")
		cmd := exec.Command("go", "build", "-o", path, "./testdata/guest")
		cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%w\n%s", err, out)
		}
		return path, nil
	})
)

func TestMain(m *testing.M) {
	var err error
	if buildDir, err = os.MkdirTemp("", "idb"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(buildDir)
	os.Exit(code)
}

func newRealm(t *testing.T, config jshost.Config) *jshost.Realm {
	t.Helper()
	realm, err := jshost.NewRealm(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(realm.Close)
	return realm
}

// A tab is a program with what it has printed, to be read when it is gone.
type tab struct {
	*jshost.Program
	out, err bytes.Buffer
}

func start(t *testing.T, realm *jshost.Realm, steps func(jshost.Step) jshost.Action, args ...any) *tab {
	t.Helper()
	var tb tab
	var text []string
	for _, a := range args {
		text = append(text, fmt.Sprint(a))
	}
	p, err := realm.Start(t.Context(), jshost.Command{
		Wasm: guest(t), Args: text, Stdout: &tb.out, Stderr: &tb.err, IndexedDB: steps,
	})
	if err != nil {
		t.Fatal(err)
	}
	tb.Program = p
	return &tb
}

// run runs the guest to its end and returns what it printed.
func run(t *testing.T, realm *jshost.Realm, args ...any) string {
	t.Helper()
	tb := start(t, realm, nil, args...)
	if err := tb.Wait(t.Context()); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, &tb.err)
	}
	return strings.TrimSuffix(tb.out.String(), "\n")
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
	realm := newRealm(t, jshost.Config{})
	tb := start(t, realm, jshost.At(kind, n, jshost.Kill), "load", "db", 0, loadCommits, loadSize)
	err := tb.Wait(t.Context())
	if err == nil {
		return false
	}
	if !errors.Is(err, jshost.ErrKilled) {
		t.Fatalf("killed at %s %d: %v\n%s", kind, n, err, &tb.err)
	}
	acknowledged := strings.Count(tb.out.String(), "acknowledged")
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
				realm := newRealm(t, jshost.Config{})
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
					t.Errorf("without space at %s %d: %v\n%s", c.name, n, err, &tb.err)
				}
				if got, want := strings.Count(tb.out.String(), "acknowledged"), loadCommits; got != want {
					t.Errorf("without space at %s %d: %d commits were acknowledged, want %d", c.name, n, got, want)
				}
				for line := range strings.Lines(tb.out.String()) {
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
			realm := newRealm(t, config)
			tabs := []*tab{start(t, realm, nil, "increment", "db", each), start(t, realm, nil, "increment", "db", each)}
			for _, tb := range tabs {
				if err := tb.Wait(t.Context()); err != nil {
					t.Fatalf("%v\n%s", err, &tb.err)
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
