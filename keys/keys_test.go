package keys_test

import (
	"bytes"
	"cmp"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/keys"
	"pgregory.net/rapid"
)

func must[T any](v T, err error) T { return keys.Must(v, err) }

func encode(t rapid.TB, k keys.Part) []byte {
	t.Helper()
	b, err := k.AppendKey(nil)
	if err != nil {
		t.Fatalf("encoding %v: %v", k, err)
	}
	return b
}

// Generators. Text and bytes come from few letters, those with a meaning in
// the format among them, so that keys are often alike.
var (
	genText  = rapid.StringOfN(rapid.SampledFrom([]rune{0, 1, 'a', 'b', 0x7f, 'é', 0xff, 0xffff, 0x10ffff}), 0, 5, -1)
	genBytes = rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 2, 'a', 0xfe, 0xff}), 0, 5),
		func(b []byte) string { return string(b) })
	genInt = rapid.OneOf(rapid.Int64(), rapid.Int64Range(-300, 300),
		rapid.SampledFrom([]int64{math.MinInt64, math.MinInt64 + 1, math.MaxInt64, 1 << 53, -1 << 53, -1 << 32, 1<<32 - 1}))
	genUint  = rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 300), rapid.SampledFrom([]uint64{math.MaxUint64, 1 << 63}))
	genFloat = rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1),
		math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, math.MaxFloat64}))

	Ints    = rapid.Map(genInt, func(v int64) keys.Int { return keys.Int(v) })
	Uints   = rapid.Map(genUint, func(v uint64) keys.Uint { return keys.Uint(v) })
	Floats  = rapid.Map(genFloat, func(v float64) keys.Float { return keys.Float(v) })
	Strings = rapid.Map(genText, func(v string) keys.String { return keys.String(v) })
	ByteKs  = rapid.Map(genBytes, func(v string) keys.Bytes { return keys.Bytes(v) })
	Bools   = rapid.Map(rapid.Bool(), func(v bool) keys.Bool { return keys.Bool(v) })
	UUIDs   = rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 0xff}), 16, 16), func(v []byte) keys.UUID { return keys.UUID(v) })
	Times   = rapid.Custom(func(t *rapid.T) keys.Time {
		return keys.TimeOf(time.Unix(genInt.Draw(t, "sec"), rapid.Int64Range(0, 999_999_999).Draw(t, "nsec")))
	})
	Elements = elements(3)
)

func elements(depth int) *rapid.Generator[keys.Element] {
	of := func(k keys.Part) keys.Element { return must(keys.ElementOf(k)) }
	gens := []*rapid.Generator[keys.Element]{
		rapid.Just(keys.Null()),
		rapid.Map(Ints, func(k keys.Int) keys.Element { return of(k) }),
		rapid.Map(Uints, func(k keys.Uint) keys.Element { return of(k) }),
		rapid.Map(Floats, func(k keys.Float) keys.Element { return of(k) }),
		rapid.Map(Strings, func(k keys.String) keys.Element { return of(k) }),
		rapid.Map(ByteKs, func(k keys.Bytes) keys.Element { return of(k) }),
		rapid.Map(Bools, func(k keys.Bool) keys.Element { return of(k) }),
		rapid.Map(UUIDs, func(k keys.UUID) keys.Element { return of(k) }),
		rapid.Map(Times, func(k keys.Time) keys.Element { return of(k) }),
	}
	if depth > 0 {
		inner := elements(depth - 1)
		gens = append(gens,
			rapid.Map(rapid.SliceOfN(inner, 0, 3), func(es []keys.Element) keys.Element { return must(keys.List(es...)) }),
			rapid.Map(inner, func(e keys.Element) keys.Element { return of(keys.Desc[keys.Element]{Value: e}) }))
	}
	return rapid.OneOf(gens...)
}

func compareUUID(a, b keys.UUID) int { return bytes.Compare(a[:], b[:]) }

func compareBool(a, b keys.Bool) int {
	switch {
	case a == b:
		return 0
	case bool(b):
		return -1
	}
	return 1
}

func descending[K keys.Key[K]](g *rapid.Generator[K]) *rapid.Generator[keys.Desc[K]] {
	return rapid.Map(g, func(k K) keys.Desc[K] { return keys.Desc[K]{Value: k} })
}

