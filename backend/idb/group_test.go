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

// TestKilledWithGroupsQueued kills a tab, of which ten Updates at a time are on
// their way, at each of its steps in IndexedDB in turn. What is left is a
// prefix of the commits, in order, that holds all that were acknowledged.
func TestKilledWithGroupsQueued(t *testing.T) {
	const commits, size = 40, 1000
	for _, kind := range []jshost.Kind{jshost.Request, jshost.Event, jshost.Commit} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			stride := 1
			if testing.Short() {
				stride = 7
			}
			each(t, stride, func(t *testing.T, n int) bool {
				realm := jshosttest.NewRealm(t, jshost.Config{})
				tb := start(t, realm, jshost.At(kind, n, jshost.Kill), "burst", "db", 0, commits, size)
				err := tb.Wait(t.Context())
				if err != nil && !errors.Is(err, jshost.ErrKilled) {
					t.Fatalf("killed at %s %d: %v\n%s", kind, n, err, &tb.Stderr)
				}
				acknowledged := strings.Count(tb.Stdout.String(), "acknowledged")
				var holds int
				if _, err := fmt.Sscanf(run(t, realm, "check", "db"), "holds %d", &holds); err != nil {
					t.Fatal(err)
				}
				for line := range strings.Lines(tb.Stdout.String()) {
					var i int
					if _, err := fmt.Sscanf(line, "acknowledged %d", &i); err != nil || i >= holds {
						t.Errorf("killed at %s %d, the database holds %d commits, and %q was said", kind, n, holds, line)
					}
				}
				if holds > acknowledged+10 {
					t.Errorf("killed at %s %d after %d acknowledged commits, the database holds %d, where 10 were on their way", kind, n, acknowledged, holds)
				}
				return err != nil
			})
		})
	}
}
