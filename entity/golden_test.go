package entity_test

import (
	_ "embed"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

//go:embed testdata/golden.txt
var goldenText string

//go:embed testdata/golden2.txt
var goldenText2 string

// TestGolden writes a database and compares all its bytes with those that
// testdata/golden.txt has had since the format was made, and reads it back
// from there. A new version of the format gets a file of its own; this one
// never changes.
func TestGolden(t *testing.T) {
	golden := readGolden(t, goldenText)
	titles := entity.NewUnique("title", func(_ keys.RowID, v *string) keys.String { return keys.String(*v) }).WithSchema(300, "path: title")
	notes := entity.New[keys.RowID]("notes", silent[string]{msgpack.Of[string]()}, titles).WithSchema(2, "key: id")
	one := keys.Must(keys.RowIDFromString("1"))
	onEngines(t, func(t *testing.T, s backend.Store) {
		db := open(t, s, notes)
		update(t, db, func(tx *entity.Tx) error { return notes.Put(tx, one, "hi") })
		wantEqualDumps(t, "what was written", dumpOf(t, s), golden)
	})
	onEngines(t, func(t *testing.T, s backend.Store) {
		raw(t, s, func(tx backend.WriteTx) error { return restore(tx, golden) })
		db := open(t, s, notes)
		view(t, db, func(tx *entity.Tx) error {
			row, found, err := titles.Get(tx, "hi")
			if !found || row.Key != one || row.Value != "hi" {
				t.Errorf("Get(hi) = %+v, %v, want row 1", row, found)
			}
			return err
		})
	})
}

// TestGoldenRevision is TestGolden for testdata/golden2.txt: a row with a
// revision, and a sequence.
func TestGoldenRevision(t *testing.T) {
	golden := readGolden(t, goldenText2)
	titles := entity.NewUnique("title", func(_ keys.RowID, v *string) keys.String { return keys.String(*v) }).WithSchema(300, "path: title")
	notes := entity.New[keys.RowID]("notes", silent[string]{msgpack.Of[string]()}, titles).WithSchema(2, "key: id").WithRevisions()
	one := keys.Must(keys.RowIDFromString("1"))
	onEngines(t, func(t *testing.T, s backend.Store) {
		db := open(t, s, notes)
		update(t, db, func(tx *entity.Tx) error { return notes.Put(tx, one, "hi") })
		if n := next(t, db); n != 1 {
			t.Errorf("Next = %d, want 1", n)
		}
		wantEqualDumps(t, "what was written", dumpOf(t, s), golden)
	})
	onEngines(t, func(t *testing.T, s backend.Store) {
		raw(t, s, func(tx backend.WriteTx) error { return restore(tx, golden) })
		db := open(t, s, notes)
		view(t, db, func(tx *entity.Tx) error {
			row, found, err := titles.Get(tx, "hi")
			if !found || row.Key != one || row.Value != "hi" || row.Revision != 2 {
				t.Errorf("Get(hi) = %+v, %v, want row 1 of revision 2", row, found)
			}
			return err
		})
		if n := next(t, db); n != 1001 {
			t.Errorf("Next = %d, want 1001", n)
		}
	})
}

// TestGoldenToken compares a token with the one in the format's description.
func TestGoldenToken(t *testing.T) {
	const want = "AQFKXYCYFSQCYgA"
	onEngines(t, func(t *testing.T, s backend.Store) {
		db, d := withUsers(t, s)
		view(t, db, func(tx *entity.Tx) error {
			for row, err := range d.byAge.Scan(tx, keys.All[keys.Int]().Reverse().Limit(1)) {
				if err != nil {
					return err
				}
				if got, err := row.Token(); got != want || err != nil {
					t.Errorf("Token = %s, %v, want %s", got, err, want)
				}
			}
			return nil
		})
	})
}

// readGolden reads lines of a table's name, a key and a value in hexadecimal.
func readGolden(t *testing.T, text string) dump {
	t.Helper()
	d := make(dump)
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		key, err1 := hex.DecodeString(f[1])
		value, err2 := hex.DecodeString(f[2])
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		if d[f[0]] == nil {
			d[f[0]] = make(map[string]string)
		}
		d[f[0]][string(key)] = string(value)
	}
	return d
}