func reversed[K keys.Key[K]](compare func(a, b K) int) func(a, b keys.Desc[K]) int {
	return func(a, b keys.Desc[K]) int { return compare(b.Value, a.Value) }
}

// rank is the place of an element's kind in the order of kinds.
func rank(v any) int {
	switch v.(type) {
	case nil:
		return 0
	case keys.Bytes:
		return 1
	case keys.String:
		return 2
	case []keys.Element:
		return 3
	case keys.Int, keys.Uint:
		return 4
	case keys.Float:
		return 5
	case keys.Bool:
		return 6
	case keys.UUID:
		return 7
	case keys.Desc[keys.Element]:
		return 8
	case keys.Time:
		return 9
	}
	panic("no such kind")
}

func compareElement(a, b keys.Element) int {
	x, y := a.Value(), b.Value()
	if c := cmp.Compare(rank(x), rank(y)); c != 0 {
		return c
	}
	switch x := x.(type) {
	case keys.Bytes:
		return cmp.Compare(x, y.(keys.Bytes))
	case keys.String:
		return cmp.Compare(x, y.(keys.String))
	case []keys.Element:
		y := y.([]keys.Element)
		for i := range min(len(x), len(y)) {
			if c := compareElement(x[i], y[i]); c != 0 {
				return c
			}
		}
		return cmp.Compare(len(x), len(y))
	case keys.Int:
		if y, ok := y.(keys.Int); ok {
			return cmp.Compare(x, y)
		}
		return -1
	case keys.Uint:
		if y, ok := y.(keys.Uint); ok {
			return cmp.Compare(x, y)
		}
		return 1
	case keys.Float:
		return cmp.Compare(x, y.(keys.Float))
	case keys.Bool:
		return compareBool(x, y.(keys.Bool))
	case keys.UUID:
		return compareUUID(x, y.(keys.UUID))
	case keys.Desc[keys.Element]:
		return compareElement(y.(keys.Desc[keys.Element]).Value, x.Value)
	case keys.Time:
		return x.Compare(y.(keys.Time))
	}
	return 0
}

// checkKey checks, for keys of one type, every property that the package
// promises.
func checkKey[K keys.Key[K]](t *testing.T, name string, gen *rapid.Generator[K], compare func(a, b K) int) {
	t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
		a, b := gen.Draw(t, "a"), gen.Draw(t, "b")
		x, y := encode(t, a), encode(t, b)

		if got, want := bytes.Compare(x, y), compare(a, b); got != want {
			t.Fatalf("order of %x and %x is %d, want %d as of %v and %v", x, y, got, want, a, b)
		}
		if bytes.Equal(x, y) != (a == b) {
			t.Fatalf("%v and %v are encoded as %x and %x", a, b, x, y)
		}
		// Other elements follow in an index: still in order, still apart.
		rest := encode(t, Elements.Draw(t, "rest"))
		if a != b && bytes.Compare(append(x[:len(x):len(x)], rest...), y) != compare(a, b) {
			t.Fatalf("%v with %x after it doesn't sort as without, against %v", a, rest, b)
		}
		if tail, ok := bytes.CutPrefix(y, x); ok && len(tail) > 0 && tail[0] != 0xff {
			t.Fatalf("%x begins with %x and goes on with %x", y, x, tail)
		}

		back, left, err := a.DecodeKey(append(x[:len(x):len(x)], rest...))
		if err != nil || back != a || !bytes.Equal(left, rest) {
			t.Fatalf("decoding %x gives %v, rest %x, error %v; want %v, rest %x", x, back, left, err, a, rest)
		}
		if back, err := keys.Decode[K](x); err != nil || back != a {
			t.Fatalf("Decode(%x) = %v, %v; want %v", x, back, err, a)
		}
		if _, err := keys.Decode[K](append(x[:len(x):len(x)], rest...)); !errors.Is(err, backend.ErrCorrupt) {
			t.Fatalf("Decode with %x after the key: error %v, want ErrCorrupt", rest, err)
		}
		// AppendKey appends.
		if z, err := a.AppendKey([]byte("before")); err != nil || string(z) != "before"+string(x) {
			t.Fatalf("AppendKey to %q = %q, %v", "before", z, err)
		}
	}))
}

