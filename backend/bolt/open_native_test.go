//go:build !wasm

package bolt_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/bolt"
)

// The test binary is its own second process: with LARDER_BOLT_CHILD in its
// environment it opens that file, writes one line to say so, and then commits
// numbers, one line each once it is acknowledged, until it is killed.
func TestMain(m *testing.M) {
	if path := os.Getenv("LARDER_BOLT_CHILD"); path != "" {
		child(path)
		return
	}
	os.Exit(m.Run())
}

func child(path string) {
	ctx := context.Background()
	s, err := bolt.Open(ctx, path, nil)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("open")
	for w := range 4 {
		go func() {
			for i := 0; ; i++ {
				key := fmt.Sprintf("%d-%06d", w, i)
				err := s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
					return errors.Join(
						tx.Put("rows", []byte(key), bytes.Repeat([]byte{byte(i)}, i%3000)),
						tx.Put("log", append(make([]byte, 8), key...), nil, backend.Stamp{InKey: true}),
					)
				})
				if err != nil {
					fmt.Println(err)
					os.Exit(1)
				}
				os.Stdout.WriteString(key + "\n") // one write, so lines stay whole
			}
		}()
	}
	select {}
}

// start starts the child and waits until it has the file open.
func start(t *testing.T, path string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "LARDER_BOLT_CHILD="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "open" {
		t.Fatalf("the second process says %q, want open", lines.Text())
	}
	return cmd, lines
}

func TestB55_ASecondProcessOnTheFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	cmd, _ := start(t, path)
	began := time.Now()
	s, err := bolt.Open(t.Context(), path, nil)
	if s != nil || !errors.Is(err, backend.ErrLocked) || !strings.Contains(fmt.Sprint(err), path) {
		t.Errorf("Open of a file that another process has = %v, want ErrLocked and the file's name", err)
	}
	if waited := time.Since(began); waited < time.Second {
		t.Errorf("Open waited %v, want a second", waited)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := bolt.Open(ctx, path, &bolt.Options{LockTimeout: time.Minute}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Open until its context is done = %v, want %v", err, context.DeadlineExceeded)
	}
	cmd.Process.Kill()
	s, err = bolt.Open(t.Context(), path, &bolt.Options{LockTimeout: time.Minute})
	if err != nil {
		t.Fatalf("Open after the other process has ended = %v, want nil", err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Errorf("Close = %v", err)
	}
}

func TestAKilledProcessLosesNothingThatWasAcknowledged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	acknowledged := map[string]bool{}
	for round := range 3 {
		cmd, lines := start(t, path)
		for range 150 * (round + 1) {
			if !lines.Scan() {
				t.Fatal("the process ended early")
			}
			acknowledged[lines.Text()] = true
		}
		if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // what it still said
			acknowledged[lines.Text()] = true
		}
		s, err := bolt.Open(t.Context(), path, nil)
		if err != nil {
			t.Fatalf("Open after the kill = %v", err)
		}
		err = s.View(t.Context(), func(_ context.Context, tx backend.ReadTx) error {
			logged, last := map[string]bool{}, uint64(0)
			for kv, err := range tx.Scan("log", backend.Range{}) {
				if err != nil {
					return err
				}
				number := binary.BigEndian.Uint64(kv.Key)
				if number <= last {
					t.Errorf("commit %d is numbered after %d", number, last)
				}
				last = number
				logged[string(kv.Key[8:])] = true
			}
			for kv, err := range tx.Scan("rows", backend.Range{}) {
				if err != nil {
					return err
				}
				var w, i int
				fmt.Sscanf(string(kv.Key), "%d-%d", &w, &i)
				if !bytes.Equal(kv.Value, bytes.Repeat([]byte{byte(i)}, i%3000)) {
					t.Errorf("%s has a value of %d bytes, want %d", kv.Key, len(kv.Value), i%3000)
				}
				if !logged[string(kv.Key)] {
					t.Errorf("%s is there without its log entry", kv.Key)
				}
				delete(acknowledged, string(kv.Key))
			}
			if len(acknowledged) > 0 {
				t.Errorf("%d acknowledged commits are missing: %v", len(acknowledged), acknowledged)
			}
			if tx.ReadVersion() != last {
				t.Errorf("ReadVersion = %d, want the newest commit's %d", tx.ReadVersion(), last)
			}
			return nil
		})
		if err != nil {
			t.Errorf("View = %v", err)
		}
		// The next round's keys are the same, and begin anew.
		err = s.Update(t.Context(), func(_ context.Context, tx backend.WriteTx) error {
			return errors.Join(tx.DropTable("rows"), tx.DropTable("log"))
		})
		if err != nil {
			t.Errorf("Update = %v", err)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Errorf("Close = %v", err)
		}
		clear(acknowledged)
	}
}

