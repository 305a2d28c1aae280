// Package codectest checks that a codec does what [entity.Codec] says, for
// tests of codecs that are not Larder's own.
package codectest

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/larderdb/larder/entity"
)

// Run tests codec with values, in one subtest for each thing that is promised:
//
//   - A value comes back as it was. Times are equal that are the same instant,
//     nil slices and maps equal empty ones, NaN equals NaN.
//   - Equal values have the same encoding. Values whose maps the codec doesn't
//     write in order should have one entry in them.
//   - Append leaves what dst holds as it is.
//   - Neither Append nor Decode keeps the bytes that it was given.
//   - It may be used by several goroutines at once, which shows under the race
//     detector.
//   - An encoding that is followed by more bytes is refused. One that is cut
//     short is refused, or is that of another value. One that was damaged never
//     causes a panic.
//
// A codec whose values refer to the bytes that they were decoded from fails
// where that is tested.
func Run[V any](t *testing.T, codec entity.Codec[V], values ...V) {
	t.Helper()
	if len(values) == 0 {
		t.Fatal("no value to test the codec with")
	}
	for _, c := range checksOf(codec, values) {
		t.Run(c.name, func(t *testing.T) { c.run(t) })
	}
}

// A check is one thing that Run tests.
type check struct {
	name string
	run  func(reporter)
}

// A reporter is a test, or what tests the checks.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

func checksOf[V any](codec entity.Codec[V], values []V) []check {
	s := suite[V]{codec: codec, values: values}
	return []check{
		{"the name is valid", s.name},
		{"values come back", s.roundTrip},
		{"equal values have equal encodings", s.determinism},
		{"Append keeps what is before", s.prefix},
		{"no bytes are kept", s.scribble},
		{"goroutines share it", s.concurrent},
		{"more bytes are refused", s.longer},
		{"fewer bytes are refused", s.shorter},
		{"damaged bytes cause no panic", s.damaged},
	}
}

type suite[V any] struct {
	codec  entity.Codec[V]
	values []V
}

// each calls fn with each value and its encoding.
func (s *suite[V]) each(t reporter, fn func(v V, b []byte)) {
	t.Helper()
	for _, v := range s.values {
		b, err := s.codec.Append(nil, &v)
		if err != nil {
			t.Errorf("Append(%+v): %v", v, err)
			continue
		}
		fn(v, b)
	}
}

// decode decodes b, and returns what it panics with.
func (s *suite[V]) decode(b []byte, v *V) (panicked any, err error) {
	defer func() { panicked = recover() }()
	return nil, s.codec.Decode(b, v)
}

// wantBack reports it when b isn't the encoding of v.
func (s *suite[V]) wantBack(t reporter, b []byte, want V) {
	t.Helper()
	var got V
	if err := s.codec.Decode(b, &got); err != nil {
		t.Errorf("Decode(%x): %v, want %+v", b, err, want)
	} else if !isEqual(got, want) {
		t.Errorf("Decode(%x) = %+v, want %+v", b, got, want)
	}
}

func (s *suite[V]) name(t reporter) {
	if name := s.codec.Name(); name == "" || !utf8.ValidString(name) || s.codec.Name() != name {
		t.Errorf("Name() = %q, want one name that isn't empty, of valid UTF-8", name)
	}
}

func (s *suite[V]) roundTrip(t reporter) {
	s.each(t, func(v V, b []byte) { s.wantBack(t, b, v) })
}

func (s *suite[V]) determinism(t reporter) {
	s.each(t, func(v V, want []byte) {
		var back V
		if err := s.codec.Decode(want, &back); err != nil {
			t.Errorf("Decode(%x): %v", want, err)
			return
		}
		for range 10 { // a map of two comes in the same order half of the time
			for _, v := range []V{v, back} {
				if got, err := s.codec.Append(nil, &v); err != nil || !bytes.Equal(got, want) {
					t.Errorf("Append(%+v) = %x, %v, and %x before", v, got, err, want)
					return
				}
			}
		}
	})
}

