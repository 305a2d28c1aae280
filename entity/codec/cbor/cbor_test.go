package cbor_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/cbor"
	"github.com/larderdb/larder/entity/codec/codectest"
)

type row struct {
	Name   string
	N      int64
	Big    uint64
	F      float64
	Blob   []byte
	When   time.Time
	Tags   []string
	Fields map[string]int
	Price  *big.Rat
	Inner  *row
}

var _ entity.Codec[row] = cbor.Of[row]()

func TestA13_PromisesAreKept(t *testing.T) {
	codectest.Run(t, cbor.Of[row](), row{}, row{
		Name: "Ada\x00é", N: math.MinInt64, Big: math.MaxUint64, F: math.Inf(-1), Blob: []byte{0, 0xFF},
		When: time.Date(2026, 11, 22, 12, 30, 0, 5, time.UTC), Tags: []string{"a", ""},
		Fields: map[string]int{"k": 1, "a": 2, "long": 3, "": 4}, Price: big.NewRat(1, 3), Inner: &row{Name: "inner"},
	})
}

// The examples of RFC 8949's appendix A and section 4.2.1.
func TestGolden(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
	}{
		{map[any]any{"aa": 1, 10: 2, 100: 3, -1: 4, "z": 5, false: 6}, "\xa6\x0a\x02\x18\x64\x03\x20\x04\x61z\x05\x62aa\x01\xf4\x06"},
		{1.5, "\xf9\x3e\x00"},
		{100000.0, "\xfa\x47\xc3\x50\x00"},
		{1.1, "\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a"},
		{math.NaN(), "\xf9\x7e\x00"},
		{uint64(math.MaxUint64), "\x1b\xff\xff\xff\xff\xff\xff\xff\xff"},
		{-1000, "\x39\x03\xe7"},
		{time.Date(2013, 3, 21, 20, 4, 0, 0, time.UTC), "\xc0\x74" + "2013-03-21T20:04:00Z"},
		{time.Time{}, "\xf6"},
		{[]byte{1, 2}, "\x42\x01\x02"},
	} {
		for range 20 {
			if got, err := cbor.Of[any]().Append(nil, &c.value); string(got) != c.want || err != nil {
				t.Fatalf("Append(%v) = %x, %v, want %x", c.value, got, err, c.want)
			}
		}
	}
}

func TestTimesAreInstants(t *testing.T) {
	type when struct{ T time.Time }
	for _, want := range []time.Time{
		{},
		time.Unix(0, 0),
		time.Unix(1, 123_456_789),
		time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC),
		time.Date(2026, 3, 29, 2, 30, 0, 999_999_999, time.FixedZone("CET", 3600)),
		time.Date(9999, 12, 31, 18, 59, 59, 1, time.FixedZone("", -5*3600)),
		time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		b, err := cbor.Of[when]().Append(nil, &when{want})
		if err != nil {
			t.Errorf("Append(%v): %v", want, err)
			continue
		}
		var got when
		if err := cbor.Of[when]().Decode(b, &got); err != nil || !got.T.Equal(want) || got.T.Location() != time.UTC {
			t.Errorf("%v comes back as %v, %v, want that instant in UTC", want, got.T, err)
		}
	}
	for _, year := range []int{-1, 10_000} {
		if err := appendError(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)); err == nil {
			t.Errorf("a time of the year %d was encoded", year)
		}
	}
}

func TestInterfaces(t *testing.T) {
	want := []any{
		nil, true, int64(1), int64(math.MinInt64), *new(big.Int).SetUint64(math.MaxUint64), 1.5, "x", []byte{1},
		map[string]any{"k": []any{int64(2)}}, time.Date(2026, 11, 22, 12, 30, 0, 5, time.UTC),
	}
	codectest.Run(t, cbor.Of[[]any](), want)
}

func TestFieldsComeAndGo(t *testing.T) {
	type v1 struct {
		A, Gone string
		N       int64
	}
	type v2 struct {
		A, New string
		N      int8
		GONE   string
	}
	b, err := cbor.Of[v1]().Append(nil, &v1{"a", "g", -128})
	if err != nil {
		t.Fatal(err)
	}
	var got v2
	if err := cbor.Of[v2]().Decode(b, &got); err != nil || got != (v2{A: "a", N: -128}) {
		t.Errorf("Decode = %+v, %v, want a and -128", got, err)
	}
	if b, err = cbor.Of[v1]().Append(nil, &v1{N: 128}); err != nil {
		t.Fatal(err)
	}
	if err := cbor.Of[v2]().Decode(b, &got); err == nil {
		t.Errorf("128 was decoded into eight bits")
	}
}

func TestRefusedValues(t *testing.T) {
	for name, err := range map[string]error{
		"a string that isn't UTF-8": appendError(string("\xff")),
		"a key that isn't UTF-8":    appendError(map[string]int{"\xff": 1}),
		"a channel":                 appendError(make(chan int)),
		"a function":                appendError(func() {}),
		"deep values":               appendError(nested(65)),
	} {
		if err == nil {
			t.Errorf("%s was encoded", name)
		}
	}
	deep := nested(64)
	b, err := cbor.Of[any]().Append(nil, &deep)
	if err == nil {
		err = cbor.Of[any]().Decode(b, new(any))
	}
	if err != nil {
		t.Errorf("values 64 deep: %v", err)
	}
}

