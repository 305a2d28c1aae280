//go:build !wasm

package jshost_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/larderdb/larder/internal/jshost"
	"github.com/larderdb/larder/internal/jshost/jshosttest"
)

func TestMain(m *testing.M) { jshosttest.Main(m) }

// guest returns the binary of testdata/guest.
func guest(t *testing.T) string {
	t.Helper()
	return jshosttest.Build(t, "testdata/guest", "build")
}

// command runs the guest.
func command(t *testing.T, steps func(jshost.Step) jshost.Action, args ...string) jshost.Command {
	t.Helper()
	return jshost.Command{Wasm: guest(t), Args: args, Env: map[string]string{"LARDER_GREETING": "hello"}, IndexedDB: steps}
}

// start starts the guest.
func start(t *testing.T, realm *jshost.Realm, steps func(jshost.Step) jshost.Action, args ...string) *jshosttest.Tab {
	t.Helper()
	return jshosttest.Start(t, realm, command(t, steps, args...))
}

// run runs the guest to its end and returns what it printed.
func run(t *testing.T, realm *jshost.Realm, args ...string) string {
	t.Helper()
	return jshosttest.Run(t, realm, command(t, nil, args...))
}

// page opens a page without a program.
func page(t *testing.T, realm *jshost.Realm) *jshost.Program {
	t.Helper()
	p, err := realm.Start(t.Context(), jshost.Command{Stdout: t.Output(), Stderr: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestArgumentsAndEnvironment(t *testing.T) {
	if got, want := run(t, jshosttest.NewRealm(t, jshost.Config{}), "echo", "a", "b"), "[a b] hello\n"; got != want {
		t.Errorf("echo a b printed %q, want %q", got, want)
	}
}

func TestExitCode(t *testing.T) {
	tb := start(t, jshosttest.NewRealm(t, jshost.Config{}), nil, "exit", "7")
	var exit *jshost.ExitError
	if err := tb.Wait(t.Context()); !errors.As(err, &exit) || exit.Code != 7 {
		t.Errorf("Wait = %v, want exit code 7", err)
	}
}

func TestPanic(t *testing.T) {
	tb := start(t, jshosttest.NewRealm(t, jshost.Config{}), nil, "panic")
	var exit *jshost.ExitError
	if err := tb.Wait(t.Context()); !errors.As(err, &exit) || exit.Code != 2 {
		t.Errorf("Wait = %v, want exit code 2", err)
	}
	if got, want := tb.Stderr.String(), "panic: the guest panics"; !strings.Contains(got, want) {
		t.Errorf("stderr = %q, want it to contain %q", got, want)
	}
}

func TestDeadlock(t *testing.T) {
	tb := start(t, jshosttest.NewRealm(t, jshost.Config{}), nil, "deadlock")
	var exit *jshost.ExitError
	if err := tb.Wait(t.Context()); !errors.As(err, &exit) || exit.Code != 2 {
		t.Errorf("Wait = %v, want exit code 2", err)
	}
	if got, want := tb.Stderr.String(), "all goroutines are asleep - deadlock!"; !strings.Contains(got, want) {
		t.Errorf("stderr = %q, want it to contain %q", got, want)
	}
}

func TestUncaughtExceptionCrashes(t *testing.T) {
	tb := start(t, jshosttest.NewRealm(t, jshost.Config{}), nil, "throw")
	if err := tb.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "from a getter") {
		t.Errorf("Wait = %v, want the exception", err)
	}
}

func TestVirtualTime(t *testing.T) {
	begin := time.Now()
	got := run(t, jshosttest.NewRealm(t, jshost.Config{VirtualTime: true}), "day")
	if want := "1440 24h0m0s 24h0m0s\n"; got != want {
		t.Errorf("a day printed %q, want %q", got, want)
	}
	if took := time.Since(begin); took > 10*time.Minute {
		t.Errorf("a day took %v", took)
	}
}

// A deletion that waits for a connection to close kept the realm busy, and its time from jumping.
func TestVirtualTimeWhileBlocked(t *testing.T) {
	jshosttest.Eval(t, page(t, jshosttest.NewRealm(t, jshost.Config{VirtualTime: true})), `new Promise((done) => {
		const open = indexedDB.open("blocked");
		open.onsuccess = () => {
			const begin = performance.now();
			setTimeout(() => open.result.close(), 3600e3);
			indexedDB.deleteDatabase("blocked").onsuccess = () => done(Math.round((performance.now() - begin) / 3600e3));
		};
	})`, int64(1))
}

func TestCallsFromTheHost(t *testing.T) {
	realm := jshosttest.NewRealm(t, jshost.Config{})
	tb := start(t, realm, nil, "serve")
	if got, err := tb.Call(t.Context(), "guest.sum", 1, 2, 39); err != nil || got != int64(42) {
		t.Errorf("sum = %v, %v, want 42, nil", got, err)
	}
	if got, err := tb.Call(t.Context(), "guest.later", []byte{1, 2}); err != nil || !bytes.Equal(got.([]byte), []byte{1, 2}) {
		t.Errorf("later = %v, %v, want [1 2], nil", got, err)
	}
	var exception *jshost.Exception
	if _, err := tb.Call(t.Context(), "guest.missing"); !errors.As(err, &exception) || exception.Name != "TypeError" {
		t.Errorf("a function that is not there: %v, want a TypeError", err)
	}
	tb.Kill()
	if err := tb.Wait(t.Context()); err != jshost.ErrKilled {
		t.Errorf("Wait = %v, want ErrKilled", err)
	}
	if _, err := tb.Call(t.Context(), "guest.sum", 1); !errors.Is(err, jshost.ErrKilled) {
		t.Errorf("Call after Kill: %v, want ErrKilled", err)
	}
	realm.Close()
	if _, err := realm.Start(t.Context(), jshost.Command{}); !errors.Is(err, jshost.ErrClosed) {
		t.Errorf("Start after Close: %v, want ErrClosed", err)
	}
}

// A page loads a program as the pages of a site do, and uses its exports.
func TestProgramLoadedByJavaScript(t *testing.T) {
	binary, err := os.ReadFile(guest(t))
	if err != nil {
		t.Fatal(err)
	}
	p := page(t, jshosttest.NewRealm(t, jshost.Config{}))
	got, err := p.Call(t.Context(), `(async (binary) => {
		const go = new Go();
		go.argv.push("serve");
		const { instance } = await WebAssembly.instantiate(binary, go.importObject);
		go.run(instance);
		const before = instance.exports.mem.buffer;
		return [guest.sum(1, 2), String(instance.exports.product(2n ** 40n, -3n)), before.byteLength > 0];
	})`, binary)
	if want := []any{int64(3), "-3298534883328", true}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestWasmrun(t *testing.T) {
	wasmrun := filepath.Join(jshosttest.Folder(), "wasmrun")
	if out, err := exec.Command("go", "build", "-o", wasmrun, "./wasmrun").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, tc := range []struct {
		args   []string
		code   int
		output string
	}{
		{[]string{guest(t), "echo", "a"}, 0, "[a] hi\n"},
		{[]string{guest(t), "exit", "9"}, 9, ""},
		{[]string{"missing.wasm"}, 2, "wasmrun: open missing.wasm: no such file or directory\n"},
		{nil, 2, "usage: wasmrun program.wasm [arguments]\n"},
	} {
		cmd := exec.Command(wasmrun, tc.args...)
		cmd.Env = append(os.Environ(), "GREETING=not passed on", "LARDER_GREETING=hi")
		out, _ := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != tc.code || string(out) != tc.output {
			t.Errorf("wasmrun %q: exit code %d, output %q, want %d, %q", tc.args, got, out, tc.code, tc.output)
		}
	}
}

func TestValuesCross(t *testing.T) {
	p := page(t, jshosttest.NewRealm(t, jshost.Config{}))
	jshosttest.Eval(t, p, "'a' + 1", "a1")
	jshosttest.Eval(t, p, "undefined", nil)
	jshosttest.Eval(t, p, "new Promise((done) => setTimeout(done, 1, 1.5))", 1.5)
	got, err := p.Call(t.Context(), "((v) => JSON.stringify(v))", map[string]any{"a": []any{int64(1), "x", nil, true}})
	if want := `{"a":[1,"x",null,true]}`; err != nil || got != want {
		t.Errorf("an object arrived as %v, %v, want %s", got, err, want)
	}
	if got, err := p.Call(t.Context(), "((v) => typeof v)", int64(1)<<60); err != nil || got != "bigint" {
		t.Errorf("a large integer arrived as %v, %v, want bigint", got, err)
	}
}
