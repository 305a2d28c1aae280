//go:build !wasm

package importtest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A source is a package's folder, parsed: all files, whatever their tags.
type source struct {
	dir   string
	name  string // of the package
	code  []*ast.File
	tests []*ast.File
}

// sources returns the tree's packages.
func sources(t *testing.T) []*source {
	t.Helper()
	byDir := map[string]*source{}
	var all []*source
	fset := token.NewFileSet()
	for _, name := range files(t, ".go") {
		if strings.Contains(name, "testdata/") {
			continue
		}
		f, err := parser.ParseFile(fset, filepath.Join(root, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		s := byDir[path.Dir(name)]
		if s == nil {
			s = &source{dir: path.Dir(name)}
			byDir[s.dir] = s
			all = append(all, s)
		}
		if strings.HasSuffix(name, "_test.go") {
			s.tests = append(s.tests, f)
		} else {
			s.code, s.name = append(s.code, f), f.Name.Name
		}
	}
	return all
}

// functions calls fn for each function and method of files.
func functions(files []*ast.File, fn func(*ast.FuncDecl)) {
	for _, f := range files {
		for _, d := range f.Decls {
			if d, ok := d.(*ast.FuncDecl); ok {
				fn(d)
			}
		}
	}
}

// identifiers returns all that n names.
func identifiers(n ast.Node) map[string]bool {
	found := map[string]bool{}
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			found[id.Name] = true
		}
		return true
	})
	return found
}

var decoderName = regexp.MustCompile(`(?i)^(decode|parse|unmarshal)`)

// isDecoder reports whether f makes something of bytes that may be anything.
func isDecoder(f *ast.FuncDecl) bool {
	if !decoderName.MatchString(f.Name.Name) {
		return false
	}
	return slices.ContainsFunc(f.Type.Params.List, func(p *ast.Field) bool {
		array, ok := p.Type.(*ast.ArrayType)
		if !ok || array.Len != nil {
			return false
		}
		elem, ok := array.Elt.(*ast.Ident)
		return ok && elem.Name == "byte"
	})
}

// An exported decoder is named in a file that fuzzes; the package of one that is
// not exported fuzzes at all, through what calls it.
func TestDecodersAreFuzzed(t *testing.T) {
	for _, s := range sources(t) {
		if s.dir == "internal/jshost" {
			continue // runs tests, and reads only what they write
		}
		named, fuzzes := map[string]bool{}, false
		for _, f := range s.tests {
			inFile := false
			functions([]*ast.File{f}, func(d *ast.FuncDecl) { inFile = inFile || strings.HasPrefix(d.Name.Name, "Fuzz") })
			if inFile {
				fuzzes = true
				for name := range identifiers(f) {
					named[name] = true
				}
			}
		}
		functions(s.code, func(d *ast.FuncDecl) {
			switch {
			case !isDecoder(d):
			case !fuzzes:
				t.Errorf("%s: %s decodes bytes, and the package has no Fuzz function", s.dir, d.Name.Name)
			case d.Name.IsExported() && !named[d.Name.Name]:
				t.Errorf("%s: no file with a Fuzz function names %s, which decodes bytes", s.dir, d.Name.Name)
			}
		})
	}
}

// A Fuzz function begins from something: a corpus that is committed, or seeds.
func TestFuzzFunctionsHaveSeeds(t *testing.T) {
	for _, s := range sources(t) {
		functions(s.tests, func(d *ast.FuncDecl) {
			if !strings.HasPrefix(d.Name.Name, "Fuzz") || d.Recv != nil {
				return
			}
			corpus, _ := os.ReadDir(filepath.Join(root, s.dir, "testdata", "fuzz", d.Name.Name))
			if len(corpus) == 0 && !identifiers(d.Body)["Add"] {
				t.Errorf("%s: %s has neither seeds nor a corpus", s.dir, d.Name.Name)
			}
		})
	}
}

// public reports whether others may import a package.
func public(s *source) bool {
	first, _, _ := strings.Cut(s.dir, "/")
	return s.name != "main" && s.name != "" && !slices.Contains([]string{"internal", "scripts", "bench", "examples"}, first)
}

// constructor is the name of a function by which a user gets something to work with.
var constructor = regexp.MustCompile(`^(Open|New)([A-Z]\w*)?$`)

func TestConstructorsHaveExamples(t *testing.T) {
	for _, s := range sources(t) {
		if !public(s) {
			continue
		}
		shown := map[string]bool{}
		// The whole file, since what an example works on is often a variable beside it.
		for _, f := range s.tests {
			if slices.ContainsFunc(f.Decls, isExample) {
				for name := range identifiers(f) {
					shown[name] = true
				}
			}
		}
		functions(s.code, func(d *ast.FuncDecl) {
			if d.Recv == nil && constructor.MatchString(d.Name.Name) && !shown[d.Name.Name] {
				t.Errorf("%s: no Example shows %s", s.dir, d.Name.Name)
			}
		})
	}
}

// isExample reports whether d is an Example function.
func isExample(d ast.Decl) bool {
	f, ok := d.(*ast.FuncDecl)
	return ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Example")
}
