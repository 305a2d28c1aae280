//go:build !wasm

package jshost_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/larderdb/larder/internal/jshost"
	"github.com/larderdb/larder/internal/jshost/jshosttest"
)

// two bounds how many packages are built and run at once.
var two = make(chan struct{}, 2)

// TestModule runs the js/wasm tests of every package of the module that has any. Each test of theirs is a subtest
// here. The environment variable LARDER_WASM_PACKAGES, as arguments of go list, limits it to some packages:
//
//	LARDER_WASM_PACKAGES='./keys ./backend/...' go test -v -run TestModule ./internal/jshost
func TestModule(t *testing.T) {
	args := append([]string{"scripts/wasm-tests.sh"}, strings.Fields(os.Getenv("LARDER_WASM_PACKAGES"))...)
	cmd := exec.Command("bash", args...)
	cmd.Dir = filepath.Join("..", "..")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	list, err := cmd.Output()
	if err != nil {
		t.Fatalf("%q: %v\n%s", args, err, &stderr)
	}
	for line := range strings.Lines(string(list)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t") // import path, binary, folder
		if len(fields) != 3 {
			t.Fatalf("%q printed %q", args, line)
		}
		t.Run(strings.TrimPrefix(fields[0], "github.com/larderdb/larder/"), func(t *testing.T) {
			t.Parallel()
			two <- struct{}{}
			defer func() { <-two }()
			runSuite(t, jshost.Config{}, filepath.Join("..", "..", fields[1]), fields[2])
		})
	}
}

// TestConformanceWithout runs the conformance suite of backend/idb in realms that have less than most browsers.
func TestConformanceWithout(t *testing.T) {
	dir := filepath.Join("..", "..", "backend", "idb")
	for name, config := range map[string]jshost.Config{
		"locks":                      {NoLocks: true},
		"BroadcastChannel":           {NoBroadcastChannel: true},
		"locks and BroadcastChannel": {NoLocks: true, NoBroadcastChannel: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			two <- struct{}{}
			defer func() { <-two }()
			wasm := jshosttest.Build(t, dir, "test", "-c")
			runSuite(t, config, wasm, dir, "-test.run", "Conformance", "-test.short")
		})
	}
}

