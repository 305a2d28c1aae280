package msgp_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/larderdb/larder/internal/msgp"
)

// join undoes AppendSplit for one value, as JavaScript does: it decodes text
// once, and cuts from it by UTF-16 units. Each string comes back in the format
// that its length asks for, so values must be written in those.
func join(t testing.TB, data, text []byte) []byte {
	t.Helper()
	units := utf16.Encode([]rune(string(text)))
	var out []byte
	var value func(key bool)
	value = func(key bool) {
		h, err := msgp.ReadHead(append(data[:len(data):len(data)], make([]byte, 1<<19)...)) // a head without its body
		if err != nil {
			t.Fatal(err)
		}
		if h.Kind == msgp.Text && !key {
			s := string(utf16.Decode(units[:h.Body]))
			units = units[h.Body:]
			out = append(out, marshal(t, s)...)
			data = data[h.Size:]
			return
		}
		out = append(out, data[:h.Size+h.Body]...)
		data = data[h.Size+h.Body:]
		for range h.Count {
			if h.Kind == msgp.Map {
				value(true)
			}
			value(false)
		}
	}
	value(false)
	if len(data) > 0 || len(units) > 0 {
		t.Fatalf("%d bytes of data and %d units of text are left over", len(data), len(units))
	}
	return out
}

func TestSplitText(t *testing.T) {
	for _, c := range []struct{ name, in, data, text string }{
		{"no text", "93 01 c0 c4 02 6161", "93 01 c0 c4 02 6161", ""},
		{"text", "a3 616263", "a3", "616263"},
		{"text of 2 bytes a unit", "a4 c3a9 c3a9", "a2", "c3a9c3a9"},
		{"text of 3 bytes a unit", "a3 e282ac", "a1", "e282ac"},
		{"text of 4 bytes, 2 units", "a5 61 f09f9880", "a3", "61f09f9880"},
		{"map keys stay", "82 a161 a178 a162 a179", "82 a161 a1 a162 a1", "7879"},
		{"a map key of many values stays", "81 91 a161 a178", "81 91 a161 a1", "78"},
		{"extensions stay", "92 a178 c7 05 02 a161 a2 6263", "92 a1 c7 05 02 a161 a2 6263", "78"},
		{"a head of the least size", "d9 01 61", "a1", "61"},
	} {
		t.Run(c.name, func(t *testing.T) {
			data, text, err := msgp.AppendSplit([]byte("data"), []byte("text"), unhex(t, c.in))
			if err != nil {
				t.Fatal(err)
			}
			wantData, wantText := append([]byte("data"), unhex(t, c.data)...), append([]byte("text"), unhex(t, c.text)...)
			if !bytes.Equal(data, wantData) || !bytes.Equal(text, wantText) {
				t.Errorf("split is %x and %x, want %x and %x", data, text, wantData, wantText)
			}
		})
	}
}

func TestSplitLongText(t *testing.T) {
	for _, s := range []string{"", "a", "é", "€uro", "😀", "a\x00b", "\ufeffa"} {
		for _, n := range []int{1, 8, 15, 16, 31, 32, 255, 256, 65535, 65536} {
			long := strings.Repeat(s, n)
			row := marshal(t, map[string]any{"text": []any{long, 1, long + "!"}})
			data, text, err := msgp.AppendSplit(nil, nil, row)
			if err != nil {
				t.Fatal(err)
			}
			if string(text) != long+long+"!" {
				t.Errorf("%q %d times: the text run is %d bytes, want %d", s, n, len(text), 2*len(long)+1)
			}
			if got := join(t, data, text); !bytes.Equal(got, row) {
				t.Errorf("%q %d times: cut from the text run it is another row", s, n)
			}
		}
	}
}
