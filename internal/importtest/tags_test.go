//go:build !wasm

package importtest_test

import (
	"go/build/constraint"
	"path"
	"regexp"
	"strings"
	"testing"
)

// tagOf returns the constraint of a Go file's //go:build line, nil without one.
func tagOf(t *testing.T, name string) constraint.Expr {
	t.Helper()
	for line := range strings.Lines(text(t, name)) {
		line = strings.TrimSpace(line)
		if constraint.IsGoBuild(line) {
			expr, err := constraint.Parse(line)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			return expr
		}
		if strings.HasPrefix(line, "package ") {
			return nil
		}
	}
	return nil
}

// suffix is the part of a name that the go command takes for a constraint, of
// those that we use.
var suffix = regexp.MustCompile(`_(js|wasm|wasip1|linux|darwin|windows)(_test)?\.go$`)

func TestTaggedFilesSaySo(t *testing.T) {
	for _, name := range files(t, ".go") {
		if strings.Contains(name, "testdata/") {
			continue
		}
		expr := tagOf(t, name)
		if m := suffix.FindStringSubmatch(name); m != nil {
			if expr == nil {
				t.Errorf("%s is built for %s only and has no //go:build line", name, m[1])
			}
			continue
		}
		if expr == nil {
			continue
		}
		onJS := expr.Eval(func(tag string) bool { return tag == "js" || tag == "wasm" })
		onWASI := expr.Eval(func(tag string) bool { return tag == "wasip1" || tag == "wasm" })
		native := expr.Eval(func(tag string) bool { return tag == "linux" || tag == "amd64" || tag == "unix" })
		if onJS && !onWASI && !native {
			t.Errorf("%s is for js only: its name must end in _js.go or _js_test.go", name)
		}
	}
}

func TestTaggedPackagesHaveAnUntaggedFile(t *testing.T) {
	tagged, untagged := map[string]string{}, map[string]bool{}
	for _, name := range files(t, ".go") {
		if strings.HasSuffix(name, "_test.go") || strings.Contains(name, "testdata/") {
			continue
		}
		if tagOf(t, name) == nil && !suffix.MatchString(name) {
			untagged[path.Dir(name)] = true
		} else {
			tagged[path.Dir(name)] = name
		}
	}
	for dir, name := range tagged {
		if !untagged[dir] {
			t.Errorf("%s: all its files are tagged, like %s; it needs an untagged doc.go", dir, path.Base(name))
		}
	}
}

// runtimeChoice is code that asks for the platform when it runs; a tool may print it.
var runtimeChoice = regexp.MustCompile(`runtime\.GO(OS|ARCH)\s*[=!]=|switch runtime\.GO(OS|ARCH)`)

func TestPlatformsAreChosenByTagsOnly(t *testing.T) {
	for _, name := range files(t, ".go") {
		if !strings.HasSuffix(name, "_test.go") && runtimeChoice.MatchString(text(t, name)) {
			t.Errorf("%s asks for the platform at run time: choose by build tags", name)
		}
	}
}
