package backend_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/larderdb/larder/backend"
	"pgregory.net/rapid"
)

func TestD5_PrefixEnd(t *testing.T) {
	for _, c := range []struct{ prefix, want string }{
		{"", ""},
		{"a", "b"},
		{"a\x00", "a\x01"},
		{"a\xfe", "a\xff"},
		{"a\xff", "b"},
		{"a\xff\xff", "b"},
		{"a\x7f", "a\x80"},
		{"\x00", "\x01"},
		{"\xff", ""},
		{"\xff\xff", ""},
		{"\xff\x00\xff", "\xff\x01"},
	} {
		prefix := []byte(c.prefix)
		end := backend.PrefixEnd(prefix)
		if string(end) != c.want || (end == nil) != (c.want == "") {
			t.Errorf("PrefixEnd(%x) = %x, want %x", c.prefix, end, c.want)
		}
		if string(prefix) != c.prefix {
			t.Errorf("PrefixEnd has changed its argument %x to %x", c.prefix, prefix)
		}
	}
}

// The range of a prefix holds the keys that begin with it, whatever they end
// in, and no others.
func TestD5_APrefixHoldsWhatBeginsWithIt(t *testing.T) {
	some := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 0x7f, 0xfe, 0xff}), 0, 4)
	rapid.Check(t, func(t *rapid.T) {
		prefix, key := some.Draw(t, "prefix"), some.Draw(t, "key")
		if rapid.Bool().Draw(t, "begins with it") {
			key = append(bytes.Clone(prefix), key...)
		}
		r := backend.Prefix(prefix)
		in := bytes.Compare(key, r.Start) >= 0 && (r.End == nil || bytes.Compare(key, r.End) < 0)
		if in != bytes.HasPrefix(key, prefix) {
			t.Errorf("key %x in Prefix(%x), %x to %x: %v, want %v", key, prefix, r.Start, r.End, in, !in)
		}
		if r.Reverse || r.Limit != 0 {
			t.Errorf("Prefix(%x) = %+v, want an ascending range without a limit", prefix, r)
		}
	})
}

func ExamplePrefix() {
	r := backend.Prefix([]byte("user\xff"))
	fmt.Printf("%q to %q\n", r.Start, r.End)
	// Output: "user\xff" to "uses"
}
