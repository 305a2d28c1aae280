package idb

import (
	"bytes"
	"embed"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
)

// The formats are tested from inside: no other package sees them.

//go:embed testdata/golden
var goldenFiles embed.FS // where tests run there may be no files

// golden returns a file of testdata/golden, written in hex with comments. The
// files never change; a new format adds new ones.
func golden(t testing.TB, name string) []byte {
	t.Helper()
	text, err := goldenFiles.ReadFile("testdata/golden/" + name + ".hex")
	if err != nil {
		t.Fatal(err)
	}
	var digits strings.Builder
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		digits.WriteString(strings.Join(strings.Fields(line), ""))
	}
	b, err := hex.DecodeString(digits.String())
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return b
}

func sequence(first byte) (v id) {
	for i := range v {
		v[i] = first + byte(i)
	}
	return v
}

var goldenRoot = root{db: sequence(0x10), checkpoint: 0x0102030405, commit: 7, pages: 3, size: 0x1234}

func TestGoldenRoot(t *testing.T) {
	want := golden(t, "root-v1")
	if got := goldenRoot.encode(); !bytes.Equal(got, want) {
		t.Errorf("encode = %x, want %x", got, want)
	}
	if got, err := decodeRoot(want); err != nil || got != goldenRoot {
		t.Errorf("decodeRoot = %+v, %v, want %+v", got, err, goldenRoot)
	}
}

// The golden page is the third record of its checkpoint, after the value at 1.
func goldenPage() (p, v []byte) {
	var w pageWriter
	w.start("empty", 0)
	w.start("todos", 0)
	w.add("todos", []byte("k1"), []byte("milk"))
	w.addExternal("todos", []byte("k2"), 1)
	w.add("todos", []byte("k3"), nil)
	return w.finish(0x0102030405, 2), encodeValue(0x0102030405, 1, []byte("long"))
}

func TestGoldenPage(t *testing.T) {
	wantPage, wantValue := golden(t, "page-v1"), golden(t, "value-v1")
	page, value := goldenPage()
	if !bytes.Equal(page, wantPage) {
		t.Errorf("page = %x, want %x", page, wantPage)
	}
	if !bytes.Equal(value, wantValue) {
		t.Errorf("value = %x, want %x", value, wantValue)
	}
	l := checkpointLoader{checkpoint: 0x0102030405, next: 1}
	for i, b := range [][]byte{wantValue, wantPage} {
		if err := l.add(b, func() error { return nil }); err != nil {
			t.Fatalf("add of record %d: %v", i+1, err)
		}
	}
	if got, want := dump(l.Snapshot(7)), `7 empty{} todos{"k1"="milk" "k2"="long" "k3"=""}`; got != want {
		t.Errorf("the page holds %s, want %s", got, want)
	}
}

func decoders() map[string]func(b []byte) error {
	return map[string]func(b []byte) error{
		"root-v1": func(b []byte) error { _, err := decodeRoot(b); return err },
		"page-v1": func(b []byte) error {
			l := checkpointLoader{checkpoint: 0x0102030405, next: 2, values: map[uint64][]byte{1: []byte("long")}}
			return l.add(b, func() error { return nil })
		},
		"value-v1": func(b []byte) error { _, err := decodeValue(b, 0x0102030405, 1); return err },
	}
}

func TestDamagedBytesAreCorrupt(t *testing.T) {
	for name, decode := range decoders() {
		t.Run(name, func(t *testing.T) {
			whole := golden(t, name)
			if err := decode(whole); err != nil {
				t.Fatalf("decode of the whole = %v, want nil", err)
			}
			for bit := range len(whole) * 8 {
				b := bytes.Clone(whole)
				b[bit/8] ^= 1 << (bit % 8)
				if err := decode(b); !errors.Is(err, backend.ErrCorrupt) {
					t.Errorf("with bit %d flipped: %v, want ErrCorrupt", bit, err)
				}
			}
			for n := range len(whole) {
				if err := decode(whole[:n]); !errors.Is(err, backend.ErrCorrupt) {
					t.Errorf("with %d bytes of it: %v, want ErrCorrupt", n, err)
				}
			}
			if err := decode(append(bytes.Clone(whole), 0)); !errors.Is(err, backend.ErrCorrupt) {
				t.Errorf("with a byte more: %v, want ErrCorrupt", err)
			}
		})
	}
}

// resealed returns b with change made and the checksum made right again.
func resealed(b []byte, change func(b []byte)) []byte {
	b = bytes.Clone(b[:len(b)-sumSize])
	change(b)
	return seal(b)
}

func TestNewerFormatsAreTold(t *testing.T) {
	for name, decode := range decoders() {
		b := resealed(golden(t, name), func(b []byte) { b[1] = 2 })
		err := decode(b)
		if want := "schema is newer than this code: written in format 2, this code reads up to 1"; err == nil || err.Error() != want {
			t.Errorf("%s in format 2: %v, want %s", name, err, want)
		}
		if !errors.Is(err, backend.ErrSchemaNewer) || errors.Is(err, backend.ErrCorrupt) {
			t.Errorf("%s in format 2: %v, want ErrSchemaNewer alone", name, err)
		}
	}
}
