package pagetree_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/pagetree"
)

// specimens returns a page of each kind, of a tree with values apart.
func specimens(t tb) map[pagetree.ID][]byte {
	t.Helper()
	d := newDisk()
	pairs := map[string]string{"k": "", "key": "v", strings.Repeat("long", 40): strings.Repeat("w", 130), "z": strings.Repeat("x", 200)}
	tree := d.merge(t, pagetree.Tree{}, sizes{150, 200, 150}, puts(pairs))
	all := map[pagetree.ID][]byte{}
	for id := range reachable(t, tree) {
		all[id] = d.pages[id]
	}
	if kinds := kindsOf(all); kinds != "NPV" {
		t.Fatalf("pages are of the kinds %q, want NPV", kinds)
	}
	return all
}

func kindsOf(pages map[pagetree.ID][]byte) string {
	var kinds []byte
	for _, b := range pages {
		kinds = append(kinds, b[0])
	}
	slices.Sort(kinds)
	return string(slices.Compact(kinds))
}

// seal gives b, a page that was changed, a checksum that holds.
func seal(b []byte) []byte {
	end := len(b) - 4
	return binary.BigEndian.AppendUint32(b[:end:end], crc32.Checksum(b[:end], crc32.MakeTable(crc32.Castagnoli)))
}

func TestCheckFindsEveryFlippedBit(t *testing.T) {
	for id, page := range specimens(t) {
		if err := pagetree.Check(id, page); err != nil {
			t.Fatalf("Check of the whole page: %v", err)
		}
		for bit := range len(page) * 8 {
			b := bytes.Clone(page)
			b[bit/8] ^= 1 << (bit % 8)
			if err := pagetree.Check(id, b); !errors.Is(err, backend.ErrCorrupt) {
				t.Errorf("Check with bit %d of %q flipped: %v, want ErrCorrupt", bit, page[0], err)
			}
		}
		for n := range page {
			if err := pagetree.Check(id, page[:n]); !errors.Is(err, backend.ErrCorrupt) {
				t.Errorf("Check of %d of %d bytes: %v, want ErrCorrupt", n, len(page), err)
			}
		}
	}
}

func TestCheckNamesThePage(t *testing.T) {
	for _, c := range []struct {
		name string
		kind byte
		harm func(b []byte) []byte
		id   pagetree.ID // added to the page's own
		want string
	}{
		{"checksum", 'P', func(b []byte) []byte { b[20] ^= 1; return b }, 0, "corrupt data: leaf # checksum doesn't match"},
		{"another place", 'N', func(b []byte) []byte { return b }, 1, "corrupt data: inner node # belongs to another place"},
		{"version 1", 'V', func(b []byte) []byte { b[1] = 1; return seal(b) }, 0, "corrupt data: value page # has no such format"},
		{"version 3", 'P', func(b []byte) []byte { b[1] = 3; return seal(b) }, 0, "schema is newer than this code: leaf # written in format 3, this code reads up to 2"},
		{"kind", 'P', func(b []byte) []byte { b[0] = 'R'; return seal(b) }, 0, "corrupt data: page # is none"},
		{"trailing byte", 'P', func(b []byte) []byte { return seal(append(b, 0)) }, 0, "t: corrupt data: leaf # goes on after its end"},
		{"level", 'N', func(b []byte) []byte { b[12] = 0; return seal(b) }, 0, "t: corrupt data: inner node # has an impossible level"},
		{"no entries", 'P', func(b []byte) []byte { b[12] = 0; return seal(b) }, 0, "t: corrupt data: leaf # has an impossible count of entries"},
		{"table", 'P', func(b []byte) []byte { b[11] = 0xFF; return seal(b) }, 0, "corrupt data: leaf # holds an impossible table name"},
		{"offset", 'P', func(b []byte) []byte { b[14]++; return seal(b) }, 0, "t: corrupt data: leaf # has an entry out of place"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for id, b := range specimens(t) {
				if b[0] != c.kind {
					continue
				}
				err := pagetree.Check(id+c.id, c.harm(bytes.Clone(b)))
				want := strings.ReplaceAll(c.want, "#", fmtID(id+c.id))
				if err == nil || err.Error() != want {
					t.Errorf("Check = %v, want %q", err, want)
				}
				return
			}
		})
	}
}