func appendError[V any](v V) error {
	b, err := cbor.Of[V]().Append([]byte("head"), &v)
	if err != nil && string(b) != "head" {
		return nil // dst is not as it was
	}
	return err
}

func nested(n int) any {
	var v any = 1
	for range n {
		v = []any{v}
	}
	return v
}

func TestHostileBytes(t *testing.T) {
	for _, b := range []string{
		"", "\x9a\xff\xff\xff\xff", "\xba\xff\xff\xff\xff", "\x5a\xff\xff\xff\xff", "\x7a\xff\xff\xff\xff",
		"\x9b\xff\xff\xff\xff\xff\xff\xff\xff", "\xbb\x80\x00\x00\x00\x00\x00\x00\x01\x00", "\x5b\x7f\xff\xff\xff\xff\xff\xff\xff", "\x9a\x00\x01",
		"\x01\x02", "\x61\xff", "\x1c", "\x1f", "\xff", "\x5f\x41\x00\xff", "\x9f\xff", "\xbf\xff", "\xc0", "\xa1\x01",
		strings.Repeat("\x81", 100_000) + "\xf6", strings.Repeat("\xc6", 100_000) + "\xf6",
	} {
		var v any
		err := cbor.Of[any]().Decode([]byte(b), &v)
		if !errors.Is(err, backend.ErrCorrupt) && !errors.Is(err, backend.ErrInvalid) {
			t.Errorf("Decode(%.10x…) = %v, want an error of a class", b, err)
		}
	}
	var r row
	for name, b := range map[string]string{
		"a string as an integer":        "\xa1\x61N\x61x",
		"a field twice":                 "\xa2\x61N\x01\x61N\x01",
		"an unknown field twice":        "\xa2\x61x\x01\x61x\x01",
		"invalid UTF-8 that is unknown": "\xa1\x61x\x61\xff",
		"an integer that is too large":  "\xa1\x61N\x1b\xff\xff\xff\xff\xff\xff\xff\xff",
		"a negative number as unsigned": "\xa1\x63Big\x20",
		"a time that is none":           "\xa1\x64When\xc0\x61x",
		"a simple value that is none":   "\xf8\x01",
	} {
		if err := cbor.Of[row]().Decode([]byte(b), &r); err == nil {
			t.Errorf("%s was decoded", name)
		}
	}
	var m map[string]int
	if err := cbor.Of[map[string]int]().Decode([]byte("\xa2\x61x\x01\x61x\x02"), &m); err == nil {
		t.Errorf("a map with a key twice was decoded")
	}
}

// Five bytes say that four billion values follow.
func TestAllocationIsBoundedByTheBytes(t *testing.T) {
	bombs := []string{"\x9a\xff\xff\xff\xff", "\xba\xff\xff\xff\xff", "\x5a\xff\xff\xff\xff", "\x81\x9a\x7f\xff\xff\xff", "\xa1\x64Tags\x9a\x00\xff\xff\xff"}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, b := range bombs {
		var list []row
		var r row
		var v any
		for _, err := range []error{cbor.Of[[]row]().Decode([]byte(b), &list), cbor.Of[row]().Decode([]byte(b), &r), cbor.Of[any]().Decode([]byte(b), &v)} {
			if err == nil {
				t.Errorf("Decode(%x) gives no error", b)
			}
		}
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("%d bytes were allocated for %d times at most 10", n, 3*len(bombs))
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("\xba\xff\xff\xff\xff"))
	f.Add([]byte("\xa2\x64Name\x61x\x64When\xc0\x74" + "2013-03-21T20:04:00Z"))
	f.Add([]byte("\xa1\x65Inner\xa1\x65Inner\xf6"))
	f.Add([]byte("\xa1\x64When\xc1\xfb\x41\xd4\x52\xd9\xe2\x00\x00\x00"))
	f.Add([]byte("\xa1\x65Price\x43" + "1/3"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var v any
		_ = cbor.Of[any]().Decode(b, &v)
		var r row
		if cbor.Of[row]().Decode(b, &r) != nil {
			return
		}
		if y := r.When.UTC().Year(); y < 0 || y > 9999 {
			return // such are not written
		}
		once, err := cbor.Of[row]().Append(nil, &r)
		if err != nil {
			t.Fatalf("a decoded value can't be encoded: %v", err)
		}
		var again row
		if err := cbor.Of[row]().Decode(once, &again); err != nil {
			t.Fatalf("Decode(%x): %v", once, err)
		}
		if twice, err := cbor.Of[row]().Append(nil, &again); err != nil || string(twice) != string(once) {
			t.Errorf("the encoding of %x is %x, %v", once, twice, err)
		}
	})
}

func ExampleOf() {
	type Todo struct{ Title string }
	codec := cbor.Of[Todo]()
	b, err := codec.Append(nil, &Todo{Title: "write"})
	fmt.Printf("%q %v\n", b, err)
	// Output: "\xa1eTitleewrite" <nil>
}
