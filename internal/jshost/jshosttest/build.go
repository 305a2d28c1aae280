package jshosttest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

var (
	folder string
	built  sync.Map // from folder and arguments to a function as sync.OnceValues makes
)

// Main runs the tests of m and exits. While they run, there is a folder for what they build.
func Main(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "jshosttest"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(folder)
	os.Exit(code)
}

// Folder returns the folder for what is built once for all tests. It is deleted when the last of them has ended. It
// panics unless the package's TestMain calls Main.
func Folder() string {
	if folder == "" {
		panic("jshosttest: TestMain doesn't call Main")
	}
	return folder
}

// Build runs the go command with args, "build" or "test" and "-c" with their flags, for js/wasm in the package folder
// dir and returns the path of the binary. The second time, it is there already. The test fails at once if it can't be
// built.
func Build(tb testing.TB, dir string, args ...string) string {
	tb.Helper()
	build, _ := built.LoadOrStore(fmt.Sprintf("%q %q", dir, args), sync.OnceValues(func() (string, error) {
		file, err := os.CreateTemp(Folder(), "*.wasm")
		if err != nil {
			return "", err
		}
		file.Close()
		cmd := exec.Command("go", append(args[:len(args):len(args)], "-o", file.Name(), ".")...)
		cmd.Dir = filepath.FromSlash(dir)
		cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("go %s in %s: %w\n%s", strings.Join(args, " "), dir, err, out)
		}
		return file.Name(), nil
	}))
	path, err := build.(func() (string, error))()
	if err != nil {
		tb.Fatal(err)
	}
	return path
}
