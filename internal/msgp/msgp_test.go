package msgp_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/msgp"
	"github.com/larderdb/larder/keys"
	"github.com/vmihailenco/msgpack/v5"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// marshal encodes v with an independent implementation.
func marshal(t testing.TB, v any) []byte {
	t.Helper()
	b, err := msgpack.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// valid is a value in every format.
var valid = []struct{ name, hex string }{
	{"fixint", "7f"}, {"negative fixint", "e0"},
	{"nil", "c0"}, {"false", "c2"}, {"true", "c3"},
	{"uint 8", "cc ff"}, {"uint 16", "cd ffff"}, {"uint 32", "ce ffffffff"}, {"uint 64", "cf ffffffffffffffff"},
	{"int 8", "d0 80"}, {"int 16", "d1 8000"}, {"int 32", "d2 80000000"}, {"int 64", "d3 8000000000000000"},
	{"float 32", "ca 3fc00000"}, {"float 64", "cb 3ff8000000000000"}, {"NaN", "cb 7ff8000000000000"},
	{"empty fixstr", "a0"}, {"fixstr", "a3 616263"}, {"str 8", "d9 01 61"}, {"str 8 of two letters", "d9 04 c3a9 c3a9"}, {"str 16", "da 0002 c3a9"}, {"str 32", "db 00000004 f09f9880"},
	{"empty bin", "c4 00"}, {"bin 8", "c4 02 ff00"}, {"bin 16", "c5 0001 ff"}, {"bin 32", "c6 00000001 ff"},
	{"empty fixarray", "90"}, {"fixarray", "93 01 a161 c0"}, {"array 16", "dc 0002 01 02"}, {"array 32", "dd 00000001 90"},
	{"empty fixmap", "80"}, {"fixmap", "82 a161 01 a162 91 a163"}, {"map 16", "de 0001 a161 80"}, {"map 32", "df 00000001 01 02"},
	{"Date of 4 bytes", "d6 ff 00000001"}, {"Date of 8 bytes", "d7 ff ee6b27fc 00000001"}, {"Date of 12 bytes", "c7 0c ff 3b9ac9ff ffffffffffffffff"},
	{"undefined", "d4 01 00"},
	{"empty Map", "c7 00 02"}, {"Map", "c7 03 02 a161 01"}, {"ext 16 Map", "c8 0003 02 a161 01"}, {"ext 32 Map", "c9 00000003 02 a161 01"},
	{"empty Set", "c7 00 03"}, {"Set in a Set", "c7 06 03 a161 c7 01 03 05"},
	{"fixext of another type", "d8 63 00112233445566778899aabbccddeeff"}, {"ext of another type", "c7 03 63 c1c1c1"},
}

// broken is what isn't a value, and what is said of it.
var broken = []struct {
	name, hex, path, reason string
	class                   backend.Class
}{
	{"str 8 cut short", "d9 02 61", "", "a length is greater than the bytes that are left", backend.ErrCorrupt},
	{"str 8 that isn't UTF-8", "d9 02 61 ff", "", "text is not valid UTF-8", backend.ErrInvalid},
	{"float 64 cut short", "cb 3ff80000000000", "", "a value is cut short", backend.ErrCorrupt},
	{"nothing", "", "", "a value is missing", backend.ErrCorrupt},
	{"two values", "01 02", "", "bytes follow the value", backend.ErrCorrupt},
	{"a first byte without a meaning", "c1", "", "c1", backend.ErrCorrupt},
	{"an integer cut short", "cd 00", "", "cut short", backend.ErrCorrupt},
	{"a length cut short", "db 0000", "", "cut short", backend.ErrCorrupt},
	{"a type cut short", "d4", "", "cut short", backend.ErrCorrupt},
	{"a str over the bytes left", "db ffffffff 61", "", "a length is greater", backend.ErrCorrupt},
	{"a bin over the bytes left", "c6 ffffffff", "", "a length is greater", backend.ErrCorrupt},
	{"an ext over the bytes left", "c9 ffffffff 63", "", "a length is greater", backend.ErrCorrupt},
	{"an array over the bytes left", "dd 01ffffff 00", "", "a count is greater", backend.ErrCorrupt},
	{"a map over the bytes left", "df ffffffff", "", "a count is greater", backend.ErrCorrupt},
	{"a map whose last value is missing", "82 a161 01 a162", "b", "a value is missing", backend.ErrCorrupt},
	{"not UTF-8 in a field", "81 a4 74616773 93 01 02 a1 ff", "tags[2]", "not valid UTF-8", backend.ErrInvalid},
	{"a lone surrogate in a field of a field", "81 a1 61 81 a1 62 a3 eda080", "a.b", "not valid UTF-8", backend.ErrInvalid},
	{"not UTF-8 in a map's key", "81 a1 61 81 a1 ff 01", "a.?", "not valid UTF-8", backend.ErrInvalid},
	{"not UTF-8 under a key that is no string", "81 05 a1 ff", "?", "not valid UTF-8", backend.ErrInvalid},
	{"not UTF-8 in a Map", "91 c7 05 02 01 02 03 a1 ff", "[0][1]", "not valid UTF-8", backend.ErrInvalid},
	{"not UTF-8 in a Set", "c7 03 03 01 a1 ff", "[1]", "not valid UTF-8", backend.ErrInvalid},
	{"a Map that ends with a key", "c7 02 02 a1 61", "", "a Map ends with a key", backend.ErrCorrupt},
	{"a value of a Set that is longer than it", "c7 02 03 a2 61 61", "[0]", "a length is greater", backend.ErrCorrupt},
	{"undefined with a payload", "91 d4 01 01", "[0]", "undefined", backend.ErrCorrupt},
	{"a Date of 5 bytes", "c7 05 ff 0000000000", "", "4, 8 or 12", backend.ErrCorrupt},
	{"a Date of too many nanoseconds", "d7 ff ee6b2800 00000000", "", "999,999,999", backend.ErrCorrupt},
	{"arrays 65 deep", strings.Repeat("91", 65) + "01", strings.Repeat("[0]", 64), "64 deep", backend.ErrInvalid},
	{"empty arrays 65 deep", strings.Repeat("91", 64) + "90", strings.Repeat("[0]", 64), "64 deep", backend.ErrInvalid},
	{"maps 65 deep", strings.Repeat("81a161", 65) + "01", "a" + strings.Repeat(".a", 63), "64 deep", backend.ErrInvalid},
	{"a Set 65 deep", strings.Repeat("91", 64) + "c70003", strings.Repeat("[0]", 64), "64 deep", backend.ErrInvalid},
}

func TestValidate(t *testing.T) {
	for _, c := range valid {
		t.Run(c.name, func(t *testing.T) {
			b := unhex(t, c.hex)
			if err := msgp.Validate(b); err != nil {
				t.Errorf("Validate(%x): %v", b, err)
			}
			if n, err := msgp.Skip(append(b[:len(b):len(b)], "rest"...)); n != len(b) || err != nil {
				t.Errorf("Skip(%x and more) = %d, %v; want %d", b, n, err, len(b))
			}
			for n := range b {
				if err := msgp.Validate(b[:n]); !errors.Is(err, backend.ErrCorrupt) {
					t.Errorf("Validate(%x, cut after %d): error %v, want ErrCorrupt", b, n, err)
				}
			}
		})
	}
	deep := unhex(t, strings.Repeat("91", 64)+"01")
	if err := msgp.Validate(deep); err != nil {
		t.Errorf("arrays 64 deep: %v", err)
	}
}

func TestBrokenValues(t *testing.T) {
	for _, c := range broken {
		t.Run(c.name, func(t *testing.T) {
			b := unhex(t, c.hex)
			check := func(what string, err error) {
				t.Helper()
				var e *msgp.Error
				if !errors.As(err, &e) {
					t.Fatalf("%s(%x): error %v, want a *msgp.Error", what, b, err)
				}
				if e.Class != c.class || !errors.Is(err, c.class) || e.Path != c.path || !strings.Contains(e.Reason, c.reason) {
					t.Errorf("%s(%x): class %v, path %q, reason %q; want %v, %q, %q", what, b, e.Class, e.Path, e.Reason, c.class, c.path, c.reason)
				}
			}
			check("Validate", msgp.Validate(b))
		})
	}
	err := msgp.Validate(unhex(t, "81 a161 a1ff"))
	if got, want := err.Error(), "invalid argument: a: text is not valid UTF-8"; got != want {
		t.Errorf("error is %q, want %q", got, want)
	}
}

func TestHostileLengthsAllocateNothing(t *testing.T) {
	for _, s := range []string{"df ffffffff", "dd 01ffffff", "db ffffffff", "c9 ffffffff 02", "dd ffffffff 90 90 90"} {
		b := unhex(t, s)
		var err error
		allocs := testing.AllocsPerRun(10, func() { err = msgp.Validate(b) })
		if err == nil || allocs > 4 {
			t.Errorf("Validate(%x): %v with %v allocations, want an error and no more than its own", b, err, allocs)
		}
	}
}

func TestReadHead(t *testing.T) {
	for _, c := range []struct {
		hex  string
		want msgp.Head
	}{
		{"05", msgp.Head{Kind: msgp.Number, Size: 1, Number: 5}},
		{"ff", msgp.Head{Kind: msgp.Number, Size: 1, Number: -1}},
		{"ce ffffffff", msgp.Head{Kind: msgp.Number, Size: 5, Number: 1<<32 - 1}},
		{"d0 80", msgp.Head{Kind: msgp.Number, Size: 2, Number: -128}},
		{"d1 8000", msgp.Head{Kind: msgp.Number, Size: 3, Number: -32768}},
		{"d2 80000000", msgp.Head{Kind: msgp.Number, Size: 5, Number: -1 << 31}},
		{"ca 3fc00000", msgp.Head{Kind: msgp.Number, Size: 5, Number: 1.5}},
		{"cb 3ff8000000000000", msgp.Head{Kind: msgp.Number, Size: 9, Number: 1.5}},
		{"cf ffffffffffffffff", msgp.Head{Kind: msgp.Uint, Size: 9, Bits: math.MaxUint64}},
		{"d3 ffffffffffffffff", msgp.Head{Kind: msgp.Int, Size: 9, Bits: math.MaxUint64}},
		{"c3", msgp.Head{Kind: msgp.Bool, Size: 1, Bits: 1}},
		{"d9 01 61", msgp.Head{Kind: msgp.Text, Size: 2, Body: 1}},
		{"c5 0001 ff", msgp.Head{Kind: msgp.Bytes, Size: 3, Body: 1}},
		{"92 01 02", msgp.Head{Kind: msgp.Array, Size: 1, Count: 2}},
		{"de 0001 01 02", msgp.Head{Kind: msgp.Map, Size: 3, Count: 1}},
		{"d6 ff 00000001", msgp.Head{Kind: msgp.Ext, Size: 2, Body: 4, Type: msgp.ExtTime}},
		{"c8 0001 03 01", msgp.Head{Kind: msgp.Ext, Size: 4, Body: 1, Type: msgp.ExtSet}},
	} {
		if got, err := msgp.ReadHead(unhex(t, c.hex)); got != c.want || err != nil {
			t.Errorf("ReadHead(%s) = %+v, %v; want %+v", c.hex, got, err, c.want)
		}
	}
}

func TestFind(t *testing.T) {
	row := marshal(t, map[string]any{
		"id":      7,
		"address": map[string]any{"lat": 1.5, "a.b": "dotted"},
		"tags":    []string{"x"},
	})
	row = append([]byte{row[0] + 1}, row[1:]...) // one field more: undefined
	row = append(row, unhex(t, "a4 676f6e65 d4 01 00")...)
	for _, c := range []struct {
		path []string
		want any
	}{
		{[]string{"id"}, 7},
		{[]string{"address", "lat"}, 1.5},
		{[]string{"address", "a.b"}, "dotted"},
		{[]string{"tags"}, []string{"x"}},
	} {
		got, found, err := msgp.Find(row, c.path...)
		if want := marshal(t, c.want); !bytes.Equal(got, want) || !found || err != nil {
			t.Errorf("Find(%q) = %x, %v, %v; want %x", c.path, got, found, err, want)
		}
	}
	if got, found, err := msgp.Find(row); !bytes.Equal(got, row) || !found || err != nil {
		t.Errorf("Find() = %x, %v, %v; want the value itself", got, found, err)
	}
	for _, path := range [][]string{{"no"}, {"address", "no"}, {"id", "lat"}, {"tags", "0"}, {"gone"}, {"gone", "x"}} {
		if got, found, err := msgp.Find(row, path...); got != nil || found || err != nil {
			t.Errorf("Find(%q) = %x, %v, %v; want nothing", path, got, found, err)
		}
	}
	_, _, err := msgp.Find(unhex(t, "81 a161 81 a162 92 01 c1"), "a", "b")
	var e *msgp.Error
	if !errors.As(err, &e) || e.Path != "a.b[1]" {
		t.Errorf("Find through a corrupt value: error %v, want one at a.b[1]", err)
	}
	if _, _, err := msgp.Find(unhex(t, "81 a161 81 a162 a1"), "a", "c"); !errors.As(err, &e) || e.Path != "a.b" {
		t.Errorf("Find past a corrupt value: error %v, want one at a.b", err)
	}
}

func TestElements(t *testing.T) {
	var got []string
	for v, err := range msgp.Elements(unhex(t, "93 01 a161 92 c0 c0")) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, hex.EncodeToString(v))
	}
	if want := "01 a161 92c0c0"; strings.Join(got, " ") != want {
		t.Errorf("elements are %v, want %s", got, want)
	}
	for _, c := range []struct {
		hex, path string
		class     backend.Class
		before    int
	}{{"80", "", backend.ErrInvalid, 0}, {"92 01 c1", "[1]", backend.ErrCorrupt, 1}, {"", "", backend.ErrCorrupt, 0}} {
		n, last := 0, error(nil)
		for v, err := range msgp.Elements(unhex(t, c.hex)) {
			if last = err; v != nil {
				n++
			}
		}
		var e *msgp.Error
		if !errors.As(last, &e) || e.Class != c.class || e.Path != c.path || n != c.before {
			t.Errorf("elements of %s: %d, then %v; want %d, then %v at %q", c.hex, n, last, c.before, c.class, c.path)
		}
	}
}

