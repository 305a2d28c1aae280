package keys_test

import (
	"bytes"
	"encoding"
	"encoding/hex"
	"errors"
	"strings"
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
	if only, err := keys.Decode[K](b); (err == nil) != (len(rest) == 0) || err == nil && only != k {
		t.Errorf("%T: Decode(%x) = %v, %v; want an error exactly when bytes are left over: %x are", zero, b, only, err, rest)
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
		fuzzDecode[keys.UserName](t, b)
		fuzzDecode[keys.JobID](t, b)
		fuzzDecode[keys.UserRowID](t, b)
		fuzzDecode[keys.TableID](t, b)
		fuzzDecode[keys.Desc[keys.String]](t, b)
		fuzzDecode[keys.Desc[keys.Element]](t, b)
		fuzzDecode[keys.T2[keys.Desc[keys.Bytes], keys.Element]](t, b)
		fuzzDecode[keys.T3[keys.Element, keys.Element, keys.Int]](t, b)
		fuzzDecode[keys.T4[keys.Bool, keys.Float, keys.UUID, keys.Time]](t, b)
		e, rest, err := (keys.Element{}).DecodeKey(b)
		if n, lenErr := (keys.Element{}).KeyLen(b); (lenErr == nil) != (err == nil) || err == nil && n != len(b)-len(rest) {
			t.Errorf("KeyLen = %d, %v, where DecodeKey leaves %d of %d bytes, %v", n, lenErr, len(rest), len(b), err)
		}
		if err == nil {
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

// fuzzText checks that text is a K's or is refused, and that a K that is read
// is a key or the zero one, and is the text that it writes.
func fuzzText[K textID[K], P interface {
	*K
	encoding.TextUnmarshaler
}](t *testing.T, text []byte) {
	t.Helper()
	var id, zero, back K
	if err := P(&id).UnmarshalText(text); err != nil {
		if !errors.Is(err, backend.ErrInvalid) && !errors.Is(err, backend.ErrTooLarge) || id != zero {
			t.Errorf("%T: %q is read as %v, error %v; want the zero id and ErrInvalid or ErrTooLarge", id, text, id, err)
		}
		return
	}
	if id == zero {
		if len(text) > 0 {
			t.Errorf("%T: %q is read as the zero id", id, text)
		}
		return
	}
	if b, err := id.AppendKey(nil); err != nil || len(b) > keys.MaxPrimaryKey {
		t.Errorf("%T: %q is read as what is no key: %x, %v", id, text, b, err)
	} else if stored, err := keys.Decode[K](b); err != nil || stored != id {
		t.Errorf("%T: %q is stored as %x and decoded as %v, %v", id, text, b, stored, err)
	}
	again, err := id.MarshalText()
	if err != nil || P(&back).UnmarshalText(again) != nil || back != id {
		t.Errorf("%T: %q is read as %v, which writes %q, %v, which is read as %v", id, text, id, again, err, back)
	}
}

func FuzzUnmarshalText(f *testing.F) {
	for _, s := range []string{"", "a", "alice:todo_1", "a%3Ab:c", "0xff", "0x", "%", ":", "a\xff", "\x00",
		"2026-11-22T12:00:00.5+01:00", strings.Repeat("Ⱥ", 60), strings.Repeat("x", 255)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		fuzzText[keys.UserID](t, text)
		fuzzText[keys.NamespaceID](t, text)
		fuzzText[keys.TableName](t, text)
		fuzzText[keys.StorageID](t, text)
		fuzzText[keys.JobID](t, text)
		fuzzText[keys.LiveQueryID](t, text)
		fuzzText[keys.UserName](t, text)
		fuzzText[keys.RowID](t, text)
		fuzzText[keys.UserRowID](t, text)
		fuzzText[keys.TableID](t, text)

		var at, back keys.Time
		if at.UnmarshalText(text) != nil {
			return
		}
		again, err := at.MarshalText()
		if err != nil {
			return // a zone has moved the instant out of the years 0 to 9999
		}
		if err := back.UnmarshalText(again); err != nil || back != at {
			t.Errorf("%q is the time %v, which writes %q, which is read as %v, %v", text, at, again, back, err)
		}
	})
}