func TestD4_OrderOfBytesIsOrderOfValues(t *testing.T) {
	checkKey(t, "Int", Ints, cmp.Compare[keys.Int])
	checkKey(t, "Uint", Uints, cmp.Compare[keys.Uint])
	checkKey(t, "Float", Floats, cmp.Compare[keys.Float])
	checkKey(t, "String", Strings, cmp.Compare[keys.String])
	checkKey(t, "Bytes", ByteKs, cmp.Compare[keys.Bytes])
	checkKey(t, "Bool", Bools, compareBool)
	checkKey(t, "UUID", UUIDs, compareUUID)
	checkKey(t, "Time", Times, keys.Time.Compare)
	checkKey(t, "Element", Elements, compareElement)

	checkKey(t, "Desc of Int", descending(Ints), reversed(cmp.Compare[keys.Int]))
	checkKey(t, "Desc of Uint", descending(Uints), reversed(cmp.Compare[keys.Uint]))
	checkKey(t, "Desc of Bool", descending(Bools), reversed(compareBool))
	checkKey(t, "Desc of UUID", descending(UUIDs), reversed(compareUUID))
	checkKey(t, "Desc of Float", descending(Floats), reversed(cmp.Compare[keys.Float]))
	checkKey(t, "Desc of String", descending(Strings), reversed(cmp.Compare[keys.String]))
	checkKey(t, "Desc of Bytes", descending(ByteKs), reversed(cmp.Compare[keys.Bytes]))
	checkKey(t, "Desc of Time", descending(Times), reversed(keys.Time.Compare))
	checkKey(t, "Desc of Element", descending(Elements), reversed(compareElement))
	checkKey(t, "Desc of Desc of String", descending(descending(Strings)), reversed(reversed(cmp.Compare[keys.String])))
}

// checkAscending checks that each key sorts before the next, alone and with
// another element after it, and after it when both descend.
func checkAscending[K keys.Key[K]](t *testing.T, name string, ks ...K) {
	t.Run(name, func(t *testing.T) {
		for i, b := range ks[1:] {
			a := ks[i]
			x, y := encode(t, a), encode(t, b)
			if bytes.Compare(x, y) >= 0 {
				t.Errorf("%v is %x, which doesn't sort before %v: %x", a, x, b, y)
			}
			least, greatest := encode(t, keys.Null()), encode(t, keys.Time{})
			if bytes.Compare(append(x, greatest...), append(y, least...)) >= 0 {
				t.Errorf("%v with another element after it doesn't sort before %v", a, b)
			}
			if bytes.Compare(encode(t, keys.Desc[K]{Value: a}), encode(t, keys.Desc[K]{Value: b})) <= 0 {
				t.Errorf("descending, %v doesn't sort after %v", a, b)
			}
		}
	})
}

// The values at the edges of each kind, in order.
func TestD4_EdgesAreInOrder(t *testing.T) {
	checkAscending[keys.Int](t, "Int", math.MinInt64, math.MinInt64+1, -1<<56-1, -1<<56, -1<<56+1, -65536, -65535, -257, -256, -255, -1,
		0, 1, 255, 256, 65535, 65536, 1<<56-1, 1<<56, math.MaxInt64-1, math.MaxInt64)
	checkAscending[keys.Uint](t, "Uint", 0, 255, 256, math.MaxInt64, math.MaxInt64+1, math.MaxUint64-1, math.MaxUint64)
	normal := keys.Float(math.Float64frombits(1 << 52)) // the least that isn't subnormal
	tiny := keys.Float(math.SmallestNonzeroFloat64)
	checkAscending(t, "Float", keys.Float(math.Inf(-1)), -math.MaxFloat64, -1.5, -1, -normal, -normal+tiny, -2*tiny, -tiny,
		0, tiny, 2*tiny, normal-tiny, normal, 1, 1.5, math.MaxFloat64, keys.Float(math.Inf(1)))
	checkAscending[keys.String](t, "String", "", "\x00", "\x00\x00", "\x00\x01", "\x01", "a", "a\x00", "a\x00\x00", "a\x01", "aa", "\u007f", "\u0080", "ÿ", "\uffff", "\U00010000", "\U0010ffff")
	checkAscending[keys.Bytes](t, "Bytes", "", "\x00", "\x00\x00", "\x00\xfe", "\x00\xff", "\x00\xff\x00", "\x01", "\xfe", "\xfe\xff", "\xff", "\xff\x00", "\xff\x00\xff", "\xff\xff")
	checkAscending(t, "Time", keys.TimeOf(time.Unix(math.MinInt64, 0)), keys.TimeOf(time.Unix(-1, 0)), keys.TimeOf(time.Unix(-1, 999_999_999)),
		keys.Time{}, keys.TimeOf(time.Unix(0, 1)), keys.TimeOf(time.Unix(1, 0)), keys.TimeOf(time.Unix(math.MaxInt64, 999_999_999)))

	list := func(es ...keys.Element) keys.Element { return must(keys.List(es...)) }
	text := func(s string) keys.Element { return must(keys.ElementOf(keys.String(s))) }
	one := must(keys.ElementOf(keys.Int(1)))
	checkAscending(t, "List", list(), list(keys.Null()), list(keys.Null(), keys.Null()), list(keys.Null(), one), list(text("")), list(text(""), keys.Null()),
		list(text(""), text("")), list(text("\x00")), list(text("a")), list(text("a"), keys.Null()), list(text("a"), one), list(text("a\x00")),
		list(list()), list(list(), keys.Null()), list(list(), one), list(list(keys.Null())), list(list(list())), list(list(one)), list(one), list(one, list()))

	if a, b := encode(t, keys.Float(math.Copysign(0, -1))), encode(t, keys.Float(0)); !bytes.Equal(a, b) {
		t.Errorf("-0 is %x, want it as 0: %x", a, b)
	}
}

