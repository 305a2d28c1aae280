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
)

var (
	buildDir string
	build    = sync.OnceValues(func() (shipped, error) {
		out, err := exec.Command("node", "testdata/bundle.mjs", buildDir).CombinedOutput()
		if err != nil {
			return shipped{}, fmt.Errorf("bundle.mjs: %w\n%s", err, out)
		}
		wasm, err := os.ReadFile(filepath.Join(buildDir, "larder.wasm"))
		if err != nil {
			return shipped{}, err
		}
		script, err := os.ReadFile(filepath.Join(buildDir, "page.js"))
		return shipped{string(script), wasm}, err
	})
)

// shipped is the package in the form that a page without imports takes.
type shipped struct {
	script string
	wasm   []byte
}

func TestMain(m *testing.M) {
	var err error
	if buildDir, err = os.MkdirTemp("", "larder"); err != nil {
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

// newPage opens a page of the realm that has the package, as its variable
// shipped, and the compiled module, which open takes as the option wasm.
func newPage(t *testing.T, realm *jshost.Realm, steps func(jshost.Step) jshost.Action) *jshost.Program {
	t.Helper()
	s, err := build()
	if err != nil {
		t.Fatal(err)
	}
	page, err := realm.Start(t.Context(), jshost.Command{Stdout: t.Output(), Stderr: t.Output(), IndexedDB: steps})
	if err != nil {
		t.Fatal(err)
	}
	eval(t, page, s.script+"; 0", int64(0))
	if _, err := page.Call(t.Context(), "((bytes) => { globalThis.wasm = new WebAssembly.Module(bytes); })", s.wasm); err != nil {
		t.Fatal(err)
	}
	return page
}

// eval evaluates source and fails the test unless it comes to want.
func eval(t *testing.T, page *jshost.Program, source string, want any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	got, err := page.Eval(ctx, source)
	if err != nil {
		t.Fatalf("%.200s: %v", source, err)
	}
	if got != want {
		t.Fatalf("%.200s = %v, want %v", source, got, want)
	}
}

// The cases of js/test, which run in Node and in Chromium too.
func TestAPI(t *testing.T) {
	begin := time.Now()
	page := newPage(t, newRealm(t, jshost.Config{}), nil)
	t.Log(time.Since(begin))
	begin = time.Now()
	names, err := page.Eval(t.Context(), `shipped.casesFor("indexeddb").map(([name]) => name)`)
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range names.([]any) {
		t.Run(name.(string), func(t *testing.T) {
			eval(t, page, fmt.Sprintf(`shipped.runCase({
				...shipped.larder,
				open: (name, options) => shipped.larder.open(name, { ...options, wasm }),
			}, "indexeddb", shipped.casesFor("indexeddb")[%d][1])`, i), nil)
		})
	}
	t.Log(time.Since(begin))
}

func TestHostile(t *testing.T) {
	page := newPage(t, newRealm(t, jshost.Config{}), nil)
	begin := time.Now()
	got, err := page.Call(t.Context(), "((seed, rounds) => shipped.hostile(shipped, wasm, seed, rounds))", 1, 500)
	t.Log(time.Since(begin), got, err)
}
