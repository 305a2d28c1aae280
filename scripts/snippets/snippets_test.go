package snippets_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// documents are patterns of the documents that show code; each of their blocks
// is checked.
var documents = []string{"README.md", "js/README.md", "AGENTS.md", "CONTRIBUTING.md", "docs/*.md", "docs/guides/*.md"}

// A snippet is a fenced block of a document.
type snippet struct {
	where    string // document:line
	language string
	lines    []string // without common indentation and empty lines
}

// read returns the blocks of the documents that match a pattern.
func read(t *testing.T, pattern string) []snippet {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Errorf("there is no document %s", pattern)
	}
	var found []snippet
	for _, name := range names {
		found = append(found, blocks(t, name)...)
	}
	return found
}

// blocks returns the blocks of a document.
func blocks(t *testing.T, path string) []snippet {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	name, err := filepath.Rel(root, path)
	if err != nil {
		t.Fatal(err)
	}
	var found []snippet
	var open *snippet
	in := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; in.Scan(); n++ {
		fence, ok := strings.CutPrefix(strings.TrimSpace(in.Text()), "```")
		switch {
		case ok && open == nil:
			open = &snippet{where: fmt.Sprintf("%s:%d", name, n), language: strings.TrimSpace(fence)}
		case ok:
			found = append(found, *open)
			open = nil
		case open != nil:
			open.lines = append(open.lines, in.Text())
		}
	}
	if open != nil {
		t.Errorf("%s: the block is never closed", open.where)
	}
	for i := range found {
		found[i].lines = normal(found[i].lines)
	}
	return found
}

// normal returns lines without empty ones and without indentation: a snippet is
// shown further left than it stands in a function.
func normal(lines []string) []string {
	var kept []string
	for _, line := range lines {
		if line = strings.TrimSpace(line); line != "" {
			kept = append(kept, line)
		}
	}
	return kept
}

// expected is how a program that must not compile says why.
var expected = regexp.MustCompile(`\s*// want ".*"$`)

// sources returns the normal lines of every file that a lane runs, by the
// language of a block. What must not compile is run by internal/compilefail; a
// document shows it without the error that is expected.
func sources(t *testing.T) map[string]map[string][]string {
	t.Helper()
	run := map[string]*regexp.Regexp{
		"go": regexp.MustCompile(`^(examples/.*\.go|.*_test\.go|.*/testdata/compilefail/.*\.go)$`),
		"js": regexp.MustCompile(`^(examples/.*\.m?js|js/test/.*\.(mjs|js)|web/demo/.*\.m?js)$`),
		"ts": regexp.MustCompile(`^js/test/.*\.ts$`),
	}
	all := map[string]map[string][]string{"go": {}, "js": {}, "ts": {}}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{"node_modules", "build", "dist", ".git"}, d.Name()) {
			return fs.SkipDir
		}
		name, err := filepath.Rel(root, path)
		if err != nil || d.IsDir() {
			return err
		}
		for language, files := range run {
			if !files.MatchString(filepath.ToSlash(name)) {
				continue
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			lines := strings.Split(string(text), "\n")
			for i, line := range lines {
				lines[i] = expected.ReplaceAllString(line, "")
			}
			all[language][name] = normal(lines)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// contains reports whether lines has all of part, one after another.
func contains(lines, part []string) bool {
	for i := 0; i+len(part) <= len(lines); i++ {
		if slices.Equal(lines[i:i+len(part)], part) {
			return true
		}
	}
	return false
}

// targets returns the targets of the Makefile.
func targets(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^([a-z-]+):`).FindAllSubmatch(text, -1) {
		found[string(m[1])] = true
	}
	return found
}

func TestB53_D30_SnippetsStandInWhatRuns(t *testing.T) {
	languages := map[string]string{"go": "go", "js": "js", "javascript": "js", "ts": "ts", "typescript": "ts"}
	all, makes := sources(t), targets(t)
	checked := 0
	for _, document := range documents {
		for _, s := range read(t, document) {
			if s.language == "sh" || s.language == "bash" {
				for _, line := range s.lines {
					if target, ok := strings.CutPrefix(line, "make "); ok && !makes[strings.Fields(target)[0]] {
						t.Errorf("%s: %q is no target of the Makefile", s.where, line)
					}
				}
				continue
			}
			files, ok := all[languages[s.language]]
			if !ok {
				continue // a file tree, output, a table
			}
			checked++
			found := slices.ContainsFunc(slices.Collect(maps.Values(files)), func(lines []string) bool { return contains(lines, s.lines) })
			if !found {
				t.Errorf("%s: no test or example has these lines:\n\t%s", s.where, strings.Join(s.lines, "\n\t"))
			}
		}
	}
	if checked == 0 {
		t.Error("no document shows any code")
	}
}