// A leaf made by hand, as docs/FORMAT.md says, is read.
func TestLeafIsAsDocumented(t *testing.T) {
	leaf := []byte("P\x02" + "\x00\x00\x00\x00\x01\x00\x00\x05" + // page 5 of checkpoint 1
		"\x05todos" + "\x03" + // three pairs
		"\x00\x17" + "\x00\x1d" + "\x00\x20" +
		"\x02\x04" + "ab" + "xy" + // "ab": "xy"
		"\x01\x00" + "b" + // "b": ""
		"\x01\x81\x80\x04" + "c" + "\x00\x00\x00\x00\x01\x00\x00\x04" + // "c": 32 KiB in page 4
		"\x00\x00\x00\x00")
	leaf = seal(leaf)
	id := pagetree.ID(1<<24 + 5)
	table, pairs, err := pagetree.Salvage(id, leaf)
	if err != nil || table != "todos" {
		t.Fatalf("Salvage = %q, %v; want todos", table, err)
	}
	want := []pagetree.Pair{
		{Key: []byte("ab"), Value: []byte("xy"), Size: 2},
		{Key: []byte("b"), Value: []byte{}, Size: 0},
		{Key: []byte("c"), Apart: 1<<24 + 4, Size: 32 << 10},
	}
	got := slices.Collect(pairs)
	if len(got) != len(want) {
		t.Fatalf("Salvage yields %d pairs, want %d", len(got), len(want))
	}
	for i, p := range got {
		if !bytes.Equal(p.Key, want[i].Key) || !bytes.Equal(p.Value, want[i].Value) || p.Apart != want[i].Apart || p.Size != want[i].Size {
			t.Errorf("pair %d is %+v, want %+v", i, p, want[i])
		}
	}

	d := newDisk()
	d.pages[id] = leaf
	long := bytes.Repeat([]byte{7}, 32<<10)
	d.pages[1<<24+4] = seal(append(append([]byte("V\x02\x00\x00\x00\x00\x01\x00\x00\x04"), long...), 0, 0, 0, 0))
	if v, err := pagetree.Value(1<<24+4, d.pages[1<<24+4]); err != nil || !bytes.Equal(v, long) {
		t.Errorf("Value = %d bytes, %v; want %d", len(v), err, len(long))
	}
	if _, err := pagetree.Value(id, leaf); !errors.Is(err, backend.ErrCorrupt) {
		t.Errorf("Value of a leaf: %v, want ErrCorrupt", err)
	}
	if _, _, err := pagetree.Salvage(1<<24+4, d.pages[1<<24+4]); !errors.Is(err, backend.ErrCorrupt) {
		t.Errorf("Salvage of a value: %v, want ErrCorrupt", err)
	}
	tree := pagetree.Tree{Table: "todos", Root: pagetree.Root{Page: id, Count: 3, Size: 1}, Pages: d}
	for key, want := range map[string][]byte{"ab": []byte("xy"), "b": {}, "c": long} {
		if got, err := tree.Get(context.Background(), []byte(key), false); err != nil || !bytes.Equal(got, want) {
			t.Errorf("Get(%q) = %d bytes, %v; want %d", key, len(got), err, len(want))
		}
	}

	// And Merge writes the same bytes.
	d.last = id - 2 // the value gets the id before the leaf's
	d.pages = map[pagetree.ID][]byte{}
	_, err = pagetree.Merge(context.Background(), pagetree.Tree{Table: "todos", Pages: d}, slices.Values([]pagetree.Change{
		{Key: []byte("ab"), Value: []byte("xy")}, {Key: []byte("b")}, {Key: []byte("c"), Value: long},
	}), d)
	if err != nil || !bytes.Equal(d.pages[id], leaf) {
		t.Errorf("Merge writes %x, %v; want %x", d.pages[id], err, leaf)
	}
}

func TestSealAndUnseal(t *testing.T) {
	b := pagetree.Seal([]byte{'J', pagetree.Version, 1, 2, 3})
	if body, err := pagetree.Unseal('J', b); err != nil || !bytes.Equal(body, []byte{1, 2, 3}) {
		t.Errorf("Unseal = %x, %v; want 010203", body, err)
	}
	if _, err := pagetree.Unseal('R', b); !errors.Is(err, backend.ErrCorrupt) {
		t.Errorf("Unseal of another kind: %v, want ErrCorrupt", err)
	}
	if _, err := pagetree.Unseal('J', nil); !errors.Is(err, backend.ErrCorrupt) {
		t.Errorf("Unseal of nothing: %v, want ErrCorrupt", err)
	}
	// CRC-32C of "123456789", from RFC 3720's generator, is e3069283.
	if b := pagetree.Seal([]byte("123456789")); !bytes.HasSuffix(b, []byte{0xe3, 0x06, 0x92, 0x83}) {
		t.Errorf("Seal ends with %x, want e3069283", b[9:])
	}
}
