package jshost

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/dop251/goja"
)

//go:embed polyfill/*.js
var polyfillFiles embed.FS

// scripts are what every Realm runs, compiled once per process.
type scripts struct {
	polyfills []*goja.Program // functions of the host object
	indexedDB *goja.Program   // fake-indexeddb
	strict    *goja.Program   // what makes that behave as in a browser
	pages     *goja.Program
	glue      *goja.Program // the toolchain's wasm_exec.js
}

var loadScripts = sync.OnceValues(func() (*scripts, error) {
	var s scripts
	var errs []error
	compile := func(name, source string) *goja.Program {
		p, err := goja.Compile(name, source, false)
		errs = append(errs, err)
		return p
	}
	polyfill := func(name string) *goja.Program {
		source, err := fs.ReadFile(polyfillFiles, "polyfill/"+name+".js")
		errs = append(errs, err)
		return compile(name+".js", string(source))
	}
	for _, name := range []string{"events", "clone", "basics", "channels", "locks", "webassembly"} {
		s.polyfills = append(s.polyfills, polyfill(name))
	}
	s.strict = polyfill("indexeddb")
	s.pages = polyfill("page")

	bundle, err := readBundle()
	if err != nil {
		return nil, err
	}
	s.indexedDB = compile("fakeindexeddb.js", "(function (jshostQueueTask, jshostPoll) {"+string(bundle)+"\n})")
	glue, err := readGlue()
	if err != nil {
		return nil, err
	}
	s.glue = compile("wasm_exec.js", string(glue))
	return &s, errors.Join(errs...)
})

// runGlue runs wasm_exec.js in the current page, which gives it the class Go.
func (r *Realm) runGlue() error {
	s, err := loadScripts()
	if err != nil {
		return err
	}
	_, err = r.vm.RunProgram(s.glue)
	return err
}

// readBundle reads what bundle.mjs made. It is looked for beside the sources of this package and, for binaries built
// with -trimpath, in the module around the working directory.
func readBundle() ([]byte, error) {
	const name = "build/fakeindexeddb.js"
	var roots []string
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
		roots = append(roots, filepath.Join(filepath.Dir(file), "..", ".."))
	}
	if dir, err := os.Getwd(); err == nil {
		for ; ; dir = filepath.Dir(dir) {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				roots = append(roots, dir)
				break
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	for _, root := range roots {
		b, err := os.ReadFile(filepath.Join(root, name))
		if !errors.Is(err, fs.ErrNotExist) {
			return b, err
		}
	}
	return nil, fmt.Errorf("%s is missing: run make setup", name)
}

// readGlue reads the wasm_exec.js of the Go toolchain in use.
func readGlue() ([]byte, error) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOROOT: %w", err)
	}
	return os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "lib", "wasm", "wasm_exec.js"))
}
