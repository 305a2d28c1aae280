// Rows prints, for each capability that scripts/rows/rows.txt lists, the tests
// of the last `make test` that show it, with lanes and engines, and exits with 1
// when a row has none. A test shows the rows whose numbers its name carries.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/larderdb/larder/scripts/results"
)

func main() {
	verbose := flag.Bool("v", false, "print every test, not three of each lane")
	flag.Parse()
	missing, err := run(os.Stdout, *verbose)
	if err != nil {
		fmt.Fprintln(os.Stderr, "rows:", err)
		os.Exit(2)
	}
	if missing > 0 {
		os.Exit(1)
	}
}

// A row is a line of rows.txt.
type row struct {
	number string
	where  string // the file that shows it; empty if a test does
	what   string
}

// run prints all rows and returns how many are not shown.
func run(w io.Writer, verbose bool) (missing int, err error) {
	f, err := os.Open(filepath.FromSlash("scripts/rows/rows.txt"))
	if err != nil {
		return 0, fmt.Errorf("run this in the module's root: %w", err)
	}
	defer f.Close()
	rows, err := parseRows(f)
	if err != nil {
		return 0, err
	}
	files, err := filepath.Glob(filepath.Join(results.Dir, "*.json"))
	if err != nil {
		return 0, err
	}
	if len(files) == 0 {
		return 0, errors.New("there are no results in " + results.Dir + ": run make test first")
	}
	shown := map[string][]proof{}
	for _, file := range files {
		lane := strings.TrimSuffix(filepath.Base(file), ".json")
		tests, err := results.ReadLane(lane)
		if err != nil {
			return 0, err
		}
		for _, t := range tests {
			for _, number := range numbers(t.Name) {
				shown[number] = append(shown[number], proof{lane, t})
			}
		}
	}
	return report(w, rows, shown, verbose), nil
}

// parseRows reads rows.txt.
func parseRows(r io.Reader) ([]row, error) {
	var rows []row
	in := bufio.NewScanner(r)
	for n := 1; in.Scan(); n++ {
		line := strings.TrimSpace(in.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		number, rest, _ := strings.Cut(line, " ")
		if !rowNumber.MatchString(number) {
			return nil, fmt.Errorf("scripts/rows/rows.txt:%d: %q is not a row's number", n, number)
		}
		r := row{number: number, what: strings.TrimSpace(rest)}
		if where, ok := strings.CutPrefix(r.what, "= "); ok {
			r.where, r.what, _ = strings.Cut(where, " ")
			r.what = strings.TrimSpace(r.what)
		}
		if r.what == "" || slices.ContainsFunc(rows, func(o row) bool { return o.number == number }) {
			return nil, fmt.Errorf("scripts/rows/rows.txt:%d: row %s says nothing or is there twice", n, number)
		}
		rows = append(rows, r)
	}
	return rows, in.Err()
}

var (
	rowNumber = regexp.MustCompile(`^[ABD][1-9]\d?$`)
	// A number stands for itself in a name: after "Test", a slash or an underscore.
	inName = regexp.MustCompile(`^(?:Test|Fuzz|Example)?([ABD][1-9]\d?)$`)
)

// numbers returns the rows that a test's name carries, without its parents'
// names: a row is shown by the test that names it, not by all below.
func numbers(name string) []string {
	var found []string
	for word := range strings.FieldsFuncSeq(path.Base(name), func(r rune) bool { return strings.ContainsRune("_,;:()", r) }) {
		if m := inName.FindStringSubmatch(word); m != nil && !slices.Contains(found, m[1]) {
			found = append(found, m[1])
		}
	}
	return found
}

// A proof is a test that carries a row's number.
type proof struct {
	lane string
	test results.Test
}

// report prints rows with what shows them, and returns how many are not shown:
// without a passing test, or with one that failed.
func report(w io.Writer, rows []row, shown map[string][]proof, verbose bool) (missing int) {
	for _, r := range rows {
		if r.where != "" {
			if _, err := os.Stat(filepath.FromSlash(r.where)); err != nil {
				missing++
				fmt.Fprintf(w, "%-4s MISSING  %s: there is no %s\n", r.number, r.what, r.where)
				continue
			}
			fmt.Fprintf(w, "%-4s %s: see %s\n", r.number, r.what, r.where)
			continue
		}
		passed := map[string][]string{} // by lane
		var lanes, bad []string
		for _, p := range shown[r.number] {
			name := engine(p.test) + " " + p.test.Name
			if p.test.Status != "pass" {
				bad = append(bad, p.lane+": "+name)
				continue
			}
			if passed[p.lane] == nil {
				lanes = append(lanes, p.lane)
			}
			passed[p.lane] = append(passed[p.lane], name)
		}
		if len(lanes) == 0 || len(bad) > 0 {
			missing++
			fmt.Fprintf(w, "%-4s MISSING  %s\n", r.number, r.what)
		} else {
			fmt.Fprintf(w, "%-4s %s\n", r.number, r.what)
		}
		for _, b := range bad {
			fmt.Fprintf(w, "       not passed: %s\n", b)
		}
		for _, lane := range lanes {
			for i, name := range passed[lane] {
				if i == 3 && !verbose {
					fmt.Fprintf(w, "       %-12s … and %d more\n", lane, len(passed[lane])-i)
					break
				}
				fmt.Fprintf(w, "       %-12s %s\n", lane, name)
			}
		}
	}
	fmt.Fprintf(w, "\n%d rows, %d shown, %d not\n", len(rows), len(rows)-missing, missing)
	return missing
}

// engine is the package that a test belongs to, below the module.
func engine(t results.Test) string {
	return strings.TrimPrefix(t.Package, "github.com/larderdb/larder/")
}
