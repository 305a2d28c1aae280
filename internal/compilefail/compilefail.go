// Package compilefail tests that wrong uses of an API don't compile.
//
// A case is a directory with two files. bad.go must not type-check; the line
// of its one error ends with the expected message, or a part of it:
//
//	_ = keys.Eq[keys.UserID](job) // want "cannot use job"
//
// good.go is the same program put right, and must type-check, so that the error
// can't be that of something else.
package compilefail

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// Run runs each directory in dir as a subtest named after it. A '_' in a name
// is a space in the subtest's.
func Run(t *testing.T, dir string) {
	t.Helper()
	cases, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) == 0 {
		t.Fatalf("%s holds no cases", dir)
	}
	fset := token.NewFileSet()
	files := map[string]*ast.File{}
	for _, c := range cases {
		for _, name := range []string{"bad.go", "good.go"} {
			path := filepath.Join(dir, c.Name(), name)
			f, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			files[path] = f
		}
	}
	imp := load(t, fset, files)
	for _, c := range cases {
		t.Run(strings.ReplaceAll(c.Name(), "_", " "), func(t *testing.T) {
			good := files[filepath.Join(dir, c.Name(), "good.go")]
			for _, err := range check(fset, imp, good) {
				t.Errorf("good.go does not compile: %v", err)
			}
			bad := files[filepath.Join(dir, c.Name(), "bad.go")]
			line, want := expected(t, fset, bad)
			errs := check(fset, imp, bad)
			if len(errs) != 1 {
				t.Fatalf("bad.go has %d errors, want 1: %v", len(errs), errs)
			}
			pos := fset.Position(errs[0].Pos)
			if got := errs[0].Msg; pos.Line != line || !strings.Contains(got, want) {
				t.Errorf("bad.go:%d: %s\nwant at line %d: %s", pos.Line, got, line, want)
			}
		})
	}
}

// An importer answers from packages that were loaded at once.
type importer map[string]*types.Package

func (m importer) Import(path string) (*types.Package, error) {
	if p := m[path]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("package %s was not loaded", path)
}

// load loads the packages that files import.
func load(t *testing.T, fset *token.FileSet, files map[string]*ast.File) importer {
	t.Helper()
	wanted := map[string]bool{}
	for _, f := range files {
		for _, spec := range f.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			wanted[path] = true
		}
	}
	var paths []string
	for path := range wanted {
		paths = append(paths, path)
	}
	pkgs, err := packages.Load(&packages.Config{
		Context: t.Context(),
		Mode:    packages.NeedName | packages.NeedImports | packages.NeedDeps | packages.NeedTypes,
		Fset:    fset,
	}, paths...)
	if err != nil {
		t.Fatal(err)
	}
	m := importer{}
	for _, p := range pkgs {
		for _, err := range p.Errors {
			t.Fatal(err)
		}
		m[p.PkgPath] = p.Types
	}
	return m
}

// check returns the errors of type-checking f.
func check(fset *token.FileSet, imp importer, f *ast.File) []types.Error {
	var errs []types.Error
	conf := types.Config{Importer: imp, Error: func(err error) { errs = append(errs, err.(types.Error)) }}
	// The error is one of those that conf.Error was called with.
	_, _ = conf.Check(f.Name.Name, fset, []*ast.File{f}, nil)
	return errs
}

// expected returns what f's comment wants, and in which line.
func expected(t *testing.T, fset *token.FileSet, f *ast.File) (line int, message string) {
	t.Helper()
	for _, group := range f.Comments {
		for _, c := range group.List {
			quoted, ok := strings.CutPrefix(c.Text, "// want ")
			if !ok {
				continue
			}
			message, err := strconv.Unquote(quoted)
			if err != nil {
				t.Fatalf("want %s: %v", quoted, err)
			}
			return fset.Position(c.Pos()).Line, message
		}
	}
	t.Fatal("bad.go wants no error")
	return 0, ""
}
