//go:build !wasm

package jshost_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/larderdb/larder/internal/jshost"
	"github.com/larderdb/larder/internal/jshost/jshosttest"
)

// wantKeys fails the test unless the realm's database has just these keys.
func wantKeys(t *testing.T, realm *jshost.Realm, want string) {
	t.Helper()
	if got, want := run(t, realm, "get"), "keys "+want+"\n"; got != want {
		t.Errorf("get printed %q, want %q", got, want)
	}
}

func TestReload(t *testing.T) {
	realm := jshosttest.NewRealm(t, jshost.Config{})
	if got, want := run(t, realm, "put", "a", "b"), "committed [a b]\n"; got != want {
		t.Errorf("put printed %q, want %q", got, want)
	}
	wantKeys(t, realm, "a b")
	wantKeys(t, jshosttest.NewRealm(t, jshost.Config{}), "") // another origin
}

func TestTwoTabs(t *testing.T) {
	realm := jshosttest.NewRealm(t, jshost.Config{})
	tabs := []*jshosttest.Tab{start(t, realm, nil, "increment", "50"), start(t, realm, nil, "increment", "50")}
	for _, tb := range tabs {
		if err := tb.Wait(t.Context()); err != nil {
			t.Fatalf("increment: %v\n%s", err, &tb.Stderr)
		}
	}
	got, err := page(t, realm).Eval(t.Context(), `new Promise((done) => {
		indexedDB.open("guest").onsuccess = (e) => {
			e.target.result.transaction("store").objectStore("store").get("counter").onsuccess = (e) => done(e.target.result);
		};
	})`)
	if err != nil || got != int64(100) {
		t.Errorf("two tabs counted to %v, %v, want 100", got, err)
	}
}

func TestKill(t *testing.T) {
	for _, tc := range []struct {
		name  string
		steps func(jshost.Step) jshost.Action
		keys  string
	}{
		{"at the first request", jshost.At(jshost.Request, 1, jshost.Kill), ""},
		{"at the second put", jshost.At(jshost.Request, 2, jshost.Kill, "put"), ""},
		{"at a success", jshost.At(jshost.Event, 3, jshost.Kill, "success"), ""},
		{"before the commit", jshost.At(jshost.Commit, 2, jshost.Kill), ""},
		{"after the commit", jshost.At(jshost.Event, 2, jshost.Kill, "complete"), "a b"},
		{"while upgrading", jshost.At(jshost.Event, 1, jshost.Kill, "upgradeneeded"), ""},
		{"at the upgrade's commit", jshost.At(jshost.Commit, 1, jshost.Kill), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			realm := jshosttest.NewRealm(t, jshost.Config{})
			tb := start(t, realm, tc.steps, "put", "a", "b")
			if err := tb.Wait(t.Context()); err != jshost.ErrKilled {
				t.Fatalf("Wait = %v, want ErrKilled\n%s%s", err, &tb.Stdout, &tb.Stderr)
			}
			if tb.Stdout.Len()+tb.Stderr.Len() > 0 {
				t.Errorf("the program printed %q and %q", &tb.Stdout, &tb.Stderr)
			}
			// The next tab is held up by nothing that the dead one had.
			wantKeys(t, realm, tc.keys)
			run(t, realm, "put", "c")
			wantKeys(t, realm, strings.TrimSpace(tc.keys+" c"))
		})
	}

	t.Run("while another waits for its transaction", func(t *testing.T) {
		realm := jshosttest.NewRealm(t, jshost.Config{})
		run(t, realm, "get") // makes the database
		first := start(t, realm, jshost.At(jshost.Commit, 1, jshost.Kill), "put", "a", "b")
		second := start(t, realm, nil, "put", "c")
		if err := second.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := first.Wait(t.Context()); err != jshost.ErrKilled {
			t.Fatal(err)
		}
		wantKeys(t, realm, "c")
	})

	t.Run("in a microtask", func(t *testing.T) {
		for _, source := range []string{
			`await null; db.transaction("s", "readwrite").objectStore("s").put(1, 1);`,
			`await null; try { db.transaction("s", "readwrite").objectStore("s").put(1, 1); } catch {}`,
			`const inner = async () => { await null; db.transaction("s", "readwrite").objectStore("s").put(1, 1); }; await inner();`,
			`const inner = async () => { db.transaction("s", "readwrite").objectStore("s").put(1, 1); }; await null; await inner();`,
		} {
			realm := jshosttest.NewRealm(t, jshost.Config{})
			p, err := realm.Start(t.Context(), jshost.Command{IndexedDB: jshost.At(jshost.Request, 1, jshost.Kill)})
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.Eval(t.Context(), `new Promise((done) => {
				const open = indexedDB.open("x", 1);
				open.onupgradeneeded = () => open.result.createObjectStore("s");
				open.onsuccess = () => done(open.result);
			}).then(async (db) => { `+source+` })`)
			if !errors.Is(err, jshost.ErrKilled) {
				t.Errorf("%s: Eval = %v, want ErrKilled", source, err)
			}
			jshosttest.Eval(t, page(t, realm), "Promise.resolve(1).then((n) => n + 1)", int64(2))
		}
	})

	t.Run("by the host", func(t *testing.T) {
		realm := jshosttest.NewRealm(t, jshost.Config{})
		p := page(t, realm)
		jshosttest.Eval(t, p, `new Promise((done) => {
			const open = indexedDB.open("guest", 1);
			open.onupgradeneeded = () => open.result.createObjectStore("store");
			open.onsuccess = () => {
				const store = open.result.transaction("store", "readwrite").objectStore("store");
				const again = () => { store.put(1, "a").onsuccess = again; };
				again();
				done("busy");
			};
		})`, "busy")
		p.Kill()
		wantKeys(t, realm, "")
	})
}

