package msgpack_test

import (
	"reflect"
	"testing"

	"github.com/larderdb/larder/entity/codec/msgpack"
)

// TestMapsInAny has maps whose keys aren't text where a type leaves open what
// comes: Append took them, and Decode refused what it had written.
func TestMapsInAny(t *testing.T) {
	type M = map[string]any
	for name, v := range map[string]M{
		"text keys":    {"m": map[string]any{"a": "b"}},
		"numbers":      {"m": map[any]any{true: "yes", "two": int8(2)}},
		"a struct key": {"m": map[any]any{int8(1): []any{map[any]any{int8(2): nil}}}},
		"no keys":      {"m": map[string]any{}},
	} {
		t.Run(name, func(t *testing.T) {
			c := msgpack.Of[M]()
			b, err := c.Append(nil, &v)
			if err != nil {
				t.Fatal(err)
			}
			var got M
			if err := c.Decode(b, &got); err != nil || !reflect.DeepEqual(got, v) {
				t.Errorf("Decode = %#v, %v, want %#v", got, err, v)
			}
		})
	}
	t.Run("a key that Go can't have is refused", func(t *testing.T) {
		var got M
		if err := msgpack.Of[M]().Decode([]byte("\x81\xa1m\x81\x91\x01\xa1x"), &got); err == nil {
			t.Errorf("Decode = %v, want an error for a list as a key", got)
		}
	})
}

// TestMapsAreSorted encodes equal values often enough that Go's random order of
// maps would show.
func TestMapsAreSorted(t *testing.T) {
	type inner struct{ Z, A map[int]string }
	type value struct {
		Numbers map[int]string
		Names   map[string]int
		Any     any
		List    []map[bool]inner
	}
	v := value{
		Numbers: map[int]string{3: "c", 1: "a", 2: "b", 300: "d", -1: "e"},
		Names:   map[string]int{"x": 1, "y": 2, "z": 3, "longer": 4},
		Any:     map[any]any{"k": map[any]any{true: "t", false: "f", "s": "s"}, true: "u"},
		List:    []map[bool]inner{{true: {Z: map[int]string{2: "b", 1: "a"}}, false: {}}},
	}
	c := msgpack.Of[value]()
	prefix := []byte("prefix")
	first, err := c.Append(prefix, &v)
	if err != nil {
		t.Fatal(err)
	}
	for range 200 {
		b, err := c.Append([]byte("prefix"), &v)
		if err != nil || string(b) != string(first) {
			t.Fatalf("Append = %x, %v, want %x as before", b, err, first)
		}
	}
	var got value
	if err := c.Decode(first[len(prefix):], &got); err != nil || !reflect.DeepEqual(got, v) {
		t.Errorf("Decode = %+v, %v, want %+v", got, err, v)
	}
}
