package codectest_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/codectest"
	"github.com/larderdb/larder/entity/codec/msgpack"
)

// A faulty codec is a sound one with one of its methods replaced.
type faulty[V any] struct {
	entity.Codec[V]
	name   string
	append func(dst []byte, v *V) ([]byte, error)
	decode func(src []byte, v *V) error
}

func (f faulty[V]) Name() string { return f.name }

func (f faulty[V]) Append(dst []byte, v *V) ([]byte, error) {
	if f.append == nil {
		return f.Codec.Append(dst, v)
	}
	return f.append(dst, v)
}

func (f faulty[V]) Decode(src []byte, v *V) error {
	if f.decode == nil {
		return f.Codec.Decode(src, v)
	}
	return f.decode(src, v)
}

// Each fault is found by the check that is for it.
func TestFaultsAreFound(t *testing.T) {
	sound := msgpack.Of[string]()
	for _, c := range []struct {
		fault string
		codec faulty[string]
		check string // the one that must fail; none when it is empty
	}{
		{"none", faulty[string]{Codec: sound, name: "x"}, ""},
		{"no name", faulty[string]{Codec: sound}, "the name is valid"},
		{"loses the value", faulty[string]{Codec: sound, name: "x", decode: func(src []byte, _ *string) error {
			var lost string
			return sound.Decode(src, &lost)
		}}, "values come back"},
		{"forgets what was before", faulty[string]{Codec: sound, name: "x", append: func(dst []byte, v *string) ([]byte, error) {
			return sound.Append(nil, v)
		}}, "Append keeps what is before"},
		{"keeps what it reads", faulty[string]{Codec: sound, name: "x", decode: func(src []byte, v *string) error {
			err := sound.Decode(src, v)
			if err == nil && len(*v) > 0 {
				*v = unsafe.String(&src[1], len(src)-1)
			}
			return err
		}}, "no bytes are kept"},
		{"reads the first of two values", faulty[string]{Codec: sound, name: "x", decode: func(src []byte, v *string) error {
			if len(src) > 0 && src[0] >= 0xa0 && src[0] <= 0xbf {
				src = src[:min(len(src), 1+int(src[0]&0x1f))]
			}
			return sound.Decode(src, v)
		}}, "more bytes are refused"},
		{"takes half a value for a whole one", faulty[string]{Codec: sound, name: "x", decode: func(src []byte, v *string) error {
			if sound.Decode(src, v) != nil && len(src) < 4 {
				*v = "half"
				return nil
			}
			return sound.Decode(src, v)
		}}, "fewer bytes are refused"},
		{"panics", faulty[string]{Codec: sound, name: "x", decode: func(src []byte, v *string) error {
			if src[len(src)-1] == 'c'^0x20 {
				panic("what is this")
			}
			return sound.Decode(src, v)
		}}, "damaged bytes cause no panic"},
	} {
		t.Run(c.fault, func(t *testing.T) {
			failed := codectest.Failed(c.codec, "abc")
			if c.check == "" && len(failed) > 0 || c.check != "" && !slices.Contains(failed, c.check) {
				t.Errorf("a codec with the fault %q fails in %q, want %q", c.fault, failed, c.check)
			}
		})
	}
	t.Run("another encoding each time", func(t *testing.T) {
		var n atomic.Int32
		c := faulty[bool]{Codec: msgpack.Of[bool](), name: "x", append: func(dst []byte, _ *bool) ([]byte, error) {
			return append(dst, byte(n.Add(1))), nil
		}, decode: func([]byte, *bool) error { return nil }}
		if failed := codectest.Failed(c, false); !slices.Contains(failed, "equal values have equal encodings") {
			t.Errorf("fails in %q", failed)
		}
	})
}

func TestValuesThatCannotBeEncodedFail(t *testing.T) {
	if failed := codectest.Failed(msgpack.Of[chan int](), nil, make(chan int)); !slices.Contains(failed, "values come back") {
		t.Errorf("a value that can't be encoded fails in %q", failed)
	}
}
