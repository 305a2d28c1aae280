//go:build js && wasm

package idb_test

import (
	"context"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/backendtest"
	"github.com/larderdb/larder/backend/idb"
)

func TestA10_A11_Conformance(t *testing.T) {
	backendtest.Run(t, backendtest.Config{
		Open: func(tb testing.TB, name string) (backend.Store, error) {
			s, err := idb.Open(context.Background(), name, nil)
			if err != nil {
				return nil, err
			}
			return s, nil
		},
		Persists: true,
		Shares:   true,
	})
}
