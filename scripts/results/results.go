// Package results reads what the lanes of `make test` leave in build/results:
// one file per lane, a stream of the events that `go test -json` writes. Lanes
// that don't run `go test` write the same events.
package results

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Dir is where the lanes leave their results, relative to the module's root.
const Dir = "build/results"

// Path returns the file of the lane's events.
func Path(lane string) string { return filepath.Join(Dir, lane+".json") }

// A Test is the outcome of one test or subtest, or of a package that failed
// outside of any test; its Name is empty then.
type Test struct {
	Package string // import path, or what the lane calls itself
	Name    string // as Go writes it: blanks are underscores, subtests follow a slash
	Status  string // "pass", "fail" or "skip"
	Elapsed time.Duration
	Output  string // all that it printed
}

// Tests are the outcomes of one lane, in the order in which they ended.
type Tests []Test

// Count returns how many passed, failed and were skipped.
func (ts Tests) Count() (passed, failed, skipped int) {
	for _, t := range ts {
		switch t.Status {
		case "pass":
			passed++
		case "fail":
			failed++
		case "skip":
			skipped++
		}
	}
	return passed, failed, skipped
}

// ReadLane returns the outcomes of lane. A lane that left no file has none.
func ReadLane(lane string) (Tests, error) {
	f, err := os.Open(Path(lane))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	ts, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return ts, nil
}

// event is a line of `go test -json`.
type event struct {
	Action     string
	Package    string
	ImportPath string // instead of Package in a build's events
	Test       string
	Output     string
	Elapsed    float64 // seconds
}

// Read returns the outcomes in a stream of events. A package that failed
// without a failed test in it counts as one failure, and so does a test that
// began and never ended.
func Read(r io.Reader) (Tests, error) {
	type id struct{ pkg, name string }
	var (
		ended   Tests
		output  = map[id]*strings.Builder{}
		running = map[id]bool{}
		failed  = map[string]bool{} // packages with a failed test
		order   []id
	)
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 && line[0] == '{' {
			var e event
			if err := json.Unmarshal(line, &e); err != nil {
				return nil, fmt.Errorf("reading an event: %w", err)
			}
			if e.Package == "" {
				// A build's output names the variant of the package, "p [p.test]".
				e.Package, _, _ = strings.Cut(e.ImportPath, " ")
			}
			k := id{e.Package, e.Test}
			switch e.Action {
			case "run":
				running[k] = true
				order = append(order, k)
			case "output", "build-output":
				if output[k] == nil {
					output[k] = &strings.Builder{}
				}
				output[k].WriteString(e.Output)
			case "pass", "fail", "skip":
				delete(running, k)
				if e.Test == "" && (e.Action != "fail" || failed[e.Package]) {
					break
				}
				if e.Action == "fail" {
					failed[e.Package] = true
				}
				t := Test{Package: e.Package, Name: e.Test, Status: e.Action, Elapsed: time.Duration(e.Elapsed * float64(time.Second))}
				if b := output[k]; b != nil {
					t.Output = b.String()
				}
				ended = append(ended, t)
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	for _, k := range order {
		if running[k] {
			t := Test{Package: k.pkg, Name: k.name, Status: "fail"}
			if b := output[k]; b != nil {
				t.Output = b.String()
			}
			t.Output += "the test began and never ended\n"
			ended = append(ended, t)
		}
	}
	return ended, nil
}