// TestEngineWithLoader runs the tests of backend/idb with the function that the npm package's loader gives to it.
func TestEngineWithLoader(t *testing.T) {
	script, err := os.ReadFile(filepath.Join("..", "..", "build", "larderidb.js"))
	if err != nil {
		t.Fatalf("%v: run make setup", err)
	}
	source, err := os.ReadFile(filepath.Join("..", "..", "js", "src", "idb.ts"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(script, fmt.Appendf(nil, "%x", sha256.Sum256(source))) {
		t.Fatal("build/larderidb.js is of another js/src/idb.ts: run make setup")
	}
	two <- struct{}{}
	defer func() { <-two }()
	dir := filepath.Join("..", "..", "backend", "idb")
	runSuite(t, jshost.Config{Script: string(script)}, jshosttest.Build(t, dir, "test", "-c"), dir, "-test.short")
}

// TestStandardLibrary runs tests of the Go distribution, syscall/js's own above all.
func TestStandardLibrary(t *testing.T) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	src := filepath.Join(strings.TrimSpace(string(out)), "src")
	for _, tc := range []struct{ pkg, run string }{
		{"syscall/js", "."},
		{"context", "."},
		{"sort", "^Test(Sort[A-Z].*Slice|StableInts|ReverseRange|BreakPatterns)$"},
		{"sync", "Once|Cond|TestWaitGroup$|TestMap"},
		{"time", "^Test(After|AfterFunc|AfterStop|Sleep|Ticker|Reset)$"},
	} {
		t.Run(tc.pkg, func(t *testing.T) {
			t.Parallel()
			two <- struct{}{}
			defer func() { <-two }()
			dir := filepath.Join(src, filepath.FromSlash(tc.pkg))
			runSuite(t, jshost.Config{}, jshosttest.Build(t, dir, "test", "-c"), dir, "-test.run", tc.run)
		})
	}
}

// runSuite runs a test binary in a realm of its own and makes a subtest of each of its tests.
func runSuite(t *testing.T, config jshost.Config, wasm, dir string, args ...string) {
	var stdout, stderr bytes.Buffer
	p, err := jshosttest.NewRealm(t, config).Start(t.Context(), jshost.Command{
		Wasm: wasm, Dir: dir, Args: append([]string{"-test.v=test2json", "-test.timeout=14m"}, args...),
		Env: map[string]string{"TMPDIR": t.TempDir()}, Stdout: &stdout, Stderr: &stderr,
	})
	if err != nil {
		t.Fatal(err)
	}
	failure := p.Wait(t.Context())
	root := parseSuite(stdout.String())
	if len(root.children) == 0 && failure == nil {
		t.Error("there are no tests")
	}
	root.replay(t)
	if failure != nil && !t.Failed() {
		t.Errorf("%v\n%s%s", failure, &stdout, &stderr)
	}
}

// result is a test of a suite that ran, or the suite itself.
type result struct {
	name     string // without its parents'
	status   string // PASS, FAIL, SKIP; empty when it never ended
	output   strings.Builder
	children []*result
}

// child returns the child of that name, a new one if there is none.
func (r *result) child(name string) *result {
	for _, c := range r.children {
		if c.name == name {
			return c
		}
	}
	c := &result{name: name}
	r.children = append(r.children, c)
	return c
}

// find returns the test of that full name. The parents of a subtest began before it, so that a name that has them as
// its beginning is divided behind the longest.
func (r *result) find(name string) *result {
	var best *result
	for _, c := range r.children {
		if name == c.name {
			return c
		}
		if strings.HasPrefix(name, c.name+"/") && (best == nil || len(c.name) > len(best.name)) {
			best = c
		}
	}
	if best == nil {
		return r.child(name)
	}
	return best.find(name[len(best.name)+1:])
}

var (
	began = regexp.MustCompile(`^=== (?:RUN|NAME|CONT|PAUSE) +(.*)$`)
	ended = regexp.MustCompile(`^ *--- (PASS|FAIL|SKIP): (.*) \([0-9.]+s\)$`)
)

// parseSuite reads what a test binary prints with -test.v=test2json: lines of the framework begin with a ^V.
func parseSuite(output string) *result {
	root := &result{}
	current := root
	in := bufio.NewScanner(strings.NewReader(output))
	in.Buffer(nil, len(output)+1)
	for in.Scan() {
		before, line, marked := strings.Cut(in.Text(), "\x16")
		if !marked {
			current.output.WriteString(before + "\n")
			continue
		}
		if before != "" {
			current.output.WriteString(before + "\n")
		}
		if m := began.FindStringSubmatch(line); m != nil {
			current = root
			if m[1] != "" {
				current = root.find(m[1])
			}
		} else if m := ended.FindStringSubmatch(line); m != nil {
			current = root.find(m[2])
			current.status = m[1]
		} else {
			current.output.WriteString(line + "\n")
		}
	}
	return root
}

// replay reports the result of r and of those below it.
func (r *result) replay(t *testing.T) {
	for _, c := range r.children {
		t.Run(c.name, c.replay)
	}
	if r.name == "" {
		return
	}
	switch r.status {
	case "PASS":
	case "SKIP":
		t.Skip(r.output.String())
	case "FAIL":
		t.Error(r.output.String())
	default:
		t.Error("it never ended\n" + r.output.String())
	}
}

func TestParseSuite(t *testing.T) {
	root := parseSuite(strings.ReplaceAll(`^=== RUN   TestA
^=== RUN   TestA/with/slash
said
^--- FAIL: TestA (0.00s)
^    --- FAIL: TestA/with/slash (0.00s)
^=== NAME  
^=== RUN   TestB
no line end^--- PASS: TestB (1.00s)
^=== RUN   TestC
PASS
`, "^", "\x16"))
	var got []string
	for _, c := range root.children {
		got = append(got, c.name+" "+c.status+" "+c.output.String())
		for _, c := range c.children {
			got = append(got, "- "+c.name+" "+c.status+" "+c.output.String())
		}
	}
	want := "TestA FAIL \n- with/slash FAIL said\n\nTestB PASS no line end\n\nTestC  PASS\n"
	if got := strings.Join(got, "\n"); got != want {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
}
