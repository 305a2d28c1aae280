//go:build linux

package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/bolt"
)

// descriptor returns the number under which this process has path open.
func descriptor(t *testing.T, path string) int {
	t.Helper()
	for fd := range 1 << 12 {
		if to, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd)); err == nil && to == path {
			return fd
		}
	}
	t.Fatalf("%s is not open", path)
	return 0
}

// A commit that fails is the failure of every member of its group, and of
// nobody after it.
func TestAFailedCommitFailsItsWholeGroup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s, err := bolt.Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	if err := put(t.Context(), s, "a", "1"); err != nil {
		t.Fatal(err)
	}

	// From here on the file can't be written to.
	fd := descriptor(t, path)
	writable, err := syscall.Dup(fd)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(writable)
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if err := syscall.Dup3(int(null.Fd()), fd, syscall.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	write := func(_ context.Context, tx backend.WriteTx) error {
		return errors.Join(tx.Put("t", []byte("a"), []byte("lost")), tx.Put("lost", []byte("k"), nil))
	}
	for i, err := range behind(t, s, write, write, write) {
		if !errors.Is(err, backend.ErrIO) {
			t.Errorf("Update %d = %v, want ErrIO", i, err)
		}
	}
	want(t, s, "a=1")

	if err := syscall.Dup3(writable, fd, syscall.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	err = s.Update(t.Context(), func(_ context.Context, tx backend.WriteTx) error {
		if tables, err := tx.Tables(); fmt.Sprint(tables) != "[t]" || tx.ReadVersion() != 1 || err != nil {
			t.Errorf("Tables = %v, %v at version %d, want [t], nil at 1", tables, err, tx.ReadVersion())
		}
		return tx.Put("t", []byte("b"), []byte("2"))
	})
	if err != nil {
		t.Errorf("Update once the disk is well again = %v", err)
	}
	want(t, s, "a=1", "b=2")
}
