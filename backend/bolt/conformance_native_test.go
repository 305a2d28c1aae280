//go:build !wasm

package bolt_test

import (
	"path/filepath"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/backendtest"
	"github.com/larderdb/larder/backend/bolt"
)

func TestConformance(t *testing.T) {
	dir := t.TempDir()
	backendtest.Run(t, backendtest.Config{
		Open: func(tb testing.TB, name string) (backend.Store, error) {
			return bolt.Open(tb.Context(), filepath.Join(dir, name), nil)
		},
		Persists: true,
	})
}
