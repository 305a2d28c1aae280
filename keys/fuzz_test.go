package keys_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/keys"
)

// fuzzDecode checks that b is a K, or an error of the right class, and that it
// is what that K is encoded as: nothing but what was encoded decodes.
func fuzzDecode[K keys.Key[K]](t *testing.T, b []byte) {
	t.Helper()
	var zero K
	k, rest, err := zero.DecodeKey(b)
	if err != nil {
		if !errors.Is(err, backend.ErrCorrupt) || k != zero || !bytes.Equal(rest, b) {
			t.Errorf("%T: decoding %x gives %v, rest %x, error %v; want the zero key, all of it, ErrCorrupt", zero, b, k, rest, err)
		}
		return
	}
	again, err := k.AppendKey(nil)
	if err != nil || !bytes.Equal(again, b[:len(b)-len(rest)]) {
		t.Errorf("%T: %x is decoded as %v, which is encoded as %x, %v", zero, b, k, again, err)
	}
}

func FuzzDecodeKey(f *testing.F) {
	for _, v := range readVectors(f) {
		b, err := hex.DecodeString(v.Hex)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		fuzzDecode[keys.Int](t, b)
		fuzzDecode[keys.Uint](t, b)
		fuzzDecode[keys.Float](t, b)
		fuzzDecode[keys.String](t, b)
		fuzzDecode[keys.Bytes](t, b)
		fuzzDecode[keys.Bool](t, b)
		fuzzDecode[keys.UUID](t, b)
		fuzzDecode[keys.Time](t, b)
		fuzzDecode[keys.Element](t, b)
		fuzzDecode[keys.RowID](t, b)
		fuzzDecode[keys.UserID](t, b)
		fuzzDecode[keys.UserRowID](t, b)
		fuzzDecode[keys.TableID](t, b)
		fuzzDecode[keys.Desc[keys.String]](t, b)
		fuzzDecode[keys.Desc[keys.Element]](t, b)
		fuzzDecode[keys.T2[keys.Desc[keys.Bytes], keys.Element]](t, b)
		fuzzDecode[keys.T3[keys.Element, keys.Element, keys.Int]](t, b)
		fuzzDecode[keys.T4[keys.Bool, keys.Float, keys.UUID, keys.Time]](t, b)
		if e, _, err := (keys.Element{}).DecodeKey(b); err == nil {
			e.Value()
		}
		keys.Fmt(b)
	})
}

func FuzzParseIDs(f *testing.F) {
	for _, s := range []string{"alice:todo_1", "a%3Ab:c", "alice:0xff", "%", "0x", ":", "", "a:\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := keys.ParseRowID(s); err == nil {
			if back, err := keys.ParseRowID(id.String()); err != nil || back != id {
				t.Errorf("%q is row %v, whose text is row %v, %v", s, id, back, err)
			}
		}
		if id, err := keys.ParseUserRowID(s); err == nil {
			if back, err := keys.ParseUserRowID(id.String()); err != nil || back != id {
				t.Errorf("%q is row %v, whose text is row %v, %v", s, id, back, err)
			}
		}
		if id, err := keys.ParseTableID(s); err == nil && id.String() != s {
			t.Errorf("%q is table %v", s, id)
		}
	})
}
