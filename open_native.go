//go:build !wasm

package larder

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/bolt"
)

// openEngine opens a file. Its commits are always flushed to the disk.
func openEngine(ctx context.Context, name string, _ *Options) (backend.Store, error) {
	s, err := bolt.Open(ctx, name, nil)
	if err != nil {
		return nil, err // not s: a nil *bolt.Store in an interface isn't nil
	}
	return s, nil
}

// deleteDatabase opens the file first, so that it deletes none that is in use
// or isn't a database, and holds it meanwhile, so that nobody else opens it.
func deleteDatabase(ctx context.Context, name string) error {
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	s, err := bolt.Open(ctx, name, nil)
	if err != nil {
		return err
	}
	err = os.Remove(name)
	if closeErr := s.Close(ctx); closeErr != nil {
		return closeErr
	}
	if err != nil {
		err = os.Remove(name) // Windows removes no open file
	}
	if err != nil {
		return &backend.Error{Class: backend.ErrIO, Op: "delete", Err: err}
	}
	return nil
}

func names(context.Context) ([]string, error) {
	return nil, &backend.Error{Class: backend.ErrUnsupported, Op: "list", Reason: "a database's name is a file's path here"}
}
