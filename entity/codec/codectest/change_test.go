package codectest_test

import (
	"testing"

	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/cbor"
	"github.com/larderdb/larder/entity/codec/msgpack"
)

// reread decodes the encoding of v by one codec with another.
func reread[V, W any](t *testing.T, from entity.Codec[V], to entity.Codec[W], v V) (W, error) {
	t.Helper()
	var got W
	b, err := from.Append(nil, &v)
	if err != nil {
		t.Fatal(err)
	}
	err = to.Decode(b, &got)
	return got, err
}

type embedded struct {
	base
	C int
}

type base struct{ A, B int }

type flat struct{ C, B, A int }

type oneM struct {
	_msgpack struct{} `msgpack:",as_array"`
	A        int
}

type twoM struct {
	_msgpack struct{} `msgpack:",as_array"`
	A, B     int
}

// The library knows these fields by their name.
var _, _ = oneM{}._msgpack, twoM{}._msgpack

// What docs/guides/codecs.md says of a type that changes.
func TestChangesOfType(t *testing.T) {
	t.Run("an integer becomes a float", func(t *testing.T) {
		for _, read := range []func() (float64, error){
			func() (float64, error) { return reread(t, msgpack.Of[int](), msgpack.Of[float64](), -70_000) },
			func() (float64, error) { return reread(t, cbor.Of[int](), cbor.Of[float64](), -70_000) },
		} {
			if got, err := read(); got != -70_000 || err != nil {
				t.Errorf("-70000 is %v, %v", got, err)
			}
		}
	})
	t.Run("a float becomes wider", func(t *testing.T) {
		for _, read := range []func() (float64, error){
			func() (float64, error) { return reread(t, msgpack.Of[float32](), msgpack.Of[float64](), 1.5) },
			func() (float64, error) { return reread(t, cbor.Of[float32](), cbor.Of[float64](), 1.5) },
		} {
			if got, err := read(); got != 1.5 || err != nil {
				t.Errorf("1.5 is %v, %v", got, err)
			}
		}
	})
	t.Run("a float becomes narrower", func(t *testing.T) {
		if got, err := reread(t, msgpack.Of[float64](), msgpack.Of[float32](), 0.1); err == nil {
			t.Errorf("msgpack: 0.1 is %v, want an error", got)
		}
		if got, err := reread(t, cbor.Of[float64](), cbor.Of[float32](), 0.1); got != 0.1 || err != nil {
			t.Errorf("cbor: 0.1 is %v, %v, want it rounded", got, err)
		}
	})
	t.Run("a float becomes an integer", func(t *testing.T) {
		if got, err := reread(t, msgpack.Of[float64](), msgpack.Of[int](), 1); err == nil {
			t.Errorf("msgpack: %v, want an error", got)
		}
		if got, err := reread(t, cbor.Of[float64](), cbor.Of[int](), 1); err == nil {
			t.Errorf("cbor: %v, want an error", got)
		}
	})
	t.Run("fields are embedded", func(t *testing.T) {
		in, want := embedded{base{1, 2}, 3}, flat{3, 2, 1}
		if got, err := reread(t, msgpack.Of[embedded](), msgpack.Of[flat](), in); got != want || err != nil {
			t.Errorf("msgpack: %+v, %v, want %+v", got, err, want)
		}
		if got, err := reread(t, cbor.Of[embedded](), cbor.Of[flat](), in); got != want || err != nil {
			t.Errorf("cbor: %+v, %v, want %+v", got, err, want)
		}
	})
	t.Run("fields by position come", func(t *testing.T) {
		if got, err := reread(t, msgpack.Of[oneM](), msgpack.Of[twoM](), oneM{A: 1}); err == nil {
			t.Errorf("msgpack: %+v, want an error", got)
		}
		type oneC struct {
			_ struct{} `cbor:",toarray"`
			A int
		}
		type twoC struct {
			_    struct{} `cbor:",toarray"`
			A, B int
		}
		if got, err := reread(t, cbor.Of[oneC](), cbor.Of[twoC](), oneC{A: 1}); err == nil {
			t.Errorf("cbor: %+v, want an error", got)
		}
	})
}
