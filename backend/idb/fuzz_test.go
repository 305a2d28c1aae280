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

// body returns what stands in a golden file between header and checksum.
func body(f *testing.F, name string) []byte {
	b := golden(f, name)
	return b[headerSize : len(b)-sumSize]
}

// fuzz finds bodies that decode panics on, doesn't refuse as corrupt, or reads
// as what reads as something else once it is encoded again.
func fuzz[T any](f *testing.F, kind byte, decode func(b []byte) (T, error), encode func(v T) []byte) {
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
	f.Add(body(f, "root"))
	fuzz(f, kindRoot, decodeRoot, func(r root) []byte { return r.encode() })
}

func FuzzDecodeHead(f *testing.F) {
	f.Add(body(f, "head"))
	decode := func(b []byte) (head, error) { return decodeHead(goldenHead.page, b) }
	fuzz(f, kindHead, decode, func(h head) []byte { return h.encode() })
}

func FuzzDecodeJanitor(f *testing.F) {
	f.Add(body(f, "janitor"))
	fuzz(f, kindJanitor, decodeJanitor, func(j janitor) []byte { return j.encode() })
}

func FuzzDecodeGarbage(f *testing.F) {
	f.Add(body(f, "garbage"))
	decode := func(b []byte) (garbage, error) { return decodeGarbage(goldenGarbage.page, b) }
	fuzz(f, kindGarbage, decode, func(g garbage) []byte { return g.encode() })
}
