//go:build !wasm

package bolt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/bolt"
)

// Whatever has become of a page, there is an error of the class ErrCorrupt, or
// the page was not needed. Nothing panics, and the store can be closed. Branch
// pages are overwritten whole, header and all: bbolt takes one with a good
// header at its word, and could be led in circles.
func TestB55_DamagedPagesAreErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s, err := bolt.Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = s.Update(t.Context(), func(_ context.Context, tx backend.WriteTx) error {
		for i := range 600 {
			if err := tx.Put("t", fmt.Appendf(nil, "%05d", i), bytes.Repeat([]byte{byte(i)}, 100)); err != nil {
				return err
			}
		}
		return tx.Put("u", []byte("large"), make([]byte, 20000))
	})
	if err := errors.Join(err, s.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := os.Getpagesize()
	for len(good) > page && bytes.Count(good[len(good)-page:], []byte{0}) == page {
		good = good[:len(good)-page] // room that bbolt took in advance
	}
	found := 0
	try := func(what string, damaged []byte) {
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		err := useAll(t.Context(), path)
		switch {
		case errors.Is(err, backend.ErrCorrupt), errors.Is(err, backend.ErrUnsupported): // the latter when the engine's own bucket is gone
			found++
		case err != nil:
			t.Errorf("with %s: %v, want nil or ErrCorrupt", what, err)
		}
	}
	for i := 0; i*page < len(good); i++ {
		for what, with := range map[string][]byte{
			"zeros": make([]byte, page), "0xFF": bytes.Repeat([]byte{0xFF}, page),
			"wild offsets": bytes.Repeat([]byte{0xFF, 0xFF, 0xFF, 0x7F}, page/8), "another page": good[3*page : 4*page],
		} {
			for _, from := range []int{0, 16} { // with the page's header, and without
				if from > 0 && good[i*page+8] == 1 {
					continue // a branch page
				}
				damaged := bytes.Clone(good)
				copy(damaged[i*page+from:(i+1)*page], with)
				try(fmt.Sprintf("page %d from byte %d overwritten by %s", i, from, what), damaged)
			}
		}
		try(fmt.Sprintf("the file cut off at page %d", i), good[:i*page])
	}
	if found < 50 {
		t.Errorf("%d of the damages were found, want more", found)
	}
}

// useAll reads everything in the file and writes to it, and returns the first
// error.
func useAll(ctx context.Context, path string) error {
	s, err := bolt.Open(ctx, path, nil)
	if err != nil {
		return err
	}
	sum := byte(0)
	use := func(tx backend.ReadTx) error {
		tx.ReadVersion()
		tables, err := tx.Tables()
		for _, table := range tables {
			for _, reverse := range []bool{false, true} {
				for kv, scanErr := range tx.Scan(table, backend.Range{Reverse: reverse}) {
					if scanErr != nil {
						err = errors.Join(err, scanErr)
						break
					}
					for _, b := range kv.Value {
						sum += b
					}
				}
			}
		}
		for i := range 600 {
			if _, getErr := tx.Get("t", fmt.Appendf(nil, "%05d", i)); getErr != nil && !backend.IsNotFound(getErr) {
				err = errors.Join(err, getErr)
			}
		}
		return err
	}
	err = s.View(ctx, func(_ context.Context, tx backend.ReadTx) error { return use(tx) })
	writeErr := s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
		for i := 0; i < 600; i += 50 {
			if err := tx.Put("t", fmt.Appendf(nil, "%05d", i), []byte("new")); err != nil {
				return err
			}
			if _, err := tx.Delete("t", fmt.Appendf(nil, "%05d", i+7)); err != nil {
				return err
			}
		}
		if err := tx.DropTable("u"); err != nil && !backend.IsNotFound(err) {
			return err
		}
		return use(tx)
	})
	return errors.Join(err, writeErr, s.Close(ctx))
}
