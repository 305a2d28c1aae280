package idb

import (
	"errors"
	"reflect"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/pagetree"
)

// The fuzzed bytes are the part between header and checksum: with those to be
// found first, hardly anything would get past the checksum.

func sealed(kind byte, body []byte) []byte {
	return pagetree.Seal(append([]byte{kind, pagetree.Version}, body...))
}

func wantTyped(t *testing.T, err error) {
	if !errors.Is(err, backend.ErrCorrupt) {
		t.Errorf("%v, want ErrCorrupt", err)
	}
}

// fuzz finds bodies that decode panics on, doesn't refuse as corrupt, or reads
// as what reads as something else once it is encoded again.
func fuzz[T any](f *testing.F, name string, kind byte, decode func(b []byte) (T, error), encode func(v T) []byte) {
	whole := golden(f, name)
	f.Add(whole[headerSize : len(whole)-sumSize])
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := decode(sealed(kind, b))
		if err != nil {
			wantTyped(t, err)
			return
		}
		if again, err := decode(encode(v)); err != nil || !reflect.DeepEqual(again, v) {
			t.Errorf("decoding what was encoded again = %+v, %v, want %+v", again, err, v)
		}
	})
}

func FuzzDecodeRoot(f *testing.F) {
	fuzz(f, "root", kindRoot, decodeRoot, func(r root) []byte { return r.encode() })
}

func FuzzDecodeHead(f *testing.F) {
	decode := func(b []byte) (head, error) { return decodeHead(goldenHead.page, b) }
	fuzz(f, "head", kindHead, decode, func(h head) []byte { return h.encode() })
}

func FuzzDecodeJanitor(f *testing.F) {
	fuzz(f, "janitor", kindJanitor, decodeJanitor, func(j janitor) []byte { return j.encode() })
}

func FuzzDecodeGarbage(f *testing.F) {
	decode := func(b []byte) (garbage, error) { return decodeGarbage(goldenGarbage.page, b) }
	fuzz(f, "garbage", kindGarbage, decode, func(g garbage) []byte { return g.encode() })
}
