package idb

import (
	"bytes"
	"errors"
	"testing"

	"github.com/larderdb/larder/backend"
)

// The fuzzed bytes are the part between header and checksum: with those to be
// found first, hardly anything would get past the checksum.

func sealed(kind byte, body []byte) []byte {
	return seal(append([]byte{kind, formatVersion}, body...))
}

func body(f *testing.F, name string) []byte {
	b := golden(f, name)
	return b[headerSize : len(b)-sumSize]
}

func wantTyped(t *testing.T, err error) {
	if !errors.Is(err, backend.ErrCorrupt) {
		t.Errorf("%v, want ErrCorrupt", err)
	}
}

func FuzzDecodeRoot(f *testing.F) {
	f.Add(body(f, "root-v1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		whole := sealed(kindRoot, b)
		r, err := decodeRoot(whole)
		if err != nil {
			wantTyped(t, err)
		} else if got := r.encode(); !bytes.Equal(got, whole) {
			t.Errorf("encode = %x, want what was decoded, %x", got, whole)
		}
	})
}

func FuzzDecodePage(f *testing.F) {
	f.Add(body(f, "page-v1"))
	f.Add(body(f, "value-v1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for index, kind := range []byte{kindPage, kindValue} {
			l := checkpointLoader{checkpoint: 0x0102030405, next: uint32(2 - index), values: map[uint64][]byte{1: []byte("long")}}
			if err := l.add(sealed(kind, b), func() error { return nil }); err != nil {
				wantTyped(t, err)
				continue
			}
			// What was loaded can be written and loaded again.
			snap := l.Snapshot(1)
			if got, want := dump(reloaded(t, &state{base: new(base), snap: snap})), dump(snap); got != want {
				t.Errorf("loaded again: %s, want %s", got, want)
			}
		}
	})
}
