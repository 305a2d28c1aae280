package keys_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/larderdb/larder/keys"
)

func TestB22_Fmt(t *testing.T) {
	noon := keys.TimeOf(time.Date(2026, 11, 22, 12, 0, 0, 5e8, time.UTC))
	list := must(keys.List(keys.Null(), must(keys.ElementOf(keys.Bool(true))), must(keys.List())))
	for _, c := range []struct {
		key  keys.Part
		want string
	}{
		{keys.T3[keys.String, keys.Int, keys.Float]{A: "a\"\x00é", B: -42, C: 3}, `("a\"\x00é", -42, 3.0)`},
		{keys.Uint(math.MaxUint64), "(18446744073709551615)"},
		{keys.T4[keys.Float, keys.Float, keys.Float, keys.Float]{A: 1e300, B: 1.5, C: keys.Float(math.Inf(1)), D: keys.Float(math.Inf(-1))},
			"(1e+300, 1.5, +Inf, -Inf)"},
		{keys.T2[keys.Bytes, keys.Bytes]{A: "todo_1", B: "\xff\x00"}, `(b"todo_1", 0xff00)`},
		{keys.T2[keys.Time, keys.UUID]{A: noon, B: keys.UUID{0: 1, 15: 0xff}}, "(2026-11-22T12:00:00.5Z, 01000000-0000-0000-0000-0000000000ff)"},
		{list, "([null, true, []])"},
		{keys.T2[keys.Desc[keys.Int], keys.Desc[keys.T2[keys.String, keys.Desc[keys.Bool]]]]{A: keys.Desc[keys.Int]{Value: 7},
			B: keys.Desc[keys.T2[keys.String, keys.Desc[keys.Bool]]]{Value: keys.T2[keys.String, keys.Desc[keys.Bool]]{A: "a"}}},
			`(desc(7), desc("a", desc(false)))`},
	} {
		if got := keys.Fmt(encode(t, c.key)); got != c.want {
			t.Errorf("Fmt = %s, want %s", got, c.want)
		}
	}
	for in, want := range map[string]string{
		"":              "()",
		"\xff":          "(…0xff)",
		"\x15\x07\x02a": "(7, …0x0261)",
		"\x40\xea":      "(…0x40ea)",
	} {
		if got := keys.Fmt([]byte(in)); got != want {
			t.Errorf("Fmt(%x) = %s, want %s", in, got, want)
		}
	}
}

func TestB22_EveryKeyPrints(t *testing.T) {
	for want, k := range map[string]interface{ String() string }{
		"-1":                   keys.Int(-1),
		"1":                    keys.Uint(1),
		"1.5":                  keys.Float(1.5),
		"text":                 keys.String("text"),
		"ff00":                 keys.Bytes("\xff\x00"),
		"false":                keys.Bool(false),
		"1970-01-01T00:00:00Z": keys.Time{},
		`("a", 1)`:             keys.T2[keys.String, keys.Int]{A: "a", B: 1},
		"(1, 2, 3)":            keys.T3[keys.Int, keys.Int, keys.Int]{A: 1, B: 2, C: 3},
		"(1, 2, 3, 4)":         keys.T4[keys.Int, keys.Int, keys.Int, keys.Int]{A: 1, B: 2, C: 3, D: 4},
		"(desc(1))":            keys.Desc[keys.Int]{Value: 1},
		"null":                 keys.Null(),
		"no element":           keys.Element{},
		"[1]":                  must(keys.List(must(keys.ElementOf(keys.Int(1))))),
		"00112233-4455-6677-8899-aabbccddeeff": keys.UUID{0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
			0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff},
	} {
		if got := k.String(); got != want {
			t.Errorf("%T prints as %s, want %s", k, got, want)
		}
	}
	if got := (keys.T2[keys.UserID, keys.Int]{}).String(); !strings.Contains(got, "the zero id can't be a key") {
		t.Errorf("a tuple that can't be a key prints as %s, want the reason in it", got)
	}
}

func TestTime(t *testing.T) {
	zone := time.FixedZone("", 3600)
	in := time.Date(1969, 12, 31, 23, 59, 59, 999_999_999, time.UTC)
	k := keys.TimeOf(in)
	if k != keys.TimeOf(in.In(zone)) {
		t.Error("the same instant in two zones is two keys")
	}
	if got := k.Time(); !got.Equal(in) || got.Location() != time.UTC {
		t.Errorf("Time() = %v, want %v", got, in)
	}
	if !(keys.TimeOf(time.Time{}).Compare(k) < 0 && k.Compare(keys.Time{}) < 0) {
		t.Error("year 1, 1969 and 1970 are not in order")
	}
	var back keys.Time
	if err := back.UnmarshalText(must(k.MarshalText())); err != nil || back != k {
		t.Errorf("read from text: %v, %v; want %v", back, err, k)
	}
	if err := back.UnmarshalText([]byte("1969-12-31T23:59:59.999999999+01:00")); err != nil || !back.Time().Equal(in.Add(-time.Hour)) {
		t.Errorf("read from text with a zone: %v, %v; want %v", back, err, in.Add(-time.Hour))
	}
	if err := back.UnmarshalText([]byte("yesterday")); err == nil {
		t.Error("yesterday is read as a time")
	}
	if _, err := keys.TimeOf(time.Unix(1<<50, 0)).MarshalText(); err == nil {
		t.Error("a year over 9999 has a text")
	}
}

func TestElementValue(t *testing.T) {
	pair := keys.T2[keys.Int, keys.Int]{A: 1, B: 2}
	e := must(keys.ElementOf(keys.Desc[keys.T2[keys.Int, keys.Int]]{Value: pair}))
	if v := e.Value(); v != e {
		t.Errorf("value of a descending tuple is %v, want the element itself", v)
	}
	for _, c := range []struct {
		key  keys.Part
		want any
	}{
		{keys.Int(math.MinInt64), keys.Int(math.MinInt64)},
		{keys.Uint(7), keys.Int(7)},
		{keys.Uint(1 << 63), keys.Uint(1 << 63)},
		{keys.Float(7), keys.Float(7)},
		{keys.String("a"), keys.String("a")},
		{keys.Bytes("a"), keys.Bytes("a")},
		{keys.Bool(true), keys.Bool(true)},
		{keys.UUID{1}, keys.UUID{1}},
		{keys.Time{}, keys.Time{}},
		{keys.Null(), nil},
		{keys.Desc[keys.Int]{Value: 7}, keys.Desc[keys.Element]{Value: must(keys.ElementOf(keys.Int(7)))}},
	} {
		if got := must(keys.ElementOf(c.key)).Value(); got != c.want {
			t.Errorf("value of %v is %T %v, want %T %v", c.key, got, got, c.want, c.want)
		}
	}
	if v := (keys.Element{}).Value(); v != nil {
		t.Errorf("value of the zero Element is %v, want nil", v)
	}
}
