//go:build !wasm

package importtest_test

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// maxLines is the length from which a file is no longer one concept.
const maxLines = 500

// long lists files that may be longer, with the reason.
var long = map[string]string{
	"js/package-lock.json":            "npm writes it",
	"bench/browser/package-lock.json": "npm writes it",
	"go.sum":                          "go writes it",
}

func TestFilesAreShort(t *testing.T) {
	for _, name := range files(t, ".go", ".ts", ".js", ".mjs", ".css", ".html", ".sh", ".json", ".sum") {
		if n := strings.Count(text(t, name), "\n"); n > maxLines && long[name] == "" && !strings.Contains(name, "testdata/") {
			t.Errorf("%s has %d lines, more than %d: split it, or list it here with the reason", name, n, maxLines)
		}
	}
	for name := range long {
		if !slices.Contains(files(t), name) {
			t.Errorf("%s is listed as long and is not there", name)
		}
	}
}

// A ban is a thing that no file of some kind may hold.
type ban struct {
	what    string
	pattern *regexp.Regexp
	in      *regexp.Regexp // names of files
	except  []string       // files that may, for the reason beside them
}

var (
	anyFile  = regexp.MustCompile(``)
	goTests  = regexp.MustCompile(`_test\.go$|^backend/backendtest/`)
	jsTests  = regexp.MustCompile(`\.test\.m?[jt]s$`)
	goOrJS   = regexp.MustCompile(`\.(go|m?[jt]s|sh|css|html)$`)
	manifest = regexp.MustCompile(`(^|/)(package(-lock)?\.json|\.npmrc|go\.(mod|sum))$`)
)

// The patterns are written so that they don't match themselves.
var bans = []ban{
	{"sleeps in a test: wait for what must have happened", regexp.MustCompile(`\btime\.Sleep[(]`), goTests, nil},
	{"skips a test", regexp.MustCompile(`\b[tbf]\.Skip(f|Now)?[(]`), goTests, []string{
		"internal/jshost/suites_test.go", // reports what another program's tests did
	}},
	{"skips a test", regexp.MustCompile(`\b(test|it|describe|t)\.(skip|todo|only)[(]|[{,]\s*(skip|todo|only):`), jsTests, nil},
	{"leaves something to do", regexp.MustCompile(`\b(TO[D]O|FIX[M]E|XX[X])\b`), goOrJS, nil},
	{"silences a tool", regexp.MustCompile(`//no[l]int|//lint:igno[r]e|eslint-disab[l]e|@ts-igno[r]e|@ts-expect-err[o]r|biome-igno[r]e`), goOrJS, []string{
		"js/test/types/api.ts", // asserts that wrong types are refused
	}},
	{"holds a path of somebody's machine", regexp.MustCompile(`(^|["'\s=(:])/(hom[e]|Use[r]s|roo[t])/\w`), anyFile, nil},
	{"names the place that a package came from", regexp.MustCompile(`"resolved"|\bregistry\s*=|_authToken|^replace\b|^\s*replace \(`), manifest, nil},
}

func TestBans(t *testing.T) {
	for _, name := range files(t) {
		if slices.Contains([]string{".png", ".wasm", ".woff2", ".db", ".bin"}, path.Ext(name)) || strings.Contains(name, "testdata/fuzz/") {
			continue
		}
		content := text(t, name)
		for _, b := range bans {
			if !b.in.MatchString(name) || slices.Contains(b.except, name) {
				continue
			}
			if at := b.pattern.FindStringIndex(content); at != nil {
				line := 1 + strings.Count(content[:at[0]], "\n")
				t.Errorf("%s:%d %s: %q", name, line, b.what, content[at[0]:at[1]])
			}
		}
	}
}
