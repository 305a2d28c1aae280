//go:build !wasm

package idb_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/larderdb/larder/internal/jshost"
	"github.com/larderdb/larder/internal/jshost/jshosttest"
)

// foldTurns is how many commits the load makes that is killed in its checkpoints
// and in the collection of what they replaced.
const foldTurns = 7

// TestFoldKilledAtAnyStep kills a tab at steps that it takes in IndexedDB while
// it opens the database, commits, makes checkpoints and deletes what those have
// replaced, one in each run. Reopened, it finds nothing lost and nothing
// doubled; when the load has been brought to its end, nothing is left over.
func TestFoldKilledAtAnyStep(t *testing.T) {
	for _, kind := range []jshost.Kind{jshost.Request, jshost.Event, jshost.Commit} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			stride := 29
			if testing.Short() {
				stride = 61
			}
			n := each(t, stride, func(t *testing.T, n int) bool { return foldKilledAt(t, kind, n) })
			if n < 3*foldTurns {
				t.Errorf("the load took %d steps, want more than its commits take", n)
			}
		})
	}
}

// foldKilledAt kills the load at its n-th step of a kind and looks at what is
// left. It reports false when the load has ended before.
func foldKilledAt(t *testing.T, kind jshost.Kind, n int) bool {
	realm := jshosttest.NewRealm(t, jshost.Config{VirtualTime: true})
	tb := start(t, realm, jshost.At(kind, n, jshost.Kill), "fold", "db", 0, foldTurns)
	err := tb.Wait(t.Context())
	ended := err == nil
	if !ended && !errors.Is(err, jshost.ErrKilled) {
		t.Fatalf("killed at %s %d: %v\n%s", kind, n, err, &tb.Stderr)
	}
	acknowledged := strings.Count(tb.Stdout.String(), "acknowledged")
	var holds int
	if _, err := fmt.Sscanf(run(t, realm, "checkfold", "db"), "holds %d", &holds); err != nil {
		t.Fatal(err)
	}
	if holds < acknowledged || holds > acknowledged+1 {
		t.Errorf("killed at %s %d after %d acknowledged commits, the database holds %d", kind, n, acknowledged, holds)
	}
	run(t, realm, "fold", "db", holds, foldTurns+2)
	if got, want := run(t, realm, "checkfold", "db"), fmt.Sprint("holds ", foldTurns+2); got != want {
		t.Errorf("killed at %s %d and gone on, the database %s, want %s", kind, n, got, want)
	}
	var size, want, heads, garbage int
	if _, err := fmt.Sscanf(run(t, realm, "settle", "db"), "pages take %d of %d, %d heads, %d lists", &size, &want, &heads, &garbage); err != nil {
		t.Fatal(err)
	}
	if size != want || heads != 2 || garbage != 0 {
		t.Errorf("killed at %s %d, in the end pages take %d bytes, there are %d heads and %d lists of garbage, want %d, 2, 0", kind, n, size, heads, garbage, want)
	}
	return !ended
}
