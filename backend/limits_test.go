package backend_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
)

// wantClass reports an error that isn't of class; none is wanted when class is
// empty.
func wantClass(t *testing.T, what string, err error, class backend.Class) {
	t.Helper()
	if class == "" && err != nil || class != "" && !errors.Is(err, class) {
		t.Errorf("%s: error is %v, want one of class %q", what, err, class)
	}
}

func TestCheckKey(t *testing.T) {
	for _, c := range []struct {
		name  string
		key   []byte
		class backend.Class
	}{
		{"nil", nil, backend.ErrInvalid},
		{"no bytes", []byte{}, backend.ErrInvalid},
		{"one zero byte", []byte{0}, ""},
		{"one 0xFF", []byte{0xff}, ""},
		{"1,024 bytes", make([]byte, 1024), ""},
		{"1,025 bytes", make([]byte, 1025), backend.ErrTooLarge},
	} {
		wantClass(t, c.name, backend.CheckKey(c.key), c.class)
	}
	// The error can be shown: it holds no more of a key than a key can be.
	var e *backend.Error
	if err := backend.CheckKey(make([]byte, 1<<20)); !errors.As(err, &e) || len(e.Key) != backend.MaxKey {
		t.Errorf("the error of a key of 1 MiB holds %d bytes of it, want %d", len(e.Key), backend.MaxKey)
	}
}

func TestCheckTable(t *testing.T) {
	for _, c := range []struct {
		name  string
		table string
		class backend.Class
	}{
		{"no bytes", "", backend.ErrInvalid},
		{"one letter", "t", ""},
		{"a zero byte", "\x00", ""},
		{"a name of Larder's own", "_catalog", ""},
		{"128 bytes", strings.Repeat("é", 64), ""},
		{"129 bytes", strings.Repeat("é", 64) + "a", backend.ErrTooLarge},
		{"not UTF-8", "a\xff", backend.ErrInvalid},
		{"half a character", "é"[:1], backend.ErrInvalid},
		{"a lone surrogate", "\xed\xa0\x80", backend.ErrInvalid},
	} {
		wantClass(t, c.name, backend.CheckTable(c.table), c.class)
	}
}

func TestCheckPut(t *testing.T) {
	key, value := bytes.Repeat([]byte("k"), 10), make([]byte, 16)
	inKey := func(offset int) []backend.Stamp { return []backend.Stamp{{InKey: true, Offset: offset}} }
	inValue := func(offset int) []backend.Stamp { return []backend.Stamp{{Offset: offset}} }
	for _, c := range []struct {
		name   string
		table  string
		key    []byte
		value  []byte
		stamps []backend.Stamp
		class  backend.Class
	}{
		{"a pair", "t", key, value, nil, ""},
		{"a nil value", "t", key, nil, nil, ""},
		{"a value of 16 MiB", "t", key, make([]byte, 16<<20), nil, ""},
		{"a value of 16 MiB and a byte", "t", key, make([]byte, 16<<20+1), nil, backend.ErrTooLarge},
		{"no key", "t", nil, value, nil, backend.ErrInvalid},
		{"a long key", "t", make([]byte, 1025), value, nil, backend.ErrTooLarge},
		{"no table", "", key, value, nil, backend.ErrInvalid},
		{"a stamp at the value's beginning", "t", key, value, []backend.Stamp{{}}, ""},
		{"a stamp at the value's end", "t", key, value, inValue(8), ""},
		{"a stamp over the value's end", "t", key, value, inValue(9), backend.ErrInvalid},
		{"a stamp before the value", "t", key, value, inValue(-1), backend.ErrInvalid},
		{"a stamp in a value too short for it", "t", key, value[:7], inValue(0), backend.ErrInvalid},
		{"a stamp in a nil value", "t", key, nil, inValue(0), backend.ErrInvalid},
		{"a stamp at the key's end", "t", key, nil, inKey(2), ""},
		{"a stamp over the key's end", "t", key, nil, inKey(3), backend.ErrInvalid},
		{"a stamp before the key", "t", key, nil, inKey(-1), backend.ErrInvalid},
		{"two stamps, the second outside", "t", key, value, []backend.Stamp{{}, {InKey: true, Offset: 3}}, backend.ErrInvalid},
	} {
		wantClass(t, c.name, backend.CheckPut(c.table, c.key, c.value, c.stamps), c.class)
	}
}

func TestCheckRange(t *testing.T) {
	wantClass(t, "the zero range", backend.CheckRange(backend.Range{}), "")
	wantClass(t, "an empty range", backend.CheckRange(backend.Range{Start: []byte("b"), End: []byte("a")}), "")
	wantClass(t, "bounds longer than a key", backend.CheckRange(backend.Range{Start: make([]byte, 2000), End: make([]byte, 2001)}), "")
	wantClass(t, "a limit", backend.CheckRange(backend.Range{Limit: 1}), "")
	wantClass(t, "a negative limit", backend.CheckRange(backend.Range{Limit: -1}), backend.ErrInvalid)
}
