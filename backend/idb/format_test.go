package idb

import (
	"bytes"
	"context"
	"embed"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/pagetree"
)

// The formats are tested from inside: no other package sees them.

//go:embed all:testdata/golden
var goldenFiles embed.FS // where tests run there may be no files

// A format that is released never changes, and neither do its golden files: a
// newer format gets files of its own. Until then,
//
//	go test ./backend/idb -run TestGolden -golden
//
// writes them anew.
var writeGolden = flag.Bool("golden", false, "write testdata/golden anew")

// golden returns a file of testdata/golden, written in hex with comments.
// xx*n is n times the byte xx.
func golden(t testing.TB, name string) []byte {
	t.Helper()
	text, err := goldenFiles.ReadFile("testdata/golden/" + name + "-v2.hex")
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		for _, word := range strings.Fields(line) {
			digits, times, _ := strings.Cut(word, "*")
			b, err := hex.DecodeString(digits)
			n, _ := strconv.Atoi(times)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			all = append(all, bytes.Repeat(b, max(n, 1))...)
		}
	}
	return all
}

// A field is so many bytes of an example, and what they are.
type field struct {
	size int
	what string
}

// writeExample writes the golden file of b, which consists of fields between header
// and checksum.
func writeExample(t *testing.T, name, title string, b []byte, fields []field) {
	t.Helper()
	var text strings.Builder
	fmt.Fprintf(&text, "# %s\n", title)
	fields = slices.Concat([]field{{2, fmt.Sprintf("%q, format 2", b[0])}}, fields, []field{{4, "CRC-32C of all before"}})
	for _, f := range fields {
		if f.size > len(b) {
			t.Fatalf("%s is too short for %q", name, f.what)
		}
		digits := fmt.Sprintf("% x", b[:f.size])
		if f.size > 1000 {
			digits = fmt.Sprintf("%x*%d", b[:1], f.size)
		}
		fmt.Fprintf(&text, "%-47s # %s\n", digits, f.what)
		b = b[f.size:]
	}
	if len(b) > 0 {
		t.Fatalf("%s goes on with %x", name, b)
	}
	if err := os.WriteFile("testdata/golden/"+name+"-v2.hex", []byte(text.String()), 0o666); err != nil {
		t.Fatal(err)
	}
}

func sequence(first byte) (v id) {
	for i := range v {
		v[i] = first + byte(i)
	}
	return v
}

var (
	goldenRoot = root{db: sequence(0x10), ordinal: 3, commit: 7, head: firstPage(3) + 4, size: 0x1234}

	goldenHead = head{
		page: firstPage(3) + 4, commit: 7,
		contexts: []seen{{sequence(0x40), 5}, {sequence(0x60), 2}},
		tables: []tableRoot{
			{"empty", pagetree.Root{}},
			{"todos", pagetree.Root{Page: firstPage(2) + 1, Level: 1, Count: 300, Size: 0x1234}},
		},
	}

	goldenJanitor = janitor{
		last:    9,
		begun:   []dated{{8, 0x0190_0000_0000}, {9, 0x0190_0000_0001}},
		garbage: []dated{{uint64(firstPage(3)) + 6, 0x0190_0000_0002}},
	}

	goldenGarbage = garbage{page: firstPage(3) + 6, pages: []uint64{uint64(firstPage(1)), uint64(firstPage(1)) + 1, uint64(firstPage(2)) + 9}}
)

// goldenPages returns a leaf, an inner node and a value page, with their ids.
func goldenPages(t testing.TB) (leaf, inner, value written) {
	t.Helper()
	pages := &testPages{}
	w := &pageWriter{ordinal: 2, rest: noRest, store: pages.store}
	merge := func(table string, changes ...pagetree.Change) {
		if _, err := pagetree.Merge(context.Background(), pagetree.Tree{Table: table}, slices.Values(changes), w); err != nil {
			t.Fatal(err)
		}
	}
	merge("todos",
		pagetree.Change{Key: []byte("k1"), Value: []byte("milk")},
		pagetree.Change{Key: []byte("k2"), Value: bytes.Repeat([]byte("v"), 16<<10+1)},
		pagetree.Change{Key: []byte("k3")})
	merge("big",
		pagetree.Change{Key: []byte("a"), Value: make([]byte, 16<<10)},
		pagetree.Change{Key: []byte("b1"), Value: make([]byte, 16<<10)},
		pagetree.Change{Key: []byte("b2"), Value: make([]byte, 16<<10)})
	if err := w.flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, p := range pages.written {
		switch {
		case p.b[0] == 'P' && leaf.b == nil:
			leaf = p
		case p.b[0] == 'N':
			inner = p
		case p.b[0] == 'V':
			value = p
		}
	}
	return leaf, inner, value
}

