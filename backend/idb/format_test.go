package idb

import (
	"bytes"
	"embed"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
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

func goldenRecord() record {
	pending := "\xff\xff\xff\xff\xff\xff\xff\xff"
	return record{
		db: sequence(0x10), context: sequence(0x40), serial: 5, commit: 8,
		ops: []mvcc.Op{
			{Kind: mvcc.Put, Table: "todos", Pair: mvcc.Join([]byte("k1"), []byte("milk"))},
			{Kind: mvcc.Put, Table: "_index/1", Pair: mvcc.Join([]byte("mk1"), []byte{1})},
			{Kind: mvcc.Delete, Table: "todos", Pair: mvcc.Join([]byte("k0"), nil)},
			{
				Kind: mvcc.Put, Table: "log", Pair: mvcc.Join([]byte("a"+pending), []byte("v"+pending)),
				Stamps: []backend.Stamp{{InKey: true, Offset: 1}, {Offset: 1}},
			},
			{Kind: mvcc.Drop, Table: "_index/1"},
		},
	}
}

func TestGoldenRoot(t *testing.T) {
	want := golden(t, "root-v1")
	if got := goldenRoot.encode(); !bytes.Equal(got, want) {
		t.Errorf("encode = %x, want %x", got, want)
	}
	if got, err := decodeRoot(want); err != nil || got != goldenRoot {
		t.Errorf("decodeRoot = %+v, %v, want %+v", got, err, goldenRoot)
	}
}

func TestGoldenRecord(t *testing.T) {
	want, rec := golden(t, "record-v1"), goldenRecord()
	if got := rec.encode(); !bytes.Equal(got, want) {
		t.Errorf("encode = %x, want %x", got, want)
	}
	got, err := decodeRecord(want)
	if err != nil {
		t.Fatalf("decodeRecord: %v", err)
	}
	if got.db != rec.db || got.context != rec.context || got.serial != rec.serial || got.commit != rec.commit {
		t.Errorf("decodeRecord = %+v, want the head of %+v", got, rec)
	}
	if !slices.EqualFunc(got.ops, rec.ops, func(a, b mvcc.Op) bool {
		return a.Kind == b.Kind && a.Table == b.Table && slices.Equal(a.Stamps, b.Stamps) &&
			bytes.Equal(a.Pair.Key(), b.Pair.Key()) && bytes.Equal(a.Pair.Value(), b.Pair.Value())
	}) {
		t.Errorf("decodeRecord gives the operations %+v, want %+v", got.ops, rec.ops)
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
		"root-v1":   func(b []byte) error { _, err := decodeRoot(b); return err },
		"record-v1": func(b []byte) error { _, err := decodeRecord(b); return err },
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

func TestImpossibleContentIsCorrupt(t *testing.T) {
	op := func(ops ...mvcc.Op) []byte { return (&record{commit: 1, ops: ops}).encode() }
	put := func(table, key, value string, stamps ...backend.Stamp) mvcc.Op {
		return mvcc.Op{Kind: mvcc.Put, Table: table, Pair: mvcc.Join([]byte(key), []byte(value)), Stamps: stamps}
	}
	body := len(op()) - sumSize - 1 // where the count of tables stands
	for _, c := range []struct {
		name string
		b    []byte
	}{
		{"an empty key", op(put("t", "", "v"))},
		{"a key too long", op(put("t", strings.Repeat("k", backend.MaxKey+1), "v"))},
		{"a value too long", op(put("t", "k", strings.Repeat("v", backend.MaxValue+1)))},
		{"a table without a name", op(put("", "k", "v"))},
		{"a table whose name is no text", op(put("\xff", "k", "v"))},
		{"a stamp outside of its slice", op(put("t", "k", "short", backend.Stamp{}))},
		{"a stamp far outside", op(put("t", "k", "value of some length", backend.Stamp{Offset: 1 << 40}))},
		{"commit number 0", (&record{}).encode()},
		{"a commit number that no key can be", (&record{commit: 1 << 53}).encode()},
		{"more tables than bytes", resealed(op(), func(b []byte) { b[body] = 0x7f })},
		{"an unknown operation", resealed(op(put("t", "k", "v")), func(b []byte) { b[body+3] = 9 })},
		{"a table that isn't listed", resealed(op(put("t", "k", "v")), func(b []byte) { b[body+4] = 1 })},
	} {
		if _, err := decodeRecord(c.b); !errors.Is(err, backend.ErrCorrupt) {
			t.Errorf("a record with %s: %v, want ErrCorrupt", c.name, err)
		}
	}
}
