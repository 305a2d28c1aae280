//go:build !wasm

package bolt_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/bolt"
)

func TestStatusIsTheFilesSize(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s, err := bolt.Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = s.Update(t.Context(), func(_ context.Context, tx backend.WriteTx) error {
		return tx.Put("t", []byte("k"), make([]byte, 1<<20))
	})
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	st, err := backend.StatusOf(t.Context(), s)
	if want := (backend.Status{Stored: uint64(file.Size()), Persisted: true}); st != want || err != nil || st.Stored < 1<<20 {
		t.Errorf("StatusOf = %+v, %v, want %+v", st, err, want)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := backend.StatusOf(t.Context(), s); !errors.Is(err, backend.ErrClosed) {
		t.Errorf("StatusOf after Close = %v, want ErrClosed", err)
	}
}