// An example is one of each kind of record.
type example struct {
	name, title string
	b           []byte
	fields      []field
	decode      func(b []byte) error
}

func examples(t testing.TB) []example {
	t.Helper()
	leaf, inner, value := goldenPages(t)
	rec, _ := goldenRecord()
	check := func(id pagetree.ID) func(b []byte) error {
		return func(b []byte) error { return pagetree.Check(id, b) }
	}
	return []example{
		{
			"root", "A root: checkpoint 3, commits up to 7.", goldenRoot.encode(),
			[]field{{16, "database id"}, {8, "ordinal of the checkpoint"}, {8, "commit"}, {8, "head"}, {8, "bytes of pages"}},
			func(b []byte) error { _, err := decodeRoot(b); return err },
		},
		{
			"head", "A head: two contexts, a table without pairs and one of 300.", goldenHead.encode(),
			[]field{
				{8, "page id"}, {8, "commit"}, {1, "two contexts"}, {16, "context id"}, {8, "its fifth commit"}, {16, "context id"}, {8, "its second commit"},
				{1, "two tables"}, {6, `"empty"`}, {8, "no page"}, {1, "level"}, {1, "no pairs"}, {1, "no bytes"},
				{6, `"todos"`}, {8, "page id of its root"}, {1, "level 1"}, {2, "300 pairs"}, {2, "bytes"},
			},
			func(b []byte) error { _, err := decodeHead(goldenHead.page, b); return err },
		},
		{
			"janitor", "A janitor's record: two checkpoints were begun, one garbage page.", goldenJanitor.encode(),
			[]field{
				{8, "ordinal given last"}, {1, "two were begun"}, {8, "ordinal"}, {8, "since"}, {8, "ordinal"}, {8, "since"},
				{1, "one garbage page"}, {8, "page id"}, {8, "since"},
			},
			func(b []byte) error { _, err := decodeJanitor(b); return err },
		},
		{
			"garbage", "A garbage page: three pages that checkpoint 3 has replaced.", goldenGarbage.encode(),
			[]field{{8, "page id"}, {1, "three pages"}, {8, "page id"}, {8, "page id"}, {8, "page id"}},
			func(b []byte) error { _, err := decodeGarbage(goldenGarbage.page, b); return err },
		},
		{
			"record", "A log record: the commits 8 and 9.", rec.encode(),
			[]field{
				{16, "database id"}, {16, "context id"}, {8, "the context's fifth commit"}, {8, "commit 8"}, {1, "two commits"},
				{1, "length of the first"}, {1, "three tables"}, {6, `"todos"`}, {9, `"_index/1"`}, {4, `"log"`},
				{2, "put into todos"}, {2, "lengths"}, {2, `"k1"`}, {4, `"milk"`},
				{2, "put into _index/1"}, {2, "lengths"}, {3, `"mk1"`}, {1, "01"},
				{2, "delete from todos"}, {1, "length"}, {2, `"k0"`},
				{2, "put with stamps into log"}, {1, "two stamps"}, {1, "in the key at 1"}, {1, "in the value at 1"}, {2, "lengths"}, {9, `"a" and a stamp`}, {9, `"v" and a stamp`},
				{1, "length of the second"}, {1, "one table"}, {9, `"_index/1"`}, {2, "drop _index/1"},
			},
			func(b []byte) error { _, _, err := decodeCommits(b); return err },
		},
		{
			"leaf", "A leaf of the table todos: three pairs, the second's value a page of its own.", leaf.b,
			[]field{
				{8, "page id"}, {6, `"todos"`}, {1, "three pairs"}, {2, "where the first begins"}, {2, "the second"}, {2, "the third"},
				{1, "length of the key"}, {1, "twice the length of the value"}, {2, `"k1"`}, {4, `"milk"`},
				{1, "length of the key"}, {3, "twice the length of the value, and one"}, {2, `"k2"`}, {8, "page id of the value"},
				{1, "length of the key"}, {1, "twice the length of the value"}, {2, `"k3"`},
			}, check(leaf.id),
		},
		{
			"inner", "An inner node of the table big: two leaves, of one pair and of two.", inner.b,
			[]field{
				{8, "page id"}, {4, `"big"`}, {1, "level 1"}, {1, "two entries"}, {2, "where the first begins"}, {2, "the second"},
				{8, "page id"}, {1, "one pair"}, {3, "twice the bytes under it"}, {1, "no lower bound"},
				{8, "page id"}, {1, "two pairs"}, {3, "twice the bytes under it"}, {1, "length of the lower bound"}, {1, `"b"`},
			}, check(inner.id),
		},
		{
			"value", "A value of 16 KiB and a byte.", value.b,
			[]field{{8, "page id"}, {16<<10 + 1, "value"}}, check(value.id),
		},
	}
}

