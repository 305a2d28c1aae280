//go:build !wasm

package examples_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/larderdb/larder/internal/jshost"
)

// programs are the examples, what each prints in an empty database, and what
// it prints when it runs again.
var programs = []struct{ name, first, again string }{
	{"todo", `alice:todo_1 added
alice:todo_2 added
alice:todo_3 added
refused: put todos ("bob", b"todo_1"), index by_slug: unique index violation: row ("alice", b"todo_1") has the index key ("milk")
[ ] 2026-11-23 Write to Carol
[ ] 2026-11-24 Call Bob
[ ] 2026-11-25 Buy milk
done: Buy milk
`, `alice:todo_1 is there already
alice:todo_2 is there already
alice:todo_3 is there already
refused: put todos ("bob", b"todo_1"), index by_slug: unique index violation: row ("alice", b"todo_1") has the index key ("milk")
[ ] 2026-11-23 Write to Carol
[ ] 2026-11-24 Call Bob
[x] 2026-11-25 Buy milk
done: Buy milk
`},
	{"stores", storesOutput, storesOutput},
	{"users", `create u1 Ada
create u2 Bob
rename u2 Ada - refused: put users ("u2"), index by_name: unique index violation: row ("u1") has the index key ("ada")
delete u1
rename u2 Ada - refused: put users ("u2"), index by_name: unique index violation: row ("u1") has the index key ("ada")
u2 Bob
`, `create u1 Ada - refused: insert users ("u1"): already exists: the key has a value
create u2 Bob - refused: insert users ("u2"): already exists: the key has a value
rename u2 Ada - refused: put users ("u2"), index by_name: unique index violation: row ("u1") has the index key ("ada")
delete u1 - refused: get users u1: not found
rename u2 Ada - refused: put users ("u2"), index by_name: unique index violation: row ("u1") has the index key ("ada")
u2 Bob
`},
}

const storesOutput = `shared: doc123 for everybody
alice's: alice:todo1 of alice
rows of all users: 3
`

func TestA32_Native(t *testing.T) {
	for _, p := range programs {
		t.Run("A32 B53 "+p.name+" runs natively, and again on what it stored", func(t *testing.T) {
			binary := build(t, p.name, "native")
			db := filepath.Join(t.TempDir(), "db")
			for i, want := range []string{p.first, p.again} {
				var stderr bytes.Buffer
				cmd := exec.Command(binary, db)
				cmd.Stderr = &stderr
				got, err := cmd.Output()
				if err != nil {
					t.Fatalf("run %d: %v\n%s", i+1, err, &stderr)
				}
				if string(got) != want {
					t.Errorf("run %d printed\n%s\nwant\n%s", i+1, got, want)
				}
			}
		})
	}
}

// TestA32_Wasm runs the same sources as WebAssembly, loaded by the toolchain's
// own wasm_exec.js, over IndexedDB. The second run is another page of the same
// origin.
func TestA32_Wasm(t *testing.T) {
	for _, p := range programs {
		t.Run("A32 B53 "+p.name+" runs as wasm, and again after a reload", func(t *testing.T) {
			wasm := build(t, p.name, "wasm", "GOOS=js", "GOARCH=wasm")
			realm, err := jshost.NewRealm(jshost.Config{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(realm.Close)
			for i, want := range []string{p.first, p.again} {
				var stdout, stderr bytes.Buffer
				page, err := realm.Start(t.Context(), jshost.Command{Wasm: wasm, Stdout: &stdout, Stderr: &stderr})
				if err == nil {
					err = page.Wait(t.Context())
				}
				if err != nil {
					t.Fatalf("run %d: %v\n%s", i+1, err, &stderr)
				}
				if got := stdout.String(); got != want {
					t.Errorf("run %d printed\n%s\nwant\n%s", i+1, got, want)
				}
			}
		})
	}
}

// build builds an example and returns the file.
func build(t *testing.T, name, suffix string, env ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name+"-"+suffix)
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "go", "build", "-o", file, "./"+name)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return file
}
