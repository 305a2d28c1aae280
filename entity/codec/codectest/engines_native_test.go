//go:build !wasm

package codectest_test

import (
	"path/filepath"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/bolt"
	"github.com/larderdb/larder/backend/memory"
)

// engines are those that every test here runs on.
var engines = []engine{
	{"memory", func(testing.TB) backend.Store { return memory.New() }},
	{"bolt", func(t testing.TB) backend.Store {
		s, err := bolt.Open(t.Context(), filepath.Join(t.TempDir(), "db"), nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}},
}