func TestD1_EveryComponentCounts(t *testing.T) {
	type pair = keys.T2[keys.String, keys.Bytes]
	pairs := rapid.Custom(func(t *rapid.T) pair { return pair{A: Strings.Draw(t, "A"), B: ByteKs.Draw(t, "B")} })
	comparePair := func(a, b pair) int { return cmp.Or(cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B)) }
	checkKey(t, "T2", pairs, comparePair)
	checkKey(t, "Desc of T2", descending(pairs), reversed(comparePair))

	type mixed = keys.T2[keys.Desc[keys.String], keys.Element]
	checkKey(t, "T2 of Desc and Element", rapid.Custom(func(t *rapid.T) mixed {
		return mixed{A: descending(Strings).Draw(t, "A"), B: Elements.Draw(t, "B")}
	}), func(a, b mixed) int { return cmp.Or(cmp.Compare(b.A.Value, a.A.Value), compareElement(a.B, b.B)) })

	type three = keys.T3[keys.Bytes, keys.Desc[keys.Int], keys.String]
	checkKey(t, "T3", rapid.Custom(func(t *rapid.T) three {
		return three{A: ByteKs.Draw(t, "A"), B: descending(Ints).Draw(t, "B"), C: Strings.Draw(t, "C")}
	}), func(a, b three) int {
		return cmp.Or(cmp.Compare(a.A, b.A), cmp.Compare(b.B.Value, a.B.Value), cmp.Compare(a.C, b.C))
	})

	type four = keys.T4[keys.Bool, keys.String, keys.Uint, keys.Time]
	checkKey(t, "T4", rapid.Custom(func(t *rapid.T) four {
		return four{A: Bools.Draw(t, "A"), B: Strings.Draw(t, "B"), C: Uints.Draw(t, "C"), D: Times.Draw(t, "D")}
	}), func(a, b four) int {
		return cmp.Or(compareBool(a.A, b.A), cmp.Compare(a.B, b.B), cmp.Compare(a.C, b.C), a.D.Compare(b.D))
	})
}