func TestGolden(t *testing.T) {
	for _, e := range examples(t) {
		t.Run(e.name, func(t *testing.T) {
			if *writeGolden {
				writeExample(t, e.name, e.title, e.b, e.fields)
				return
			}
			want := golden(t, e.name)
			if !bytes.Equal(e.b, want) {
				t.Errorf("encoded as %x, want %x", e.b, want)
			}
			if err := e.decode(want); err != nil {
				t.Errorf("decode: %v", err)
			}
		})
	}
}

func TestFormatsKeepTheirContent(t *testing.T) {
	if got, err := decodeRoot(goldenRoot.encode()); err != nil || got != goldenRoot {
		t.Errorf("decodeRoot = %+v, %v, want %+v", got, err, goldenRoot)
	}
	if got, err := decodeHead(goldenHead.page, goldenHead.encode()); err != nil || !reflect.DeepEqual(got, goldenHead) {
		t.Errorf("decodeHead = %+v, %v, want %+v", got, err, goldenHead)
	}
	if got, err := decodeJanitor(goldenJanitor.encode()); err != nil || !reflect.DeepEqual(got, goldenJanitor) {
		t.Errorf("decodeJanitor = %+v, %v, want %+v", got, err, goldenJanitor)
	}
	if got, err := decodeGarbage(goldenGarbage.page, goldenGarbage.encode()); err != nil || !reflect.DeepEqual(got, goldenGarbage) {
		t.Errorf("decodeGarbage = %+v, %v, want %+v", got, err, goldenGarbage)
	}
}

func TestDamagedBytesAreCorrupt(t *testing.T) {
	for _, e := range examples(t) {
		t.Run(e.name, func(t *testing.T) {
			whole := golden(t, e.name)
			stride := max(1, len(whole)/256|1) // of the value, every 65th bit
			for bit := 0; bit < len(whole)*8; bit += stride {
				b := bytes.Clone(whole)
				b[bit/8] ^= 1 << (bit % 8)
				if err := e.decode(b); !errors.Is(err, backend.ErrCorrupt) {
					t.Errorf("with bit %d flipped: %v, want ErrCorrupt", bit, err)
				}
			}
			for n := 0; n < len(whole); n += stride {
				if err := e.decode(whole[:n]); !errors.Is(err, backend.ErrCorrupt) {
					t.Errorf("with %d bytes of it: %v, want ErrCorrupt", n, err)
				}
			}
			if err := e.decode(append(bytes.Clone(whole), 0)); !errors.Is(err, backend.ErrCorrupt) {
				t.Errorf("with a byte more: %v, want ErrCorrupt", err)
			}
		})
	}
}

// resealed returns b with change made and the checksum made right again.
func resealed(b []byte, change func(b []byte)) []byte {
	b = bytes.Clone(b[:len(b)-sumSize])
	change(b)
	return pagetree.Seal(b)
}

