//go:build js && wasm

package idb_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"syscall/js"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/idb"
)

// damaged returns a stored value with one bit changed.
func damaged(b []byte) []byte {
	b[len(b)/2] ^= 4
	return b
}

// newer returns a stored value as a later version would have written it.
func newer(b []byte) []byte {
	b = b[:len(b)-4]
	b[1] = 99
	sum := crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
	return append(b, byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum))
}

// A damaged record leaves the commits before it readable, and nothing is
// written behind it.
func TestDamagedLogIsReadOnly(t *testing.T) {
	for _, c := range []struct {
		name, want string
		harm       func(raw rawDB)
	}{
		{"a bit", "checksum doesn't match", func(raw rawDB) {
			raw.do("log", "put", jsBytes(damaged(bytesOf(raw.do("log", "get", 3)))), 3)
		}},
		{"no bytes", "is shorter than a header", func(raw rawDB) { raw.do("log", "put", "words", 3) }},
		{"empty", "is shorter than a header", func(raw rawDB) { raw.do("log", "put", jsBytes(nil), 3) }},
		{"missing", "belongs to another place", func(raw rawDB) { raw.do("log", "delete", 3) }},
		{"moved", "belongs to another place", func(raw rawDB) {
			raw.do("log", "put", raw.do("log", "get", 2), 3)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := newName(t)
			s := open(t, name)
			for i := range 4 {
				put(t, s, fmt.Sprint(i+1), "v")
			}
			closeStore(t, s)
			raw := openRaw(t, name)
			defer raw.close()
			c.harm(raw)

			s = open(t, name)
			wantState(t, s, "2 1=v 2=v")
			want := "log record 3 " + c.want
			for range 2 {
				err := tryPut(testContext(t), s, "5", "v")
				if !errors.Is(err, backend.ErrCorrupt) || !strings.Contains(err.Error(), want) {
					t.Errorf("Update = %v, want ErrCorrupt with %q", err, want)
				}
			}
			err := s.View(fresh(t), func(context.Context, backend.ReadTx) error { return nil })
			if !errors.Is(err, backend.ErrCorrupt) {
				t.Errorf("a Fresh View = %v, want ErrCorrupt", err)
			}
			wantState(t, s, "2 1=v 2=v")
		})
	}
}

// A store that is open already notices the damage when it comes to it.
func TestLogDamagedWhileOpen(t *testing.T) {
	name := newName(t)
	s, raw := open(t, name), openRaw(t, name)
	defer raw.close()
	put(t, s, "1", "v")
	raw.do("log", "put", jsBytes([]byte("garbage")), 2)
	for range 2 {
		if err := tryPut(testContext(t), s, "2", "v"); !errors.Is(err, backend.ErrCorrupt) {
			t.Errorf("Update = %v, want ErrCorrupt", err)
		}
	}
	wantState(t, s, "1 1=v")
}

// The root and the head have copies, which take their place, in the database
// too.
func TestDamagedRootsAndHeadsAreRepaired(t *testing.T) {
	for _, c := range []struct {
		name string
		harm func(b []byte) any // what is stored in its place
	}{
		{"a bit", func(b []byte) any { return jsBytes(damaged(b)) }},
		{"no bytes", func([]byte) any { return 17 }},
		{"nothing", func([]byte) any { return nil }},
	} {
		for _, what := range []string{"root", "copy of the root", "head", "copy of the head"} {
			t.Run(what+": "+c.name, func(t *testing.T) {
				name := newName(t)
				s, raw := open(t, name), openRaw(t, name)
				defer raw.close()
				writeMuch(t, s, "a")
				raw.awaitCheckpoint(0)
				again := func() { put(t, s, "a-00", strings.Repeat("a", 15_300)) }
				again()
				closeStore(t, s)
				store, key := raw.place(what)
				before := bytesOf(raw.do(store, "get", key))
				harm := func() {
					if v := c.harm(bytes.Clone(before)); v != nil {
						raw.do(store, "put", v, key)
					} else {
						raw.do(store, "delete", key)
					}
				}
				harm()
				s = open(t, name)
				wantMuch(t, s, "a")
				again()
				if what == "root" {
					harm() // while it is open
					again()
				}
				if strings.HasPrefix(what, "copy") {
					return // which nobody has looked at
				}
				if after := raw.do(store, "get", key); !after.InstanceOf(js.Global().Get("Uint8Array")) || !bytes.Equal(bytesOf(after), before) {
					t.Errorf("the %s was not repaired", what)
				}
			})
		}
	}
}

// place returns where a record is stored.
func (r rawDB) place(what string) (store string, key any) {
	r.t.Helper()
	head := int(binary.BigEndian.Uint64(bytesOf(r.do("root", "get", 0))[34:]))
	switch what {
	case "root":
		return "root", 0
	case "copy of the root":
		return "root", 1
	case "head":
		return "pages", head
	default:
		return "pages", head + 1
	}
}

func TestDamageThatOpenFinds(t *testing.T) {
	for _, c := range []struct {
		name  string
		harm  func(raw rawDB)
		class backend.Class
		want  string
	}{
		{"both roots", func(raw rawDB) {
			for _, key := range []int{0, 1} {
				raw.do("root", "put", jsBytes(damaged(bytesOf(raw.do("root", "get", key)))), key)
			}
		}, backend.ErrCorrupt, "root record checksum doesn't match"},
		{"no root", func(raw rawDB) { raw.do("root", "clear") }, backend.ErrCorrupt, "root record is not a Uint8Array"},
		{"both heads", func(raw rawDB) {
			for _, what := range []string{"head", "copy of the head"} {
				store, key := raw.place(what)
				raw.do(store, "put", jsBytes(damaged(bytesOf(raw.do(store, "get", key)))), key)
			}
		}, backend.ErrCorrupt, "checksum doesn't match"},
		{"no head", func(raw rawDB) {
			for _, what := range []string{"head", "copy of the head"} {
				store, key := raw.place(what)
				raw.do(store, "delete", key)
			}
		}, backend.ErrCorrupt, "is missing"},
		{"a newer root", func(raw rawDB) { raw.do("root", "put", jsBytes(newer(bytesOf(raw.do("root", "get", 0)))), 0) }, backend.ErrSchemaNewer, "root record written in format 99"},
		{"a newer head", func(raw rawDB) {
			store, key := raw.place("head")
			raw.do(store, "put", jsBytes(newer(bytesOf(raw.do(store, "get", key)))), key)
		}, backend.ErrSchemaNewer, "written in format 99"},
		{"a newer log record", func(raw rawDB) {
			key := raw.do("log", "getAllKeys").Index(0)
			raw.do("log", "put", jsBytes(newer(bytesOf(raw.do("log", "get", key)))), key)
		}, backend.ErrSchemaNewer, "log record 2 written in format 99"},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := newName(t)
			s, raw := open(t, name), openRaw(t, name)
			defer raw.close()
			writeMuch(t, s, "a")
			raw.awaitCheckpoint(0)
			put(t, s, "b", "1")
			closeStore(t, s)
			c.harm(raw)
			_, err := idb.Open(testContext(t), name, nil)
			if !errors.Is(err, c.class) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Open = %v, want %v with %q", err, c.class, c.want)
			}
		})
	}
}

// A database that is not one of ours is refused and left alone.
func TestForeignDatabase(t *testing.T) {
	name := newName(t)
	raw := openRaw(t, name) // without any object store, at version 1
	raw.close()
	if _, err := idb.Open(testContext(t), name, nil); !errors.Is(err, backend.ErrCorrupt) {
		t.Errorf("Open of a database without our object stores = %v, want ErrCorrupt", err)
	}
}
