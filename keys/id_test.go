package keys_test

import (
	"encoding"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/keys"
	"github.com/vmihailenco/msgpack/v5"
	"pgregory.net/rapid"
)

// textID is what every id has.
type textID[K any] interface {
	keys.Key[K]
	encoding.TextMarshaler
	IsZero() bool
	String() string
}

// genID generates the texts of ids: with what separates ids from one another
// in text, and what escapes that, among the letters.
var genID = rapid.StringOfN(rapid.SampledFrom([]rune{'a', 'b', ':', '%', '2', '5', '3', 'A', 'é', ' '}), 1, 6, -1)

func checkTextID[K textID[K], P interface {
	*K
	encoding.TextUnmarshaler
}](t *testing.T, row string, max int, make func(string) (K, error)) {
	t.Run(row, func(t *testing.T) {
		ids := rapid.Map(genID, func(s string) K { return must(make(s)) })
		checkKey(t, "B20 bytes and back", ids, func(a, b K) int { return strings.Compare(a.String(), b.String()) })
		checkIDText[K, P](t, ids)

		for _, s := range []string{"a", "job_12345", strings.Repeat("x", max), "a:b", "😀"} {
			id, err := make(s)
			if err != nil || id.String() != s {
				t.Errorf("made of %q: %v, %v", s, id, err)
			}
			if n := len(encode(t, id)); n > keys.MaxPrimaryKey {
				t.Errorf("%q is %d bytes as a key, more than a primary key may have", s, n)
			}
		}
		for _, s := range []string{"", strings.Repeat("x", max+1), "a\xff", "a\x00", "a\n", "\x7f"} {
			class := backend.ErrInvalid
			if len(s) > max {
				class = backend.ErrTooLarge
			}
			if id, err := make(s); !errors.Is(err, class) || !id.IsZero() {
				t.Errorf("made of %q: %v, %v; want an error of class %q and the zero id", s, id, err, class)
			}
			if s == "" {
				continue
			}
			stored, _ := keys.String(strings.ToValidUTF8(s, "\x01")).AppendKey(nil)
			if id, err := keys.Decode[K](stored); !errors.Is(err, backend.ErrCorrupt) {
				t.Errorf("decoded from %x: %v, %v; want ErrCorrupt", stored, id, err)
			}
		}
		var zero K
		if _, err := zero.AppendKey(nil); !errors.Is(err, backend.ErrInvalid) {
			t.Errorf("the zero id as a key: error %v, want ErrInvalid", err)
		}
	})
}

// checkIDText checks that the text form gives the id back.
func checkIDText[K textID[K], P interface {
	*K
	encoding.TextUnmarshaler
}](t *testing.T, ids *rapid.Generator[K]) {
	t.Run("B23 text", rapid.MakeCheck(func(t *rapid.T) {
		a, b := ids.Draw(t, "a"), ids.Draw(t, "b")
		text := must(a.MarshalText())
		var back K
		if err := P(&back).UnmarshalText(text); err != nil || back != a {
			t.Fatalf("%q is read as %v, %v; want %v", text, back, err, a)
		}
		if string(text) != a.String() {
			t.Fatalf("text is %q, String() is %q", text, a.String())
		}
		if a != b && a.String() == b.String() {
			t.Fatalf("two ids have the text %q", text)
		}
	}))
	t.Run("B23 text of the zero id", func(t *testing.T) {
		var zero, back K
		text := must(zero.MarshalText())
		if err := P(&back).UnmarshalText(text); err != nil || len(text) != 0 || !back.IsZero() {
			t.Errorf("the zero id's text is %q, read as %v, %v; want the empty text and the zero id", text, back, err)
		}
	})
}

