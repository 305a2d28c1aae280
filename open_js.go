//go:build js && wasm

package larder

import (
	"context"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/idb"
)

func openEngine(ctx context.Context, name string, o *Options) (backend.Store, error) {
	s, err := idb.Open(ctx, name, &idb.Options{Durability: o.Durability, CacheSize: o.CacheSize})
	if err != nil {
		return nil, err // not s: a nil *idb.Store in an interface isn't nil
	}
	return s, nil
}

func deleteDatabase(ctx context.Context, name string) error { return idb.Delete(ctx, name) }

func names(ctx context.Context) ([]string, error) { return idb.Names(ctx) }
