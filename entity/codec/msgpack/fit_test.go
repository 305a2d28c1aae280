package msgpack_test

import (
	"errors"
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity/codec/msgpack"
)

// decodeAs decodes the encoding of v as a V.
func decodeAs[V, W any](t testing.TB, v W) (V, error) {
	t.Helper()
	b, err := msgpack.Of[W]().Append(nil, &v)
	if err != nil {
		t.Fatal(err)
	}
	var got V
	err = msgpack.Of[V]().Decode(b, &got)
	return got, err
}

// wantFit reports it when n isn't decoded as an N exactly if it fits.
func wantFit[N int8 | int16 | int32 | uint8 | uint16 | uint32, W int64 | uint64](t *rapid.T, tt testing.TB, n W) {
	fits := W(N(n)) == n && (N(n) < 0) == (n < 0)
	got, err := decodeAs[N](tt, n)
	if fits && (err != nil || got != N(n)) {
		t.Errorf("%d as %T: %d, %v", n, got, got, err)
	}
	if !fits && !errors.Is(err, backend.ErrCorrupt) {
		t.Errorf("%d as %T: %d, %v, want an error of class %q", n, got, got, err, backend.ErrCorrupt)
	}
}

func TestIntegersMustFit(t *testing.T) {
	edges := []int64{0, 127, 128, -128, -129, 255, 256, 1 << 15, -1<<15 - 1, 1<<16 - 1, 1 << 16, 1 << 31, 1<<31 - 1, -1<<31 - 1, 1<<32 - 1, 1 << 32, math.MinInt64, math.MaxInt64}
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.OneOf(rapid.SampledFrom(edges), rapid.Int64()).Draw(rt, "n")
		wantFit[int8](rt, t, n)
		wantFit[int16](rt, t, n)
		wantFit[int32](rt, t, n)
		wantFit[uint8](rt, t, n)
		wantFit[uint16](rt, t, n)
		wantFit[uint32](rt, t, n)
		wantFit[int8](rt, t, uint64(n))
		wantFit[uint32](rt, t, uint64(n))
	})
}

// wide and narrow are two versions of a type, with an integer in every place.
type wide struct {
	Skipped []int
	List    []int64
	Map     map[int]map[string]int
	Array   [2]int
	Inner   *wide
	Tuple   struct {
		_msgpack struct{} `msgpack:",as_array"`
		A        string
		N        int
	}
	Old int `msgpack:"old"`
}

type narrow struct {
	List  []int8
	Map   map[int8]map[string]int8
	Array [2]int8
	Inner *narrow
	Tuple struct {
		_msgpack struct{} `msgpack:",as_array"`
		A        string
		N        int8
	}
	New int8 `msgpack:"new,alias:old"`
}

func TestIntegersMustFitWhereverTheyAre(t *testing.T) {
	fitting := func() wide {
		v := wide{Skipped: []int{1000}, List: []int64{1, -2}, Map: map[int]map[string]int{3: {"k": 4}}, Array: [2]int{5, 6}, Old: 9}
		v.Tuple.N = 7
		return v
	}
	want := narrow{List: []int8{1, -2}, Map: map[int8]map[string]int8{3: {"k": 4}}, Array: [2]int8{5, 6}, New: 9}
	want.Tuple.N = 7
	if got, err := decodeAs[narrow](t, fitting()); err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("Decode = %+v, %v, want %+v", got, err, want)
	}
	for name, change := range map[string]func(v *wide){
		"a list":             func(v *wide) { v.List[1] = 1000 },
		"a map's key":        func(v *wide) { v.Map[1000] = nil },
		"a map's value":      func(v *wide) { v.Map[3]["k"] = 1000 },
		"an array":           func(v *wide) { v.Array[1] = 1000 },
		"a struct in it":     func(v *wide) { v.Inner = &wide{List: []int64{1000}} },
		"a tuple":            func(v *wide) { v.Tuple.N = 1000 },
		"a field's old name": func(v *wide) { v.Old = 1000 },
	} {
		v := fitting()
		change(&v)
		if got, err := decodeAs[narrow](t, v); !errors.Is(err, backend.ErrCorrupt) {
			t.Errorf("1000 in %s: %+v, %v, want an error of class %q", name, got, err, backend.ErrCorrupt)
		}
	}
}

func FuzzDecodeNarrow(f *testing.F) {
	f.Add([]byte("\x81\xa4List\x92\x01\xcd\x03\xe8"))
	f.Add([]byte("\x81\xa5Tuple\x92\xa1x\xd0\x80"))
	f.Add([]byte("\x81\xa3Map\x81\x01\x81\xa1k\xd1\xff\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var n narrow
		if msgpack.Of[narrow]().Decode(b, &n) != nil {
			return
		}
		var w wide
		if err := msgpack.Of[wide]().Decode(b, &w); err == nil && len(n.List) == len(w.List) {
			for i := range n.List {
				if int64(n.List[i]) != w.List[i] {
					t.Errorf("%x: %d became %d", b, w.List[i], n.List[i])
				}
			}
		}
	})
}
