package msgpack_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
)

type row struct {
	Name   string
	N      int64
	Big    uint64
	F      float64
	Blob   []byte
	When   time.Time
	Tags   []string
	Fields map[string]string
	Inner  *row
}

var _ entity.Codec[row] = msgpack.Of[row]()

func TestA13_RoundTrip(t *testing.T) {
	c := msgpack.Of[row]()
	want := row{
		Name: "Ada\x00é", N: math.MinInt64, Big: math.MaxUint64, F: math.Inf(-1), Blob: []byte{0, 0xFF},
		When: time.Date(2026, 11, 22, 12, 30, 0, 5, time.UTC), Tags: []string{"a", ""},
		Fields: map[string]string{"k": "v"}, Inner: &row{Name: "inner"},
	}
	b, err := c.Append([]byte("head"), &want)
	if err != nil || string(b[:4]) != "head" {
		t.Fatalf("Append = %q, %v, want head and the encoding", b, err)
	}
	var got row
	if err := c.Decode(b[4:], &got); err != nil {
		t.Fatalf("Decode: %v", err)
	}
	if !got.When.Equal(want.When) {
		t.Errorf("When = %v, want %v", got.When, want.When)
	}
	got.When, want.When = time.Time{}, time.Time{}
	got.Inner.When, want.Inner.When = time.Time{}, time.Time{}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	copy(b, strings.Repeat("x", len(b)))
	if got.Name != "Ada\x00é" || got.Blob[1] != 0xFF {
		t.Errorf("the value changed with the bytes that it was decoded from")
	}
}

func TestGolden(t *testing.T) {
	c := msgpack.Of[map[string]any]()
	v := map[string]any{"b": uint64(1), "a": []any{nil, true, "x"}, "c": -1.5}
	want := "\x83\xa1a\x93\xc0\xc3\xa1x\xa1b\x01\xa1c\xcb\xbf\xf8\x00\x00\x00\x00\x00\x00"
	for range 20 {
		if got, err := c.Append(nil, &v); string(got) != want || err != nil {
			t.Fatalf("Append = %x, %v, want %x", got, err, want)
		}
	}
}

func TestFieldsComeAndGo(t *testing.T) {
	type v1 struct{ A, Gone string }
	type v2 struct{ A, New string }
	b, err := msgpack.Of[v1]().Append(nil, &v1{"a", "g"})
	if err != nil {
		t.Fatal(err)
	}
	var got v2
	if err := msgpack.Of[v2]().Decode(b, &got); err != nil || got != (v2{"a", ""}) {
		t.Errorf("Decode = %+v, %v, want {a }", got, err)
	}
}

func TestRefusedValues(t *testing.T) {
	for name, err := range map[string]error{
		"a string that isn't UTF-8": appendError(string("\xff")),
		"a channel":                 appendError(make(chan int)),
		"a function":                appendError(func() {}),
		"deep values":               appendError(nested(100)),
	} {
		if err == nil {
			t.Errorf("%s was encoded", name)
		}
	}
}

func appendError[V any](v V) error {
	b, err := msgpack.Of[V]().Append([]byte("head"), &v)
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
	for _, b := range []string{"", "\xdf\xff\xff\xff\xff", "\xdd\x01\xff\xff\xff", "\xc6\xff\xff\xff\xff", "\xc1", "\x01\x02", "\xa1\xff", strings.Repeat("\x91", 100_000) + "\xc0"} {
		var v any
		err := msgpack.Of[any]().Decode([]byte(b), &v)
		if !errors.Is(err, backend.ErrCorrupt) && !errors.Is(err, backend.ErrInvalid) {
			t.Errorf("Decode(%.10x…) = %v, want an error of a class", b, err)
		}
	}
	var r row
	if err := msgpack.Of[row]().Decode([]byte("\x81\xa1N\xa1x"), &r); err == nil {
		t.Errorf("a string was decoded into an integer")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("\xdf\xff\xff\xff\xff"))
	f.Add([]byte("\x82\xa4Name\xa1x\xa4When\xd6\xff\x00\x00\x00\x00"))
	f.Add([]byte("\x81\xa5Inner\x81\xa5Inner\xc0"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var v any
		_ = msgpack.Of[any]().Decode(b, &v)
		var r row
		if msgpack.Of[row]().Decode(b, &r) != nil {
			return
		}
		if _, err := msgpack.Of[row]().Append(nil, &r); err != nil {
			t.Errorf("a decoded value can't be encoded: %v", err)
		}
	})
}

func ExampleOf() {
	type Todo struct{ Title string }
	codec := msgpack.Of[Todo]()
	b, err := codec.Append(nil, &Todo{Title: "write"})
	fmt.Printf("%q %v\n", b, err)
	// Output: "\x81\xa5Title\xa5write" <nil>
}
