//go:build !wasm

// The tests of the module as it is shipped, with the loader and the API that are shipped beside it, in pages of
// package jshost. They live here, at what they test, and run in the wazero lane, since their host is slow under the
// race detector and there is nothing here for it to see: a page is one thread.
package main_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/larderdb/larder/internal/jshost"
	"github.com/larderdb/larder/internal/jshost/jshosttest"
)

func TestMain(m *testing.M) { jshosttest.Main(m) }

var build = sync.OnceValues(func() (shipped, error) {
	out, err := exec.Command("node", "testdata/bundle.mjs", jshosttest.Folder()).CombinedOutput()
	if err != nil {
		return shipped{}, fmt.Errorf("bundle.mjs: %w\n%s", err, out)
	}
	wasm, err := os.ReadFile(filepath.Join(jshosttest.Folder(), "larder.wasm"))
	if err != nil {
		return shipped{}, err
	}
	script, err := os.ReadFile(filepath.Join(jshosttest.Folder(), "page.js"))
	return shipped{string(script), wasm}, err
})

// shipped is the package in the form that a page without imports takes.
type shipped struct {
	script string
	wasm   []byte
}

// newPage opens a page of the realm that has the package, as its variable
// shipped, the compiled module wasm, and openApp, which opens a database.
func newPage(t *testing.T, realm *jshost.Realm) *jshost.Program {
	t.Helper()
	return start(t, realm, jshost.Command{Stdout: t.Output(), Stderr: t.Output()})
}

func start(t *testing.T, realm *jshost.Realm, c jshost.Command) *jshost.Program {
	t.Helper()
	s, err := build()
	if err != nil {
		t.Fatal(err)
	}
	page, err := realm.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	jshosttest.Eval(t, page, s.script+"; 0", int64(0))
	if _, err := page.Call(t.Context(), "((bytes) => { globalThis.wasm = new WebAssembly.Module(bytes); })", s.wasm); err != nil {
		t.Fatal(err)
	}
	jshosttest.Eval(t, page, `globalThis.openApp = () => shipped.larder.open("app", {
		wasm, collections: { rows: { key: "id", indexes: { n: "n" } } },
	}); 0`, int64(0))
	return page
}

// The cases of js/test, which run in Node and in Chromium too.
func TestAPI(t *testing.T) {
	page := newPage(t, jshosttest.NewRealm(t, jshost.Config{}))
	// A page here has no network; a case fetches a data URL.
	jshosttest.Eval(t, page, `globalThis.fetch = async (url) => ({ text: async () => url.split(",")[1] });
		globalThis.cases = shipped.casesFor("indexeddb");
		globalThis.larder = { ...shipped.larder, open: (name, options) => shipped.larder.open(name, { ...options, wasm }) }; 0`, int64(0))
	names, err := page.Eval(t.Context(), `cases.map(([name]) => name)`)
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range names.([]any) {
		t.Run(name.(string), func(t *testing.T) {
			jshosttest.Eval(t, page, fmt.Sprintf(`shipped.runCase(larder, "indexeddb", cases[%d][1])`, i), nil)
		})
	}
}

// The exports themselves, called with what no loader would say.
func TestHostileCalls(t *testing.T) {
	page := newPage(t, jshosttest.NewRealm(t, jshost.Config{}))
	// A call that never ends is to fail the test, and not to hold up all of them.
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	for seed := 1; seed <= 4; seed++ {
		got, err := page.Call(ctx, "((...args) => shipped.hostile(shipped, wasm, ...args))", seed, 1000)
		if err != nil {
			t.Fatal(err)
		}
		outcome := got.(map[string]any)
		for _, fault := range outcome["faults"].([]any) {
			t.Errorf("seed %d: %v", seed, fault)
		}
		for _, code := range []string{"fine", "CLOSED", "INVALID", "INVALID_VALUE", "TABLE_NOT_FOUND", "TX_DONE", "UNSUPPORTED"} {
			if outcome["met"].(map[string]any)[code] == nil {
				t.Errorf("seed %d: no call came to %s", seed, code)
			}
		}
	}
}

func TestTwoTabs(t *testing.T) {
	for name, config := range map[string]jshost.Config{
		"as in a browser":                   {},
		"without BroadcastChannel":          {NoBroadcastChannel: true},
		"without locks":                     {NoLocks: true},
		"without BroadcastChannel or locks": {NoBroadcastChannel: true, NoLocks: true},
	} {
		t.Run(name, func(t *testing.T) {
			const each = 40
			realm := jshosttest.NewRealm(t, config)
			tabs := []*jshost.Program{newPage(t, realm), newPage(t, realm)}
			var wait sync.WaitGroup
			for _, tab := range tabs {
				wait.Go(func() {
					_, err := tab.Call(t.Context(), `(async (times) => {
						globalThis.db = await openApp();
						for (let i = 0; i < times; i++) {
							await db.update(async (tx) => {
								const rows = tx.collection("rows");
								const { n } = (await rows.get("counter")) ?? { n: 0 };
								await new Promise((done) => setTimeout(done, 0));
								await rows.put({ id: "counter", n: n + 1 });
							});
						}
					})`, each)
					if err != nil {
						t.Errorf("a tab that counts: %v", err)
					}
				})
			}
			wait.Wait()
			for _, tab := range tabs {
				tab.Kill()
			}
			jshosttest.Eval(t, newPage(t, realm), `openApp().then((db) => db.collection("rows").get("counter")).then(({ n }) => n)`, int64(2*each))
		})
	}
}

func TestReload(t *testing.T) {
	realm := jshosttest.NewRealm(t, jshost.Config{})
	page := newPage(t, realm)
	jshosttest.Eval(t, page, `openApp().then((db) => db.collection("rows").putMany([{ id: 1n, n: 2n ** 60n }, { id: "a", n: new Date(5) }]))`, nil)
	page.Kill()
	jshosttest.Eval(t, newPage(t, realm), `openApp().then(async (db) => {
		const { rows } = await db.collection("rows").query({ index: "n" });
		return rows.map(({ id, n }) => typeof id + id + (n instanceof Date ? n.getTime() : n)).join();
	})`, "bigint11152921504606846976,stringa5")
}

// A closure may wait for as long as it likes; reads go on meanwhile, and other
// writers of its page wait for it.
func TestVirtualTime(t *testing.T) {
	begin := time.Now()
	jshosttest.Eval(t, newPage(t, jshosttest.NewRealm(t, jshost.Config{VirtualTime: true})), `openApp().then(async (db) => {
		const rows = db.collection("rows");
		await rows.put({ id: 1, n: 0 });
		const began = performance.now();
		const hours = () => Math.round((performance.now() - began) / 3600e3);
		const seen = [];
		const long = db.update(async (tx) => {
			const { n } = await tx.collection("rows").get(1);
			await new Promise((done) => setTimeout(done, 3600e3));
			await tx.collection("rows").put({ id: 1, n: n + 1 });
		}).then(() => seen.push("long " + hours()));
		const next = rows.put({ id: 2, n: 0 }).then(() => seen.push("next " + hours()));
		await new Promise((done) => setTimeout(done, 60e3));
		seen.push((await rows.get(1)).n + " " + hours());
		await Promise.all([long, next]);
		seen.push((await rows.get(1)).n);
		return seen.join();
	})`, "0 0,long 1,next 1,1")
	if took := time.Since(begin); took > 10*time.Minute {
		t.Errorf("an hour took %v", took)
	}
}