func TestDatesOfAllSizesAreTimes(t *testing.T) {
	for _, at := range []time.Time{
		time.Unix(1, 0), time.Unix(1<<32, 999_999_999), time.Unix(-1, 5), time.Unix(1<<34, 0), time.Date(2026, 11, 22, 12, 0, 0, 5e8, time.UTC),
	} {
		b := marshal(t, at)
		want := keys.Must(keys.TimeOf(at).AppendKey(nil))
		if got, err := msgp.AppendKey(nil, b); !bytes.Equal(got, want) || err != nil {
			t.Errorf("AppendKey(%x) = %s, %v; want %s", b, keys.Fmt(got), err, keys.Fmt(want))
		}
	}
}

func TestAppendKey(t *testing.T) {
	of := func(k keys.Part) keys.Element { return keys.Must(keys.ElementOf(k)) }
	list := func(es ...keys.Element) keys.Element { return keys.Must(keys.List(es...)) }
	for _, c := range []struct {
		hex  string
		want keys.Element
	}{
		{"c0", keys.Null()},
		{"c3", of(keys.Bool(true))},
		{"05", of(keys.Float(5))},
		{"d2 80000000", of(keys.Float(-1 << 31))},
		{"cb 8000000000000000", of(keys.Float(0))}, // −0
		{"ca 7f800000", of(keys.Float(math.Inf(1)))},
		{"d3 ffffffffffffffff", of(keys.Int(-1))},
		{"d3 0000000000000005", of(keys.Int(5))},
		{"cf ffffffffffffffff", of(keys.Uint(math.MaxUint64))},
		{"a3 610062", of(keys.String("a\x00b"))},
		{"c4 02 ff00", of(keys.Bytes("\xff\x00"))},
		{"d6 ff 00000001", of(keys.TimeOf(time.Unix(1, 0)))},
		{"90", list()},
		{"93 c0 a161 92 c0 d3 0000000000000001", list(keys.Null(), of(keys.String("a")), list(keys.Null(), of(keys.Int(1))))},
	} {
		got, err := msgp.AppendKey([]byte("before"), unhex(t, c.hex))
		if err != nil {
			t.Errorf("AppendKey(%s): %v", c.hex, err)
			continue
		}
		key := bytes.TrimPrefix(got, []byte("before"))
		if e, err := keys.Decode[keys.Element](key); e != c.want || err != nil {
			t.Errorf("AppendKey(%s) appends %x, which is %v, %v; want %v", c.hex, key, e, err, c.want)
		}
	}
	for _, c := range []struct {
		hex, path, reason string
		class             backend.Class
	}{
		{"cb 7ff8000000000000", "", "NaN can't be a key", backend.ErrInvalid},
		{"92 01 92 02 ca 7fc00000", "[1][1]", "NaN can't be a key", backend.ErrInvalid},
		{"91 a1ff", "[0]", "string is not valid UTF-8", backend.ErrInvalid},
		{"80", "", "an object can't be a key", backend.ErrInvalid},
		{"91 d4 01 00", "[0]", "undefined can't be a key", backend.ErrInvalid},
		{"c7 00 02", "", "a Map can't be a key", backend.ErrInvalid},
		{"c7 00 03", "", "a Set can't be a key", backend.ErrInvalid},
		{"d4 63 00", "", "an extension that has no type in JavaScript can't be a key", backend.ErrInvalid},
		{"91 d4 ff 00", "[0]", "a time is not 4, 8 or 12 bytes long", backend.ErrCorrupt},
		{"01 02", "", "bytes follow the value", backend.ErrCorrupt},
		{"92 01", "", "a count is greater than the bytes that are left", backend.ErrCorrupt},
		{strings.Repeat("91", 65) + "01", strings.Repeat("[0]", 64), "values lie more than 64 deep in one another", backend.ErrInvalid},
	} {
		dst, err := msgp.AppendKey([]byte("before"), unhex(t, c.hex))
		var e *msgp.Error
		if !errors.As(err, &e) || e.Class != c.class || e.Path != c.path || e.Reason != c.reason {
			t.Errorf("AppendKey(%s): error %v; want %v at %q: %s", c.hex, err, c.class, c.path, c.reason)
		}
		if string(dst) != "before" {
			t.Errorf("AppendKey(%s) returned %q, want it as it was", c.hex, dst)
		}
	}
}

func TestNumbersOfAllFormatsAreOneKey(t *testing.T) {
	want := keys.Must(keys.Float(5).AppendKey(nil))
	for _, s := range []string{"05", "cc 05", "cd 0005", "ce 00000005", "d0 05", "d1 0005", "d2 00000005", "ca 40a00000", "cb 4014000000000000"} {
		if got, err := msgp.AppendKey(nil, unhex(t, s)); !bytes.Equal(got, want) || err != nil {
			t.Errorf("AppendKey(%s) = %x, %v; want %x", s, got, err, want)
		}
	}
}

func TestWithin(t *testing.T) {
	inner := &msgp.Error{Class: backend.ErrInvalid, Path: "[3]", Reason: "NaN can't be a key"}
	if got, want := inner.Within("tags").Within("row").Error(), "invalid argument: row.tags[3]: NaN can't be a key"; got != want {
		t.Errorf("error is %q, want %q", got, want)
	}
}