func TestTextIDs(t *testing.T) {
	checkTextID[keys.UserID](t, "B19 UserID", 120, keys.NewUserID)
	checkTextID[keys.NamespaceID](t, "B19 NamespaceID", 120, keys.NewNamespaceID)
	checkTextID[keys.TableName](t, "B19 TableName", 120, keys.NewTableName)
	checkTextID[keys.StorageID](t, "B19 StorageID", 120, keys.NewStorageID)
	checkTextID[keys.JobID](t, "B16 JobID", 254, keys.NewJobID)
	checkTextID[keys.LiveQueryID](t, "B17 LiveQueryID", 254, keys.NewLiveQueryID)
	checkTextID[keys.UserName](t, "B18 UserName", 120, keys.NewUserName)
	if got := keys.LocalStorageID().String(); got != "local" {
		t.Errorf("LocalStorageID() = %q, want local", got)
	}
}

func TestB18_UserNamesAreCaseSensitiveAndHaveALowerCase(t *testing.T) {
	upper, lower := must(keys.NewUserName("ÉMILE")), must(keys.NewUserName("émile"))
	if upper == lower {
		t.Errorf("%v and %v are one name", upper, lower)
	}
	if upper.Lower() != lower || lower.Lower() != lower {
		t.Errorf("in lower case: %v and %v, want %v", upper.Lower(), lower.Lower(), lower)
	}
	// U+023A is two bytes, its lower case three: 60 of them fit only as written.
	if _, err := keys.NewUserName(strings.Repeat("Ⱥ", 60)); !errors.Is(err, backend.ErrTooLarge) {
		t.Errorf("a name too long in lower case: error %v, want ErrTooLarge", err)
	}
	// What the constructor refuses comes in by no other way either.
	var id keys.UserName
	if err := id.UnmarshalText([]byte(strings.Repeat("Ⱥ", 60))); !errors.Is(err, backend.ErrTooLarge) || !id.IsZero() {
		t.Errorf("the text of a name too long in lower case is read as %q, %v; want ErrTooLarge", id, err)
	}
	b := encode(t, keys.String(strings.Repeat("Ⱥ", 60)))
	if id, err := keys.Decode[keys.UserName](b); !errors.Is(err, backend.ErrCorrupt) {
		t.Errorf("a stored name too long in lower case is decoded as %q, %v; want ErrCorrupt", id, err)
	}
}

func TestB13_RowID(t *testing.T) {
	ids := rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 'x', '0', '1', 'a', 0x7f, 0xc3, 0xa9, 0xff}), 1, 6),
		func(b []byte) keys.RowID { return must(keys.NewRowID(b)) })
	checkKey(t, "B20 bytes and back", ids, func(a, b keys.RowID) int { return strings.Compare(string(a.Bytes()), string(b.Bytes())) })
	checkIDText[keys.RowID](t, ids)

	for _, c := range []struct{ bytes, text string }{
		{"doc_123", "doc_123"},
		{"é", "é"},
		{"\xff\x00", "0xff00"},
		{"a\nb", "0x610a62"},
		{"0xff", "0x30786666"},
	} {
		id := must(keys.RowIDFromString(c.bytes))
		if got := id.String(); got != c.text {
			t.Errorf("text of %q is %q, want %q", c.bytes, got, c.text)
		}
		if got := string(id.Bytes()); got != c.bytes {
			t.Errorf("Bytes() = %q, want %q", got, c.bytes)
		}
	}
	b := []byte("row")
	id := must(keys.NewRowID(b))
	b[0] = 'x'
	if id.String() != "row" {
		t.Errorf("the id is %v after the caller wrote to its bytes, want row", id)
	}

	if _, err := keys.NewRowID(make([]byte, 127)); err != nil {
		t.Errorf("127 zero bytes: error %v, want none: they are 256 bytes as a key", err)
	}
	for name, b := range map[string]string{"255 bytes": strings.Repeat("x", 255), "128 zero bytes": strings.Repeat("\x00", 128)} {
		if _, err := keys.RowIDFromString(b); !errors.Is(err, backend.ErrTooLarge) {
			t.Errorf("%s: error %v, want ErrTooLarge", name, err)
		}
	}
	for _, b := range []string{"", strings.Repeat("x", 255)} {
		if _, err := keys.Decode[keys.RowID](encode(t, keys.Bytes(b))); !errors.Is(err, backend.ErrCorrupt) {
			t.Errorf("decoding %d bytes: error %v, want ErrCorrupt", len(b), err)
		}
	}
	for _, s := range []string{"", "0x", "0x1", "0xzz"} {
		if _, err := keys.ParseRowID(s); !errors.Is(err, backend.ErrInvalid) {
			t.Errorf("ParseRowID(%q): error %v, want ErrInvalid", s, err)
		}
	}
}