func TestRefused(t *testing.T) {
	deep := keys.Null()
	for range keys.MaxDepth {
		deep = must(keys.List(deep))
	}
	for _, c := range []struct {
		name string
		key  keys.Part
		want string
	}{
		{"NaN", keys.Float(math.NaN()), "encode key: invalid argument: NaN can't be a key"},
		{"invalid UTF-8", keys.String("a\xff"), "encode key: invalid argument: string is not valid UTF-8"},
		{"a lone surrogate", keys.String("\xed\xa0\x80"), "encode key: invalid argument: string is not valid UTF-8"},
		{"the zero Element", keys.Element{}, "encode key: invalid argument: the zero Element can't be a key"},
		{"the zero id", keys.UserID{}, "encode key: invalid argument: the zero id can't be a key"},
		{"NaN in a tuple", keys.T3[keys.Int, keys.Float, keys.Int]{B: keys.Float(math.NaN())}, "encode key: invalid argument: NaN can't be a key"},
		{"NaN in a descending key", keys.Desc[keys.Float]{Value: keys.Float(math.NaN())}, "encode key: invalid argument: NaN can't be a key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := c.key.AppendKey([]byte("before"))
			if !errors.Is(err, backend.ErrInvalid) || err.Error() != c.want {
				t.Errorf("AppendKey: error %v, want %v", err, c.want)
			}
			if string(b) != "before" {
				t.Errorf("AppendKey returned %q, want it as it was", b)
			}
		})
	}
	if _, err := keys.List(deep); !errors.Is(err, backend.ErrInvalid) {
		t.Errorf("a list 65 deep: error %v, want ErrInvalid", err)
	}
	b, err := keys.AppendList([]byte("before"), 1, func(dst []byte, _ int) ([]byte, error) { return deep.AppendKey(dst) })
	if !errors.Is(err, backend.ErrInvalid) || string(b) != "before" {
		t.Errorf("AppendList 65 deep: %q, %v; want dst as it was and ErrInvalid", b, err)
	}
	if _, err := keys.List(keys.Element{}); !errors.Is(err, backend.ErrInvalid) {
		t.Errorf("a list of the zero Element: error %v, want ErrInvalid", err)
	}
	if _, err := keys.ElementOf(keys.T2[keys.Int, keys.Int]{}); !errors.Is(err, backend.ErrInvalid) {
		t.Errorf("ElementOf(a tuple): error %v, want ErrInvalid", err)
	}
}

// Bytes that no key is encoded as, with what the error says of them.
func TestDecodeCorrupt(t *testing.T) {
	for _, c := range []struct{ name, hex, want string }{
		{"nothing", "", "want null, found the end"},
		{"a string without an end", "0261", "without an end"},
		{"a string whose zero is escaped and then ends", "026100ff", "without an end"},
		{"a string that is not UTF-8", "02ff00", "not valid UTF-8"},
		{"an escaped string that is not UTF-8", "0200ffff00", "not valid UTF-8"},
		{"an integer cut short", "1601", "cut short"},
		{"an integer with a zero before it", "160001", "longer than it must be"},
		{"a negative integer with a zero before it", "12fffe", "longer than it must be"},
		{"an integer under the least", "0c7ffffffffffffffe", "less than the least"},
		{"an integer of 9 bytes", "1d09000000000000000001", "an integer of more than 64 bits"},
		{"a negative integer of 9 bytes", "0bf6feffffffffffffffff", "an integer of more than 64 bits"},
		{"a float of 32 bits", "2080000000", "a float of 32 bits"},
		{"a float cut short", "2180", "cut short"},
		{"NaN", "21fff8000000000000", "NaN"},
		{"a negative NaN", "210007ffffffffffff", "NaN"},
		{"-0", "217fffffffffffffff", "−0"},
		{"a UUID cut short", "3000", "cut short"},
		{"a time of too many nanoseconds", "4114183b9aca00", "nanoseconds"},
		{"a time of negative nanoseconds", "411413fe", "nanoseconds"},
		{"a time cut short", "4114", "found the end"},
		{"a list without an end", "0514", "without an end"},
		{"a descending element without an end", "40ea00", "without an end"},
		{"a list 65 deep", strings.Repeat("05", 65) + strings.Repeat("00", 65), "64 deep"},
		{"a versionstamp", "33" + strings.Repeat("00", 12), "unknown type code"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := keys.Decode[keys.Element]([]byte(unhex(t, c.hex)))
			if !errors.Is(err, backend.ErrCorrupt) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("decoding %s: error %v, want ErrCorrupt with %q", c.hex, err, c.want)
			}
		})
	}
	b := encode(t, keys.Uint(math.MaxUint64))
	if _, err := keys.Decode[keys.Int](b); !errors.Is(err, backend.ErrCorrupt) {
		t.Errorf("Decode[Int] of 1<<64-1: error %v, want ErrCorrupt", err)
	}
	if _, err := keys.Decode[keys.Uint](encode(t, keys.Int(-1))); !errors.Is(err, backend.ErrCorrupt) {
		t.Errorf("Decode[Uint] of -1: error %v, want ErrCorrupt", err)
	}
}
