//go:build js && wasm

package codectest_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/idb"
	"github.com/larderdb/larder/backend/memory"
)

// engines are those that every test here runs on.
var engines = []engine{
	{"memory", func(testing.TB) backend.Store { return memory.New() }},
	{"idb", func(t testing.TB) backend.Store {
		opened++
		name := t.Name() + "/" + strconv.Itoa(opened)
		s, err := idb.Open(t.Context(), name, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := idb.Delete(context.Background(), name); err != nil {
				t.Errorf("Delete: %v", err)
			}
		})
		return s
	}},
}

// opened counts databases, so that each test has one of its own.
var opened int