var (
	genRow  = rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]byte{0, ':', 'a', 'b', '%', 0xff}), 1, 5), func(b []byte) keys.RowID { return must(keys.NewRowID(b)) })
	genUser = rapid.Map(genID, func(s string) keys.UserID { return must(keys.NewUserID(s)) })

	UserRowIDs = rapid.Custom(func(t *rapid.T) keys.UserRowID {
		return must(keys.NewUserRowID(genUser.Draw(t, "user"), genRow.Draw(t, "row")))
	})
	TableIDs = rapid.Custom(func(t *rapid.T) keys.TableID {
		return must(keys.NewTableID(must(keys.NewNamespaceID(genID.Draw(t, "namespace"))), must(keys.NewTableName(genID.Draw(t, "table")))))
	})
)

func TestB14_UserRowID(t *testing.T) {
	checkKey(t, "B20 bytes and back", UserRowIDs, func(a, b keys.UserRowID) int {
		if c := strings.Compare(a.UserID().String(), b.UserID().String()); c != 0 {
			return c
		}
		return strings.Compare(string(a.RowID().Bytes()), string(b.RowID().Bytes()))
	})
	checkIDText[keys.UserRowID](t, UserRowIDs)

	id := must(keys.ParseUserRowID("alice:todo_1"))
	if id.String() != "alice:todo_1" || id.UserID().String() != "alice" || id.RowID().String() != "todo_1" {
		t.Errorf("alice:todo_1 is %v: user %v, row %v", id, id.UserID(), id.RowID())
	}
	for _, s := range []string{"", "alice", ":row", "alice:", "a%b:row", "a%3a:row", "alice:0x1", "a\n:row"} {
		if id, err := keys.ParseUserRowID(s); !errors.Is(err, backend.ErrInvalid) {
			t.Errorf("ParseUserRowID(%q) = %v, %v; want ErrInvalid", s, id, err)
		}
	}
	user := must(keys.NewUserID(strings.Repeat("u", 120)))
	fits := must(keys.RowIDFromString(strings.Repeat("r", 132)))
	if id, err := keys.NewUserRowID(user, fits); err != nil || len(encode(t, id)) != 256 {
		t.Errorf("a user of 120 bytes and a row of 132: %v; want a key of 256 bytes", err)
	}
	tooLong := must(keys.RowIDFromString(strings.Repeat("r", 133)))
	if _, err := keys.NewUserRowID(user, tooLong); !errors.Is(err, backend.ErrTooLarge) {
		t.Errorf("a user of 120 bytes and a row of 133: error %v, want ErrTooLarge", err)
	}
	stored := encode(t, keys.T2[keys.UserID, keys.RowID]{A: user, B: tooLong})
	if _, err := keys.Decode[keys.UserRowID](stored); !errors.Is(err, backend.ErrCorrupt) {
		t.Errorf("decoding one that is too long: error %v, want ErrCorrupt", err)
	}
	if _, err := keys.NewUserRowID(user, keys.RowID{}); !errors.Is(err, backend.ErrInvalid) {
		t.Errorf("with the zero row id: error %v, want ErrInvalid", err)
	}
}

