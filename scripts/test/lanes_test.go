package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const threeLanes = `# comment
native      beside  -     Go tests
browser-go  alone   -     Go tests in Chromium
browser-js  alone   demo  JavaScript tests

`

func names(lanes []lane) string {
	var ns []string
	for _, l := range lanes {
		ns = append(ns, l.name)
	}
	return strings.Join(ns, " ")
}

func TestParseLanes(t *testing.T) {
	lanes, err := parseLanes(strings.NewReader(threeLanes))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := names(lanes), "native browser-go browser-js"; got != want {
		t.Errorf("lanes = %q, want %q", got, want)
	}
	if lanes[0].alone || !lanes[1].alone {
		t.Errorf("alone = %v, %v, want false, true", lanes[0].alone, lanes[1].alone)
	}
	if lanes[0].demo || !lanes[2].demo {
		t.Errorf("demo = %v, %v, want false, true", lanes[0].demo, lanes[2].demo)
	}
	for _, bad := range []string{"native", "native sometimes - x", "a alone x y", "a alone - x\na alone - x"} {
		if _, err := parseLanes(strings.NewReader(bad)); err == nil {
			t.Errorf("parseLanes(%q) = nil, want an error", bad)
		}
	}
}

func TestChoose(t *testing.T) {
	lanes, err := parseLanes(strings.NewReader(threeLanes))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ args, want string }{
		{"", "native browser-go browser-js"},
		{"native", "native"},
		{"browser", "browser-go browser-js"},
		{"browser-js native", "native browser-js"},
	} {
		got, err := choose(lanes, strings.Fields(tt.args))
		if err != nil || names(got) != tt.want {
			t.Errorf("choose(%q) = %q, %v, want %q", tt.args, names(got), err, tt.want)
		}
	}
	if _, err := choose(lanes, []string{"brow"}); err == nil {
		t.Error("choose of an unknown lane = nil, want an error")
	}
}

// runHere runs lanes whose scripts are given, in a folder of their own, and
// returns what was printed and whether all was well.
func runHere(t *testing.T, lanes string, scripts map[string]string) (string, bool) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.MkdirAll("scripts/lane", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll("build/results", 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range scripts {
		if err := os.WriteFile(filepath.Join("scripts/lane", name+".sh"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ls, err := parseLanes(strings.NewReader(lanes))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	reports := runAll(context.Background(), 2, ls)
	for _, r := range reports {
		r.print(&out)
	}
	ok := summary(&out, reports, time.Second)
	return out.String(), ok
}

const onePass = `echo '{"Action":"pass","Package":"p","Test":"TestA"}' >> "$RESULTS"` + "\n"

func lastLine(out string) string {
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	return lines[len(lines)-1]
}

func TestLanesThatPass(t *testing.T) {
	out, ok := runHere(t, "a beside - x\nb beside - x\nc alone - x", map[string]string{"a": onePass, "b": onePass, "c": onePass})
	if got, want := lastLine(out), "3 passed, 0 failed"; got != want || !ok {
		t.Errorf("last line %q, %v, want %q, true", got, ok, want)
	}
}

func TestLanesThatFail(t *testing.T) {
	tests := []struct {
		name, script, last, says string
	}{
		{"no script", "", "1 passed, 1 failed", "No such file"},
		{"no test", "exit 0", "1 passed, 1 failed", "no test ran"},
		{"a failed test", `echo '{"Action":"fail","Package":"p","Test":"TestB"}' >> "$RESULTS"; exit 1`, "1 passed, 1 failed", "p TestB"},
		{"a failed test that the script forgets", `echo '{"Action":"fail","Package":"p","Test":"TestB"}' >> "$RESULTS"`, "1 passed, 1 failed", "p TestB"},
		{"a script that fails after its tests", onePass + "echo oops; exit 3", "2 passed, 1 failed", "oops"},
		{"a skipped test", onePass + `echo '{"Action":"skip","Package":"p","Test":"TestB"}' >> "$RESULTS"; exit 1`, "2 passed, 1 failed, 1 skipped", "exit status 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			scripts := map[string]string{"good": onePass}
			if tt.script != "" {
				scripts["bad"] = tt.script
			}
			out, ok := runHere(t, "good beside - x\nbad beside - x", scripts)
			if got := lastLine(out); got != tt.last || ok {
				t.Errorf("last line %q, %v, want %q, false", got, ok, tt.last)
			}
			if !strings.Contains(out, tt.says) {
				t.Errorf("output doesn't say %q:\n%s", tt.says, out)
			}
		})
	}
}

// Results of an earlier run must not stand in for a lane that did not run.
func TestOldResultsDoNotCount(t *testing.T) {
	scripts := map[string]string{"a": onePass}
	if out, ok := runHere(t, "a alone - x", scripts); !ok {
		t.Fatalf("first run failed:\n%s", out)
	}
	if err := os.WriteFile("scripts/lane/a.sh", []byte("exit 0"), 0o644); err != nil {
		t.Fatal(err)
	}
	rep := runLane(context.Background(), lane{name: "a"})
	if rep.err == nil {
		t.Error("second run, without a test = nil, want an error")
	}
}

func TestCancelEndsALane(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.MkdirAll("scripts/lane", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll("build/results", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("scripts/lane/slow.sh", []byte("sleep 600"), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	rep := runLane(ctx, lane{name: "slow"})
	if rep.err == nil || rep.took > 9*time.Second {
		t.Errorf("a cancelled lane ended after %v with %v, want an error at once", rep.took, rep.err)
	}
}
