package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tiny is a module with one imported function, two of its own with bodies of 3
// and 2 bytes, 4 bytes of data, and names.
func tiny() []byte {
	section := func(id byte, body string) string { return string([]byte{id, byte(len(body))}) + body }
	names := "\x02" + // functions: 1 is keys.Append, 2 has no package
		"\x01\x25github.com_larderdb_larder_keys.Append" +
		"\x02\x03_rt"
	return []byte("\x00asm\x01\x00\x00\x00" +
		section(sectionImport, "\x01\x04gojs\x01a\x00\x00") +
		section(sectionCode, "\x02\x03abc\x02de") +
		section(sectionData, "data") +
		section(sectionCustom, "\x04name"+"\x01"+string([]byte{byte(len(names))})+names))
}

func TestByPackage(t *testing.T) {
	m, err := parseModule(tiny())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, p := range m.byPackage([]string{"github.com/larderdb/larder/keys", "github.com/larderdb/larder"}) {
		got[p.path] = p.bytes
	}
	if got, want := fmt.Sprint(got), "map[(other):2 github.com/larderdb/larder/keys:3]"; got != want {
		t.Errorf("by package: %s, want %s", got, want)
	}
	if m.codeBytes() != 5 || m.dataBytes != 4 {
		t.Errorf("code %d, data %d, want 5 and 4", m.codeBytes(), m.dataBytes)
	}
}

func FuzzParseModule(f *testing.F) {
	whole := tiny()
	for n := range whole {
		f.Add(whole[:n])
	}
	f.Add(whole)
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := parseModule(data); err == nil && m.codeBytes() > len(data) {
			t.Errorf("%d bytes of code in %d", m.codeBytes(), len(data))
		}
	})
}

func TestRatchet(t *testing.T) {
	old := ratchet
	t.Cleanup(func() { ratchet = old })
	ratchet = filepath.Join(t.TempDir(), "ratchet")
	set := func(text string) {
		t.Helper()
		if err := os.WriteFile(ratchet, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name  string
		file  string
		got   int
		lower bool
		fails bool
		after string
	}{
		{"below", "100\n", 99, false, false, "100\n"},
		{"at it", "100\n", 100, true, false, "100\n"},
		{"above", "100\n", 101, true, true, "100\n"},
		{"lowered", "100\n", 90, true, false, "90\n"},
		{"no number", "many\n", 1, false, true, "many\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set(tt.file)
			err := compare(&strings.Builder{}, tt.got, tt.lower)
			if (err != nil) != tt.fails {
				t.Errorf("compare = %v, want an error: %v", err, tt.fails)
			}
			if after, err := os.ReadFile(ratchet); err != nil || string(after) != tt.after {
				t.Errorf("ratchet = %q, %v, want %q", after, err, tt.after)
			}
		})
	}
}
