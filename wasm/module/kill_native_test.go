//go:build !wasm

package main_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/larderdb/larder/internal/jshost"
	"github.com/larderdb/larder/internal/jshost/jshosttest"
)

// load commits four times, two rows each, and prints the number of each commit
// when it is acknowledged. The rows are large enough for a checkpoint on the
// way.
const load = `openApp().then(async (db) => {
	const bytes = new Uint8Array(190_000);
	for (let i = 1; i <= 4; i++) {
		await db.update(async (tx) => {
			const rows = tx.collection("rows");
			await rows.put({ id: i, n: i, bytes });
			await rows.put({ id: -i, n: i, bytes });
		});
		console.log(i);
	}
	await db.close();
})`

// stored is what a page finds, as id:n, in the order of the index and in that
// of the keys. It commits something, too.
const stored = `openApp().then(async (db) => {
	const rows = db.collection("rows");
	const byIndex = (await rows.query({ index: "n" })).rows.map(({ id, n }) => id + ":" + n);
	const byKey = (await rows.query()).rows.map(({ id, n }) => id + ":" + n);
	await rows.put({ id: 100, n: 100 });
	await db.close();
	return byIndex.join(" ") + ", " + byKey.join(" ");
})`

// TestKill kills a page at each step that it takes in IndexedDB while it opens
// a database, commits and folds its commits. What the next page finds is a
// prefix of the commits with each that was acknowledged, and it can go on.
func TestKill(t *testing.T) {
	var all []string
	realm := jshosttest.NewRealm(t, jshost.Config{})
	page := start(t, realm, jshost.Command{Stderr: t.Output(), IndexedDB: func(s jshost.Step) jshost.Action {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s %s", s.Kind, s.Name, s.Store)))
		return jshost.Proceed
	}})
	jshosttest.Eval(t, page, load, nil)
	page.Kill()
	if !slices.Contains(all, "request add pages") {
		t.Errorf("there was no checkpoint among %q", all)
	}
	for n, step := range all {
		t.Run(fmt.Sprintf("at step %d, %s", n+1, step), func(t *testing.T) {
			t.Parallel()
			realm := jshosttest.NewRealm(t, jshost.Config{})
			var printed bytes.Buffer
			seen := 0
			page := start(t, realm, jshost.Command{Stdout: &printed, Stderr: t.Output(), IndexedDB: func(jshost.Step) jshost.Action {
				if seen++; seen == n+1 {
					return jshost.Kill
				}
				return jshost.Proceed
			}})
			// The last steps come when close has returned.
			if _, err := page.Eval(t.Context(), load); err != nil && !errors.Is(err, jshost.ErrKilled) {
				t.Fatal(err)
			}
			page.Kill()
			acknowledged := strings.Count(printed.String(), "\n")
			got, err := newPage(t, realm).Eval(t.Context(), stored)
			if err != nil {
				t.Fatal(err)
			}
			if got != commits(acknowledged) && got != commits(acknowledged+1) {
				t.Errorf("acknowledged were %d commits, found were %v", acknowledged, got)
			}
		})
	}
}

// commits is what stored finds of the first n commits.
func commits(n int) string {
	var byIndex, byKey []string
	for i := 1; i <= n; i++ {
		row, mirrored := fmt.Sprintf("%d:%d", i, i), fmt.Sprintf("-%d:%d", i, i)
		byIndex = append(byIndex, mirrored, row)
		byKey = append([]string{mirrored}, append(byKey, row)...)
	}
	return strings.Join(byIndex, " ") + ", " + strings.Join(byKey, " ")
}
