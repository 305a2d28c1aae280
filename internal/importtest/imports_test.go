//go:build !wasm

package importtest_test

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// A rule says what the packages that pattern matches may import, beside the
// standard library. A pattern is of package path.Match, and a plain name
// matches the packages below it too; the first rule that matches counts.
type rule struct {
	pattern string
	may     []string
}

var rules = []rule{
	// Engines and what they share.
	{"backend/backendtest", []string{"backend", "backend/faults", "pgregory.net/rapid"}},
	{"backend/faults", []string{"backend"}},
	{"backend/memory", []string{"backend", "internal/gate", "internal/mvcc"}},
	{"backend/bolt", []string{"backend", "internal/gate", "go.etcd.io/bbolt", "github.com/tidwall/btree"}},
	{"backend/idb", []string{"backend", "internal/gate", "internal/mvcc", "internal/pagetree",
		"github.com/hack-pad/go-indexeddb/idb", "github.com/hack-pad/safejs"}},
	{"backend", nil},
	{"internal/gate", []string{"backend"}},
	{"internal/pagetree", []string{"backend"}},
	{"internal/mvcc", []string{"backend", "github.com/tidwall/btree"}},

	// What stands above them and knows none.
	{"keys", []string{"backend", "github.com/google/uuid"}},
	{"internal/msgp", []string{"backend", "keys"}},
	{"entity/codec/msgpack", []string{"backend", "entity", "internal/msgp", "internal/model", "github.com/vmihailenco/msgpack/v5", "github.com/vmihailenco/tagparser/v2"}},
	{"entity/entitytest", []string{"entity", "keys", "backend", "backend/faults", "backend/memory"}},
	{"entity/stringstore", []string{"entity", "keys", "backend"}},
	{"internal/model", []string{"entity"}},
	{"entity/codec/cbor", []string{"backend", "entity", "internal/model", "github.com/fxamacker/cbor/v2"}},
	{"entity/codec/msgp", []string{"backend", "internal/msgp"}},
	{"entity/codec/codectest", []string{"entity"}},
	{"entity", []string{"keys", "backend"}},

	// Who chooses an engine.
	{".", []string{"entity", "keys", "backend", "backend/memory", "backend/bolt", "backend/idb"}},
	{"wasm/module", []string{"wasm"}},
	{"wasm", []string{".", "entity", "keys", "backend", "backend/memory", "backend/idb", "internal/msgp"}},
	{"examples", []string{".", "entity", "entity/codec/msgpack", "keys", "backend"}},

	// Tools, never part of what is shipped.
	{"cmd/larder", []string{".", "entity", "keys", "backend", "backend/bolt", "github.com/andybalholm/brotli"}},
	{"bench", []string{".", "entity", "entity/codec/msgpack", "keys", "backend", "backend/memory", "backend/bolt", "internal",
		"github.com/tidwall/btree", "go.etcd.io/bbolt", "github.com/vmihailenco/msgpack/v5"}},
	{"scripts", []string{"scripts", "github.com/andybalholm/brotli"}},
	{"internal/jshost", []string{"internal/jshost", "github.com/tetratelabs/wazero", "github.com/dop251/goja"}},
	{"internal/compilefail", []string{"golang.org/x/tools/go/packages"}},
	{"internal/history", []string{"internal/history", "github.com/anishathalye/porcupine"}},
	{"internal/importtest", nil},
}

// matches reports whether pattern stands for name.
func matches(pattern, name string) bool {
	if pattern == name {
		return true
	}
	// The module's own package and the contract stand for themselves only.
	if pattern == "." || pattern == "backend" || pattern == "entity" || pattern == "wasm" {
		return false
	}
	return strings.HasPrefix(name, pattern+"/")
}

// isStandard reports whether importPath is of the standard library: its first
// element has no point.
func isStandard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".") && !strings.HasPrefix(importPath, module)
}