func TestFaults(t *testing.T) {
	for _, tc := range []struct {
		name   string
		steps  func(jshost.Step) jshost.Action
		stderr string
	}{
		{"a put fails", jshost.At(jshost.Request, 2, jshost.Fail("QuotaExceededError"), "put", "add"),
			"put b: QuotaExceededError\naborted: QuotaExceededError\n"},
		{"the commit fails", jshost.At(jshost.Commit, 2, jshost.Abort("QuotaExceededError")), "aborted: QuotaExceededError\n"},
		{"aborted after a put", jshost.At(jshost.Request, 2, jshost.Abort("UnknownError"), "put"),
			"put b: AbortError\naborted: UnknownError\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			realm := jshosttest.NewRealm(t, jshost.Config{})
			tb := start(t, realm, tc.steps, "put", "a", "b")
			var exit *jshost.ExitError
			if err := tb.Wait(t.Context()); !errors.As(err, &exit) || exit.Code != 1 {
				t.Errorf("Wait = %v, want exit code 1", err)
			}
			if got := tb.Stderr.String(); got != tc.stderr {
				t.Errorf("stderr = %q, want %q", got, tc.stderr)
			}
			wantKeys(t, realm, "")
		})
	}
}

func TestDisconnect(t *testing.T) {
	realm := jshosttest.NewRealm(t, jshost.Config{})
	p, err := realm.Start(t.Context(), jshost.Command{
		Stderr: t.Output(), IndexedDB: jshost.At(jshost.Request, 2, jshost.Disconnect),
	})
	if err != nil {
		t.Fatal(err)
	}
	jshosttest.Eval(t, p, `new Promise((done) => {
		const seen = [];
		const open = indexedDB.open("x", 1);
		open.onupgradeneeded = () => open.result.createObjectStore("s");
		open.onsuccess = () => {
			const db = open.result;
			db.onclose = () => {
				seen.push("close");
				try { db.transaction("s"); } catch (err) { seen.push(err.name); }
				indexedDB.open("x").onsuccess = (e) => {
					e.target.result.transaction("s").objectStore("s").count().onsuccess = (e) => done(seen.join() + e.target.result);
				};
			};
			const tx = db.transaction("s", "readwrite");
			tx.onabort = () => seen.push("abort");
			tx.objectStore("s").put(1, 1);
			tx.objectStore("s").put(2, 2);
		};
	})`, "abort,close,InvalidStateError0")
}

func TestSteps(t *testing.T) {
	var seen []string
	steps := func(s jshost.Step) jshost.Action {
		seen = append(seen, strings.Join([]string{string(s.Kind), s.Name, s.Store, s.Mode}, " "))
		return jshost.Proceed
	}
	tb := start(t, jshosttest.NewRealm(t, jshost.Config{}), steps, "put", "a")
	if err := tb.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"event upgradeneeded  versionchange", "commit   versionchange", "event complete  versionchange", "event success  ",
		"request put store readwrite", "event success  readwrite", "commit   readwrite", "event complete  readwrite",
	}
	if got := strings.Join(seen, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("the steps were\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}