// made makes a bbolt file by hand.
func made(t *testing.T, fn func(tx *bbolt.Tx) error) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "db")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(fn), db.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestB55_FilesThatAreRefused(t *testing.T) {
	number := func(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
	meta := func(key string, value []byte) string {
		return made(t, func(tx *bbolt.Tx) error {
			b, err := tx.CreateBucket([]byte("\xfflarder"))
			if err != nil {
				return err
			}
			return errors.Join(b.Put([]byte("format"), number(1)), b.Put([]byte("commit"), number(7)), b.Put([]byte(key), value))
		})
	}
	notOurs := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(notOurs, bytes.Repeat([]byte("no database "), 5000), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, path string
		class      backend.Class
	}{
		{"a newer format", meta("format", number(2)), backend.ErrSchemaNewer},
		{"a format of seven bytes", meta("format", number(2)[1:]), backend.ErrCorrupt},
		{"a commit number of seven bytes", meta("commit", number(2)[1:]), backend.ErrCorrupt},
		{"another program's file", made(t, func(tx *bbolt.Tx) error {
			_, err := tx.CreateBucket([]byte("theirs"))
			return err
		}), backend.ErrUnsupported},
		{"a file that is not bbolt's", notOurs, backend.ErrCorrupt},
		{"a directory", t.TempDir(), backend.ErrIO},
		{"a file in a missing directory", filepath.Join(t.TempDir(), "none", "db"), backend.ErrIO},
	} {
		before, _ := os.ReadFile(c.path)
		s, err := bolt.Open(t.Context(), c.path, nil)
		if s != nil || !errors.Is(err, c.class) {
			t.Errorf("Open of %s = %v, want %v", c.name, err, c.class)
		}
		if after, _ := os.ReadFile(c.path); !bytes.Equal(after, before) {
			t.Errorf("Open of %s changed the file", c.name)
		}
	}
	s, err := bolt.Open(t.Context(), meta("commit", number(9)), nil)
	if err != nil {
		t.Fatalf("Open of a file made by hand = %v, want nil", err)
	}
	defer s.Close(t.Context())
	err = s.View(t.Context(), func(_ context.Context, tx backend.ReadTx) error {
		if v := tx.ReadVersion(); v != 9 {
			t.Errorf("ReadVersion = %d, want 9", v)
		}
		return nil
	})
	if err != nil {
		t.Errorf("View = %v", err)
	}
}

func TestA12_ErrorsOfBBoltHaveClasses(t *testing.T) {
	for _, c := range []struct {
		err  error
		want backend.Class
	}{
		{berrors.ErrTimeout, backend.ErrLocked},
		{berrors.ErrInvalid, backend.ErrCorrupt},
		{berrors.ErrChecksum, backend.ErrCorrupt},
		{berrors.ErrVersionMismatch, backend.ErrUnsupported},
		{berrors.ErrInvalidMapping, backend.ErrIO},
		{berrors.ErrDatabaseNotOpen, backend.ErrClosed},
		{berrors.ErrDatabaseReadOnly, backend.ErrReadOnly},
		{berrors.ErrTxNotWritable, backend.ErrReadOnly},
		{berrors.ErrTxClosed, backend.ErrTxDone},
		{berrors.ErrFreePagesNotLoaded, backend.ErrIO},
		{berrors.ErrBucketNotFound, backend.ErrTableNotFound},
		{berrors.ErrBucketExists, backend.ErrExists},
		{berrors.ErrBucketNameRequired, backend.ErrInvalid},
		{berrors.ErrKeyRequired, backend.ErrInvalid},
		{berrors.ErrKeyTooLarge, backend.ErrTooLarge},
		{berrors.ErrValueTooLarge, backend.ErrTooLarge},
		{berrors.ErrMaxSizeReached, backend.ErrQuota},
		{berrors.ErrIncompatibleValue, backend.ErrInvalid},
		{berrors.ErrSameBuckets, backend.ErrInvalid},
		{berrors.ErrDifferentDB, backend.ErrInvalid},
		{&os.PathError{Op: "write", Err: syscall.ENOSPC}, backend.ErrQuota},
		{&os.PathError{Op: "open", Err: syscall.EROFS}, backend.ErrReadOnly},
		{&os.PathError{Op: "write", Err: syscall.EIO}, backend.ErrIO},
		{errors.New("something else"), backend.ErrIO},
	} {
		if got := bolt.Classify(fmt.Errorf("wrapped: %w", c.err)); got != c.want {
			t.Errorf("the class of %v = %v, want %v", c.err, got, c.want)
		}
	}
}