func TestA1_A36_B51_ImportsRunOneWay(t *testing.T) {
	for platform := range platforms {
		t.Run(platform, func(t *testing.T) {
			for _, p := range list(t, platform) {
				i := slices.IndexFunc(rules, func(r rule) bool { return matches(r.pattern, p.name()) })
				if i < 0 {
					t.Errorf("package %s has no rule here: say what it may import", p.name())
					continue
				}
				for _, imported := range p.Imports {
					if isStandard(imported) {
						continue
					}
					name := below(imported)
					if !slices.ContainsFunc(rules[i].may, func(may string) bool { return matches(may, name) }) {
						t.Errorf("%s imports %s, which the rule for %q doesn't allow", p.name(), name, rules[i].pattern)
					}
				}
			}
		})
	}
}

// engines are the packages that only those may reach who choose one, and what
// the engines are made of.
var engines = []string{
	module + "/backend/memory", module + "/backend/bolt", module + "/backend/idb", module + "/internal/mvcc", module + "/internal/gate", module + "/internal/pagetree",
	"go.etcd.io/bbolt", "github.com/tidwall/btree", "github.com/hack-pad/go-indexeddb",
}

func TestA36_NothingAboveTheBackendReachesAnEngine(t *testing.T) {
	above := []string{"keys", "entity", "entity/codec/msgpack", "entity/stringstore", "internal/msgp", "backend", "backend/backendtest", "backend/faults", "internal/model", "entity/codec/codectest", "entity/codec/cbor", "entity/codec/msgp"}
	for platform := range platforms {
		t.Run(platform, func(t *testing.T) {
			for _, p := range list(t, platform) {
				if !slices.Contains(above, p.name()) {
					continue
				}
				for _, dep := range p.Deps {
					if slices.ContainsFunc(engines, func(e string) bool { return dep == e || strings.HasPrefix(dep, e+"/") }) {
						t.Errorf("%s depends on %s, an engine", p.name(), dep)
					}
				}
			}
		})
	}
}

func TestEnginesDoNotKnowEachOther(t *testing.T) {
	names := []string{"backend/memory", "backend/bolt", "backend/idb"}
	for platform := range platforms {
		for _, p := range list(t, platform) {
			for _, other := range names {
				if slices.Contains(names, p.name()) && p.name() != other && slices.Contains(p.Deps, module+"/"+other) {
					t.Errorf("%s: %s depends on %s", platform, p.name(), other)
				}
			}
		}
	}
}

func TestOnlyTheBrowsersPackagesUseJavaScript(t *testing.T) {
	may := []string{"backend/idb", "wasm", "wasm/module"}
	for _, p := range list(t, "js") {
		if slices.Contains(p.Imports, "syscall/js") && !slices.Contains(may, p.name()) {
			t.Errorf("%s imports syscall/js, which only %s may", p.name(), strings.Join(may, ", "))
		}
	}
}

// heavy are the packages that cost more bytes than all of Larder, or that
// reach every type by reflection.
var heavy = []string{
	"net/http", "encoding/json", "encoding/gob", "encoding/xml", "text/template", "html/template", "regexp", "go/types", "testing",
	"github.com/vmihailenco/msgpack/v5", "github.com/fxamacker/cbor/v2", "crypto/tls", "github.com/google/uuid",
}

func TestTheShippedModuleIsLean(t *testing.T) {
	i := slices.IndexFunc(list(t, "js"), func(p pkg) bool { return p.name() == "wasm/module" })
	if i < 0 {
		t.Fatal("there is no package wasm/module")
	}
	for _, dep := range list(t, "js")[i].Deps {
		if slices.Contains(heavy, dep) {
			t.Errorf("wasm/module links %s", dep)
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for platform := range platforms {
		for _, p := range list(t, platform) {
			if p.Doc == "" {
				t.Errorf("%s: package %s has no doc comment there: a package whose files are tagged needs a doc.go that is not", platform, p.name())
			}
			if strings.Contains(path.Base(p.name()), "util") {
				t.Errorf("package %s: a name that says nothing", p.name())
			}
		}
	}
}
