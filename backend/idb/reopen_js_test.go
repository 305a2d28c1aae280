//go:build js && wasm

package idb_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/idb"
)

func TestReopeningFromTheLog(t *testing.T) {
	name := newName(t)
	want := "0"
	for i := range 5 {
		s := open(t, name)
		wantState(t, s, want)
		for j := range 70 {
			put(t, s, fmt.Sprintf("%d-%02d", i, j), "v")
			want += fmt.Sprintf(" %d-%02d=v", i, j)
		}
		_, pairs, _ := strings.Cut(want, " ")
		want = fmt.Sprintf("%d %s", (i+1)*70, pairs)
		closeStore(t, s)
	}
	raw := openRaw(t, name)
	defer raw.close()
	if number, _ := raw.checkpoint(); number != 0 {
		t.Errorf("there is a checkpoint %d of so little, want none", number)
	}
	wantState(t, open(t, name), want)
}

// writeMuch commits a hundred pairs, a megabyte and a half in all, with values that
// go into pages and values that don't.
func writeMuch(t *testing.T, s backend.Store, prefix string) {
	t.Helper()
	var pairs []string
	for i := range 100 {
		pairs = append(pairs, fmt.Sprintf("%s-%02d", prefix, i), strings.Repeat(prefix, 15_300+i*30))
	}
	put(t, s, pairs...)
}

func wantMuch(t *testing.T, s backend.Store, prefixes ...string) {
	t.Helper()
	err := s.View(testContext(t), func(_ context.Context, tx backend.ReadTx) error {
		for _, prefix := range prefixes {
			for i := range 100 {
				key := fmt.Sprintf("%s-%02d", prefix, i)
				got, err := tx.Get("t", []byte(key))
				if err != nil || string(got) != strings.Repeat(prefix, 15_300+i*30) {
					return fmt.Errorf("Get(%s) = %d bytes, %v", key, len(got), err)
				}
			}
		}
		n, err := backend.Count(tx, "t", backend.Range{})
		if want := 100 * len(prefixes); err == nil && n != want {
			return fmt.Errorf("there are %d pairs, want %d", n, want)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestReopeningFromCheckpoints(t *testing.T) {
	name := newName(t)
	s, raw := open(t, name), openRaw(t, name)
	defer raw.close()
	number := uint64(0)
	var prefixes []string
	for _, prefix := range []string{"a", "b"} {
		writeMuch(t, s, prefix)
		prefixes = append(prefixes, prefix)
		raw.awaitCheckpoint(number)
		number, _ = raw.checkpoint()
		wantMuch(t, s, prefixes...)
	}
	// Nothing is left of the log before it.
	_, commit := raw.checkpoint()
	if n := raw.do("log", "count").Int(); uint64(n) != 2-commit {
		t.Errorf("the log has %d records after a checkpoint of %d commits out of 2", n, commit)
	}
	put(t, s, "t-00", "after")
	closeStore(t, s)

	s = open(t, name)
	if err := s.Update(testContext(t), func(_ context.Context, tx backend.WriteTx) error {
		b, err := tx.Get("t", []byte("t-00"))
		if err != nil || string(b) != "after" {
			return fmt.Errorf("Get = %q, %v", b, err)
		}
		_, err = tx.Delete("t", []byte("t-00"))
		return err
	}); err != nil {
		t.Error(err)
	}
	wantMuch(t, s, prefixes...)
}

// A store that missed commits, and the checkpoint that swallowed them, loads
// the checkpoint.
func TestBehindTheCheckpoint(t *testing.T) {
	withoutGlobal(t, "BroadcastChannel")
	name := newName(t)
	behind, s, raw := open(t, name), open(t, name), openRaw(t, name)
	defer raw.close()
	writeMuch(t, s, "a")
	raw.awaitCheckpoint(0)
	put(t, behind, "a-00", strings.Repeat("a", 15_300))
	wantMuch(t, behind, "a")
}

func TestNamesAndDelete(t *testing.T) {
	name, other := newName(t), newName(t)
	ctx := testContext(t)
	s := open(t, name)
	open(t, other)
	put(t, s, "a", "1")
	names, err := idb.Names(ctx)
	if err != nil || !slices.Contains(names, name) || !slices.Contains(names, other) {
		t.Errorf("Names = %q, %v, want %s and %s in it", names, err, name, other)
	}
	closeStore(t, s)
	if err := idb.Delete(ctx, name); err != nil {
		t.Errorf("Delete: %v", err)
	}
	if err := idb.Delete(ctx, name); err != nil {
		t.Errorf("Delete of a database that doesn't exist: %v", err)
	}
	if names, err := idb.Names(ctx); err != nil || slices.Contains(names, name) || !slices.Contains(names, other) {
		t.Errorf("Names = %q, %v, want %s in it and not %s", names, err, other, name)
	}
	wantState(t, open(t, name), "0")
}

func TestOpenRefuses(t *testing.T) {
	for _, name := range []string{"", "\xff"} {
		if _, err := idb.Open(testContext(t), name, nil); !errors.Is(err, backend.ErrInvalid) {
			t.Errorf("Open(%q) = %v, want ErrInvalid", name, err)
		}
	}
	ctx, cancel := context.WithCancel(testContext(t))
	cancel()
	if _, err := idb.Open(ctx, newName(t), nil); err != context.Canceled {
		t.Errorf("Open with a cancelled context = %v, want its error", err)
	}
	withoutGlobal(t, "indexedDB")
	const want = "open: not supported here: this platform has no IndexedDB"
	if _, err := idb.Open(testContext(t), "name", nil); err == nil || err.Error() != want || !errors.Is(err, backend.ErrUnsupported) {
		t.Errorf("Open without IndexedDB = %v, want %s", err, want)
	}
	if err := idb.Delete(testContext(t), "name"); !errors.Is(err, backend.ErrUnsupported) {
		t.Errorf("Delete without IndexedDB = %v, want ErrUnsupported", err)
	}
	if _, err := idb.Names(testContext(t)); !errors.Is(err, backend.ErrUnsupported) {
		t.Errorf("Names without IndexedDB = %v, want ErrUnsupported", err)
	}
}
