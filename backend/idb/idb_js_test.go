//go:build js && wasm

package idb_test

import (
	"context"
	"sync"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/backendtest"
	"github.com/larderdb/larder/backend/idb"
)

func conformance(t *testing.T, opts *idb.Options) {
	var seen sync.Map
	backendtest.Run(t, backendtest.Config{
		Open: func(tb testing.TB, name string) (backend.Store, error) {
			if _, again := seen.LoadOrStore(name, true); !again {
				tb.Cleanup(func() {
					if err := idb.Delete(context.Background(), name); err != nil {
						tb.Errorf("Delete(%s): %v", name, err)
					}
				})
			}
			s, err := idb.Open(context.Background(), name, opts)
			if err != nil {
				return nil, err
			}
			return s, nil
		},
		Persists: true,
		Shares:   true,
	})
}

func TestA10_A11_Conformance(t *testing.T) { conformance(t, nil) }

// With the log folded after every few commits reads go through pages.
func TestA10_A11_ConformanceThroughPages(t *testing.T) {
	conformance(t, idb.Restless(200))
}