// Version 1 was never released.
func TestOtherFormatsAreTold(t *testing.T) {
	for _, e := range examples(t) {
		err := e.decode(resealed(golden(t, e.name), func(b []byte) { b[1] = 3 }))
		if want := "written in format 3, this code reads up to 2"; err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s in format 3: %v, want … %s", e.name, err, want)
		}
		if !errors.Is(err, backend.ErrSchemaNewer) || errors.Is(err, backend.ErrCorrupt) {
			t.Errorf("%s in format 3: %v, want ErrSchemaNewer alone", e.name, err)
		}
		err = e.decode(resealed(golden(t, e.name), func(b []byte) { b[1] = 1 }))
		if !errors.Is(err, backend.ErrCorrupt) {
			t.Errorf("%s in format 1: %v, want ErrCorrupt", e.name, err)
		}
	}
}

func TestImpossibleContentIsCorrupt(t *testing.T) {
	inRoot := func(change func(r *root)) []byte { r := goldenRoot; change(&r); return r.encode() }
	inHead := func(change func(h *head)) []byte { h := goldenHead; change(&h); return h.encode() }
	tables := func(tables ...tableRoot) []byte { return inHead(func(h *head) { h.tables = tables }) }
	page := func(r pagetree.Root) []byte { return tables(tableRoot{"t", r}) }
	inJanitor := func(change func(j *janitor)) []byte { j := goldenJanitor; change(&j); return j.encode() }
	for _, c := range []struct {
		name string
		b    []byte
	}{
		{"a root of an ordinal over all", inRoot(func(r *root) { r.ordinal, r.head = maxOrdinal+1, firstPage(maxOrdinal+1) })},
		{"a root of an impossible commit", inRoot(func(r *root) { r.commit = maxNumber + 1 })},
		{"a root of an impossible size", inRoot(func(r *root) { r.size = maxNumber + 1 })},
		{"a root of pages without a checkpoint", inRoot(func(r *root) { r.ordinal, r.head = 0, 0 })},
		{"a root with another checkpoint's head", inRoot(func(r *root) { r.head = firstPage(2) })},
		{"a head elsewhere", inHead(func(h *head) { h.page++ })},
		{"a head of an impossible commit", inHead(func(h *head) { h.commit = maxNumber + 1 })},
		{"a head of too many contexts", inHead(func(h *head) { h.contexts = make([]seen, maxContexts+1) })},
		{"tables out of order", tables(tableRoot{name: "b"}, tableRoot{name: "a"})},
		{"a table twice", tables(tableRoot{name: "a"}, tableRoot{name: "a"})},
		{"a table without a name", tables(tableRoot{})},
		{"pairs without a page", page(pagetree.Root{Count: 1})},
		{"a page without pairs", page(pagetree.Root{Page: 1})},
		{"a page that no key can be", page(pagetree.Root{Page: maxNumber + 1, Count: 1})},
		{"too many pairs", page(pagetree.Root{Page: 1, Count: maxNumber + 1})},
		{"more tables than bytes", resealed(page(pagetree.Root{}), func(b []byte) { b[len(b)-14] = 0x7f })},
		{"a janitor's record of too high an ordinal", inJanitor(func(j *janitor) { j.last = maxOrdinal + 1 })},
		{"a begun checkpoint that was never given", inJanitor(func(j *janitor) { j.begun = []dated{{10, 0}} })},
		{"a begun checkpoint 0", inJanitor(func(j *janitor) { j.begun = []dated{{0, 0}} })},
		{"an impossible garbage page", inJanitor(func(j *janitor) { j.garbage = []dated{{maxNumber + 1, 0}} })},
		{"garbage elsewhere", (&garbage{page: 1}).encode()},
		{"garbage that no page can be", (&garbage{goldenGarbage.page, []uint64{maxNumber + 1}}).encode()},
		{"more garbage than bytes", resealed(goldenGarbage.encode(), func(b []byte) { b[10] = 0x7f })},
	} {
		var err error
		switch c.b[0] {
		case kindRoot:
			_, err = decodeRoot(c.b)
		case kindHead:
			_, err = decodeHead(goldenHead.page, c.b)
		case kindJanitor:
			_, err = decodeJanitor(c.b)
		default:
			_, err = decodeGarbage(goldenGarbage.page, c.b)
		}
		if !errors.Is(err, backend.ErrCorrupt) {
			t.Errorf("%s: %v, want ErrCorrupt", c.name, err)
		}
	}
}
