//go:build !wasm

package importtest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const (
	module = "github.com/larderdb/larder"
	root   = "../.."
)

// native, js and wasip1 are the platforms that the rules are held on; "" is
// the one that the tests run on.
var platforms = map[string][]string{
	"native": nil,
	"js":     {"GOOS=js", "GOARCH=wasm"},
	"wasip1": {"GOOS=wasip1", "GOARCH=wasm"},
}

// A pkg is what `go list` says of a package.
type pkg struct {
	ImportPath string
	Dir        string
	Doc        string
	GoFiles    []string
	Imports    []string // of what is not a test
	Deps       []string
	Incomplete bool
}

// name is the package's path below the module, "." for the module's own.
func (p pkg) name() string { return below(p.ImportPath) }

// below returns the path below the module, or path itself if it isn't.
func below(importPath string) string {
	if importPath == module {
		return "."
	}
	return strings.TrimPrefix(importPath, module+"/")
}

// list returns the module's packages as platform sees them.
func list(t *testing.T, platform string) []pkg {
	t.Helper()
	listed.Lock()
	defer listed.Unlock()
	if ps, ok := listed.byPlatform[platform]; ok {
		return ps
	}
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,Doc,GoFiles,Imports,Deps,Incomplete", "./...")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), platforms[platform]...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list for %s: %v\n%s", platform, err, stderr.Bytes())
	}
	var ps []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		ps = append(ps, p)
	}
	if len(ps) == 0 {
		t.Fatalf("go list for %s found no package", platform)
	}
	listed.byPlatform[platform] = ps
	return ps
}

// listed keeps what go list said: it takes a second each time.
var listed = struct {
	sync.Mutex
	byPlatform map[string][]pkg
}{byPlatform: map[string][]pkg{}}

// files returns the tree's own files, committed or about to be, as slash-separated
// paths from the root whose extension is one of ext; of any without ext.
func files(t *testing.T, ext ...string) []string {
	t.Helper()
	cmd := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	var found []string
	for name := range strings.SplitSeq(string(out), "\x00") {
		if name == "" || len(ext) > 0 && !slices.Contains(ext, path.Ext(name)) {
			continue
		}
		// A file that was deleted and is still in the index has no text.
		if _, err := os.Stat(filepath.Join(root, name)); err == nil {
			found = append(found, name)
		}
	}
	if len(found) == 0 {
		t.Fatalf("git lists no file with an extension of %q", ext)
	}
	return found
}

// text returns a file's text.
func text(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
