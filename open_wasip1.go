//go:build wasip1

package larder

import (
	"context"

	"github.com/larderdb/larder/backend"
)

func openEngine(context.Context, string, *Options) (backend.Store, error) {
	return nil, noEngine("open")
}

func deleteDatabase(context.Context, string) error { return noEngine("delete") }

func names(context.Context) ([]string, error) { return nil, noEngine("list") }

func noEngine(op string) error {
	return &backend.Error{Class: backend.ErrUnsupported, Op: op, Reason: "this platform keeps no databases: Options.Memory makes one in memory"}
}