func TestB15_TableID(t *testing.T) {
	checkKey(t, "B20 bytes and back", TableIDs, func(a, b keys.TableID) int {
		if c := strings.Compare(a.NamespaceID().String(), b.NamespaceID().String()); c != 0 {
			return c
		}
		return strings.Compare(a.TableName().String(), b.TableName().String())
	})
	checkIDText[keys.TableID](t, TableIDs)

	id := must(keys.ParseTableID("ns:table"))
	if id.String() != "ns:table" || id.NamespaceID().String() != "ns" || id.TableName().String() != "table" {
		t.Errorf("ns:table is %v: namespace %v, table %v", id, id.NamespaceID(), id.TableName())
	}
	for _, s := range []string{"", "ns", ":table", "ns:", "n%s:table"} {
		if id, err := keys.ParseTableID(s); !errors.Is(err, backend.ErrInvalid) {
			t.Errorf("ParseTableID(%q) = %v, %v; want ErrInvalid", s, id, err)
		}
	}
	if _, err := keys.NewTableID(keys.NamespaceID{}, id.TableName()); !errors.Is(err, backend.ErrInvalid) {
		t.Errorf("with the zero namespace: error %v, want ErrInvalid", err)
	}
}

func TestD2_ASeparatorInAnIDIsNotOne(t *testing.T) {
	row := func(user, row string) keys.UserRowID {
		return must(keys.NewUserRowID(must(keys.NewUserID(user)), must(keys.RowIDFromString(row))))
	}
	a, b := row("a:b", "c"), row("a", "b:c")
	if a == b || string(encode(t, a)) == string(encode(t, b)) || a.String() == b.String() {
		t.Errorf("%v (%x) and %v (%x) are not apart", a, encode(t, a), b, encode(t, b))
	}
	if got := a.String(); got != "a%3Ab:c" {
		t.Errorf("text is %q, want a%%3Ab:c", got)
	}
}

func TestD26_BinaryIDsComeBackAsTheyWere(t *testing.T) {
	var all [256]byte
	for i := range all {
		all[i] = byte(i)
	}
	for _, part := range [][]byte{all[:128], all[128:]} {
		id := must(keys.NewUserRowID(must(keys.NewUserID("alice")), must(keys.NewRowID(part))))
		back, err := keys.Decode[keys.UserRowID](encode(t, id))
		if err != nil || string(back.RowID().Bytes()) != string(part) {
			t.Errorf("decoded as %x, %v; want %x", back.RowID().Bytes(), err, part)
		}
		if back, err := keys.ParseUserRowID(id.String()); err != nil || back != id {
			t.Errorf("parsed as %v, %v; want %v", back, err, id)
		}
	}
}

func TestB21_KeysAreKeysOfMaps(t *testing.T) {
	seen := map[keys.UserRowID]int{}
	for range 2 {
		seen[must(keys.ParseUserRowID("alice:todo_1"))]++
	}
	if len(seen) != 1 || seen[must(keys.ParseUserRowID("alice:todo_1"))] != 2 {
		t.Errorf("a map of ids holds %v, want one id twice", seen)
	}
}

func TestB23_IDsAndTimesAreFieldsOfRows(t *testing.T) {
	type row struct {
		ID      keys.UserRowID
		Table   keys.TableID
		Job     keys.JobID // none
		Name    keys.UserName
		Row     keys.RowID
		Due     keys.Time
		Session keys.UUID
		Seen    map[keys.UserID]keys.Int
	}
	in := row{
		ID:      must(keys.ParseUserRowID("alice:0xff00")),
		Table:   must(keys.ParseTableID("ns:table")),
		Name:    must(keys.NewUserName("Alice")),
		Row:     must(keys.NewRowID([]byte{0xff, 0})),
		Due:     keys.TimeOf(time.Unix(1_800_000_000, 5)),
		Session: keys.UUID{1, 15: 2},
		Seen:    map[keys.UserID]keys.Int{must(keys.NewUserID("bob")): 3},
	}
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out row
	if err := json.Unmarshal(b, &out); err != nil || !reflect.DeepEqual(out, in) {
		t.Errorf("from JSON: %+v, %v; want %+v", out, err, in)
	}
	if b, err = msgpack.Marshal(in); err != nil {
		t.Fatal(err)
	}
	out = row{}
	if err := msgpack.Unmarshal(b, &out); err != nil || !reflect.DeepEqual(out, in) {
		t.Errorf("from msgpack: %+v, %v; want %+v", out, err, in)
	}
}
