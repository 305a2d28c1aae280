package msgp_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/codectest"
	"github.com/larderdb/larder/entity/codec/msgp"
)

var _ entity.Codec[Todo] = msgp.Of[Todo]()

var todo = Todo{
	Title: "Ada\x00é", Due: time.Date(2026, 11, 22, 12, 30, 0, 5, time.FixedZone("", 3600)), Tags: []string{"a", ""},
	Any: "x", Next: &Todo{Title: "inner"},
}

func TestA13_PromisesAreKept(t *testing.T) {
	codectest.Run(t, msgp.Of[Todo](), Todo{}, todo)
	codectest.Run(t, msgp.Of[Wide](), Wide{}, Wide{N: -1 << 63})
}

func TestGolden(t *testing.T) {
	want := "\x82\xa5title\xa5write\xa4gone\x91\x07"
	got, err := msgp.Of[OlderTodo]().Append(nil, &OlderTodo{Title: "write", Gone: []int{7}})
	if string(got) != want || err != nil {
		t.Errorf("Append = %q, %v, want %q", got, err, want)
	}
}

func TestFieldsComeAndGo(t *testing.T) {
	b, err := msgp.Of[OlderTodo]().Append(nil, &OlderTodo{Title: "a", Gone: []int{1, 2}})
	if err != nil {
		t.Fatal(err)
	}
	var got Todo
	if err := msgp.Of[Todo]().Decode(b, &got); err != nil || got.Title != "a" || got.Tags != nil {
		t.Errorf("Decode = %+v, %v, want the title a and no more", got, err)
	}
}

func TestIntegersMustFit(t *testing.T) {
	for n, fits := range map[int64]bool{127: true, -128: true, 128: false, -129: false, 1 << 40: false} {
		b, err := msgp.Of[Wide]().Append(nil, &Wide{N: n})
		if err != nil {
			t.Fatal(err)
		}
		var got Narrow
		if err := msgp.Of[Narrow]().Decode(b, &got); (err == nil) != fits || fits && int64(got.N) != n {
			t.Errorf("%d in 8 bits: %d, %v, want it or an error: %t", n, got.N, err, fits)
		}
	}
}

func TestRefusedValues(t *testing.T) {
	deep := &Todo{}
	for range 100 {
		deep = &Todo{Next: deep}
	}
	for name, v := range map[string]*Todo{"text that isn't UTF-8": {Title: "\xff"}, "deep values": deep, "a channel": {Any: make(chan int)}} {
		b, err := msgp.Of[Todo]().Append([]byte("head"), v)
		if err == nil {
			t.Errorf("%s was encoded", name)
		}
		if string(b) != "head" {
			t.Errorf("%s: Append returned %q, want dst as it was", name, b)
		}
	}
}

// A Spy has the methods that are generated, written by hand.
type Spy struct {
	seen  *[]string
	left  int
	shift int
}

func (s *Spy) MarshalMsg(b []byte) ([]byte, error) { return append(b, 0xc0)[s.shift:], nil }

func (s *Spy) UnmarshalMsg(b []byte) ([]byte, error) {
	*s.seen = append(*s.seen, string(b))
	return b[len(b)-s.left:], nil
}

// Generated code sees nothing but one valid value.
func TestHostileBytes(t *testing.T) {
	var seen []string
	c := msgp.Of[Spy]()
	for _, b := range []string{"", "\xdf\xff\xff\xff\xff", "\xdd\x01\xff\xff\xff", "\xc6\xff\xff\xff\xff", "\xc1", "\x01\x02", "\xa1\xff", strings.Repeat("\x91", 100_000) + "\xc0"} {
		err := c.Decode([]byte(b), &Spy{seen: &seen})
		if !errors.Is(err, backend.ErrCorrupt) && !errors.Is(err, backend.ErrInvalid) {
			t.Errorf("Decode(%.10x…) = %v, want an error of a class", b, err)
		}
	}
	if len(seen) > 0 {
		t.Errorf("the generated code saw %q", seen)
	}
	if err := c.Decode([]byte("\x91\xc0"), &Spy{seen: &seen}); err != nil || len(seen) != 1 || seen[0] != "\x91\xc0" {
		t.Errorf("Decode of a value: %v, the generated code saw %q", err, seen)
	}
}

func TestMethodsThatAreWrong(t *testing.T) {
	var seen []string
	c := msgp.Of[Spy]()
	if err := c.Decode([]byte("\x91\xc0"), &Spy{seen: &seen, left: 1}); !errors.Is(err, backend.ErrCorrupt) {
		t.Errorf("Decode that leaves a byte: %v, want an error of class %q", err, backend.ErrCorrupt)
	}
	if b, err := c.Append([]byte("head"), &Spy{shift: 3}); !errors.Is(err, backend.ErrInvalid) || string(b) != "head" {
		t.Errorf("Append that takes away: %q, %v, want head and an error of class %q", b, err, backend.ErrInvalid)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("\xdf\xff\xff\xff\xff"))
	f.Add([]byte("\x82\xa5title\xa1x\xa3due\xd6\xff\x00\x00\x00\x00"))
	f.Add([]byte("\x81\xa4next\x81\xa4next\xc0"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var v Todo
		if msgp.Of[Todo]().Decode(b, &v) != nil {
			return
		}
		if _, err := msgp.Of[Todo]().Append(nil, &v); err != nil {
			t.Errorf("a decoded value can't be encoded: %v", err)
		}
	})
}

func ExampleOf() {
	codec := msgp.Of[OlderTodo]()
	b, err := codec.Append(nil, &OlderTodo{Title: "write", Gone: []int{7}})
	fmt.Printf("%q %v\n", b, err)
	// Output: "\x82\xa5title\xa5write\xa4gone\x91\a" <nil>
}
