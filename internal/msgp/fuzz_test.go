package msgp_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/msgp"
	"github.com/larderdb/larder/keys"
	"github.com/vmihailenco/msgpack/v5"
)

func FuzzDecode(f *testing.F) {
	for _, c := range valid {
		f.Add(unhex(f, c.hex))
	}
	for _, c := range broken {
		f.Add(unhex(f, c.hex))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := msgp.Skip(b)
		if err != nil && !errors.Is(err, backend.ErrCorrupt) && !errors.Is(err, backend.ErrInvalid) {
			t.Errorf("Skip(%x): error %v, want one of a class", b, err)
		}
		_, keyErr := msgp.AppendKey(nil, b)
		_, _, findErr := msgp.Find(b, "a", "b")
		for range msgp.Elements(b) {
		}
		if err != nil {
			return
		}

		b = b[:n]
		if n > 0 && msgp.Validate(b[:n-1]) == nil {
			t.Errorf("%x is a value, and also without its last byte", b)
		}
		if findErr != nil {
			t.Errorf("Find in the valid %x: %v", b, findErr)
		}
		// An independent decoder finds the same end.
		r := bytes.NewReader(b)
		if err := msgpack.NewDecoder(r).Skip(); err != nil || r.Len() > 0 {
			t.Errorf("msgpack/v5 skips %x with %v and leaves %d bytes", b, err, r.Len())
		}
		if keyErr == nil {
			key, err := msgp.AppendKey(nil, b)
			if err != nil {
				t.Errorf("AppendKey(%x): %v", b, err)
			}
			if _, err := keys.Decode[keys.Element](key); err != nil {
				t.Errorf("AppendKey(%x) = %x: %v", b, key, err)
			}
		}
	})
}
