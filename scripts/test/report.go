package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/larderdb/larder/scripts/results"
)

// Of a failure, no more is printed than a person reads; all of it is in
// build/results.
const (
	maxFailures = 20 // per lane
	maxLines    = 60 // per failure
)

// A report says how one lane ended.
type report struct {
	lane  string
	tests results.Tests
	took  time.Duration
	log   string // the file with the script's output
	err   error  // why the lane failed, beside its tests
}

// count is how many of the lane's tests passed, failed and were skipped. A
// lane that failed without a failed test counts as one.
func (r report) count() (passed, failed, skipped int) {
	passed, failed, skipped = r.tests.Count()
	if failed == 0 && r.err != nil {
		failed = 1
	}
	return passed, failed, skipped
}

// print writes one line, and after it what failed.
func (r report) print(w io.Writer) {
	passed, failed, skipped := r.count()
	word := "ok  "
	if failed > 0 {
		word = "FAIL"
	}
	line := fmt.Sprintf("%s  %-15s %5d passed, %d failed", word, r.lane, passed, failed)
	if skipped > 0 {
		line += fmt.Sprintf(", %d skipped", skipped)
	}
	fmt.Fprintf(w, "%s  in %v\n", line, r.took.Round(100*time.Millisecond))
	if failed == 0 {
		return
	}
	shown := 0
	for _, t := range r.leaves() {
		if shown++; shown > maxFailures {
			fmt.Fprintf(w, "    … and more, in %s\n", results.Path(r.lane))
			break
		}
		fmt.Fprintf(w, "    --- %s %s\n", t.Package, t.Name)
		indent(w, t.Output)
	}
	switch {
	case r.err == nil:
	case shown > 0:
		fmt.Fprintf(w, "    %s: %v, see %s\n", r.lane, r.err, r.log)
	default:
		fmt.Fprintf(w, "    %s: %v; the end of %s:\n", r.lane, r.err, r.log)
		if log, err := os.ReadFile(r.log); err == nil {
			indent(w, string(log))
		}
	}
}

// leaves returns the failed tests that have no failed subtest.
func (r report) leaves() results.Tests {
	parents := map[string]bool{}
	for _, t := range r.tests {
		if t.Status != "fail" {
			continue
		}
		for name := t.Name; ; {
			i := strings.LastIndexByte(name, '/')
			if i < 0 {
				break
			}
			name = name[:i]
			parents[t.Package+" "+name] = true
		}
	}
	var leaves results.Tests
	for _, t := range r.tests {
		if t.Status == "fail" && !parents[t.Package+" "+t.Name] {
			leaves = append(leaves, t)
		}
	}
	return leaves
}

// indent writes the last lines of text.
func indent(w io.Writer, text string) {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(lines) > maxLines {
		lines = lines[len(lines)-maxLines:]
		fmt.Fprintln(w, "        …")
	}
	for _, line := range lines {
		fmt.Fprintf(w, "        %s\n", line)
	}
}

// summary writes the sum of all lanes as the last line and reports whether all
// is well.
func summary(w io.Writer, reports []report, took time.Duration) bool {
	var passed, failed, skipped int
	for _, r := range reports {
		p, f, s := r.count()
		passed, failed, skipped = passed+p, failed+f, skipped+s
	}
	fmt.Fprintf(w, "\nlanes run: %d, in %v\n", len(reports), took.Round(time.Second))
	fmt.Fprintf(w, "%d passed, %d failed", passed, failed)
	if skipped > 0 {
		fmt.Fprintf(w, ", %d skipped", skipped)
	}
	fmt.Fprintln(w)
	return failed == 0
}