func (s *suite[V]) prefix(t reporter) {
	s.each(t, func(v V, want []byte) {
		for _, room := range []int{0, 1, len(want), 2*len(want) + 64} {
			dst := append(make([]byte, 0, 4+room), "head"...)
			got, err := s.codec.Append(dst, &v)
			if err != nil || string(got) != "head"+string(want) {
				t.Errorf("Append(head with room for %d, %+v) = %x, %v, want head and %x", room, v, got, err, want)
			}
			if string(dst) != "head" {
				t.Errorf("Append(head with room for %d, %+v) made %x of it", room, v, dst)
			}
		}
	})
}

func (s *suite[V]) scribble(t reporter) {
	s.each(t, func(v V, b []byte) {
		src := bytes.Clone(b)
		var want, got V
		if err := errors.Join(s.codec.Decode(b, &want), s.codec.Decode(src, &got)); err != nil {
			t.Errorf("Decode(%x): %v", b, err)
			return
		}
		if !bytes.Equal(src, b) {
			t.Errorf("Decode(%x) made %x of it", b, src)
		}
		overwrite(src)
		if !isEqual(got, want) {
			t.Errorf("the value of %x is %+v when that is overwritten, was %+v", b, got, want)
		}
		kept := bytes.Clone(b)
		overwrite(b)
		if again, err := s.codec.Append(nil, &v); err != nil || !bytes.Equal(again, kept) {
			t.Errorf("the encoding of %+v is %x, %v, when the first is overwritten, was %x", v, again, err, kept)
		}
	})
}

func overwrite(b []byte) {
	for i := range b {
		b[i] ^= 0xFF
	}
}

func (s *suite[V]) concurrent(t reporter) {
	want := make(map[int][]byte)
	for i := range s.values {
		if b, err := s.codec.Append(nil, &s.values[i]); err == nil {
			want[i] = b
		}
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				for i := range s.values {
					var got V
					b, err := s.codec.Append(nil, &s.values[i])
					if err == nil {
						err = s.codec.Decode(b, &got)
					}
					if err != nil || !bytes.Equal(b, want[i]) || !isEqual(got, s.values[i]) {
						t.Errorf("among others %+v is encoded as %x and comes back as %+v, %v", s.values[i], b, got, err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
}

func (s *suite[V]) longer(t reporter) {
	s.each(t, func(v V, b []byte) {
		for _, more := range [][]byte{{0}, {0xC0}, {0xF6}, {0xFF}, []byte("more")} {
			var got V
			if panicked, err := s.decode(append(bytes.Clone(b), more...), &got); err == nil {
				t.Errorf("Decode(%x and %x) = %+v, panic %v, want an error", b, more, got, panicked)
			}
		}
	})
}

func (s *suite[V]) shorter(t reporter) {
	s.each(t, func(v V, b []byte) {
		for n := range b {
			var got V
			panicked, err := s.decode(b[:n:n], &got)
			if panicked != nil {
				t.Errorf("Decode(%x) panics: %v", b[:n], panicked)
			}
			if err != nil || panicked != nil {
				continue
			}
			if again, err := s.codec.Append(nil, &got); err != nil || !bytes.Equal(again, b[:n]) {
				t.Errorf("Decode(%x), cut short, = %+v, whose encoding is %x, %v", b[:n], got, again, err)
			}
		}
	})
}

func (s *suite[V]) damaged(t reporter) {
	s.each(t, func(v V, b []byte) {
		for i := range b {
			for _, flip := range []byte{0x01, 0x20, 0x80, 0xFF} {
				b[i] ^= flip
				var got V
				if panicked, _ := s.decode(b, &got); panicked != nil {
					t.Errorf("Decode(%x) panics: %v", b, panicked)
				}
				b[i] ^= flip
			}
		}
	})
}
