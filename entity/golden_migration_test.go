package entity_test

import (
	_ "embed"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/keys"
)

//go:embed testdata/golden-migration.txt
var goldenMigrationText string

// TestGoldenMigration opens a database in the midst of a migration, whose bytes
// are in testdata/golden-migration.txt, and compares what is written when it is
// over with what is there.
func TestGoldenMigration(t *testing.T) {
	golden := readGolden(t, goldenMigrationText)
	type note = map[string]string
	codec := modelled[note]{fields: "due:time title:string"}
	renamed := entity.Migrate(1, modelled[note]{fields: "due:time name:string"}, codec, func(old *note) (note, error) {
		return note{"title": (*old)["name"]}, nil
	})
	notes := entity.New[keys.RowID]("notes", codec).WithMigrations(2, renamed)
	onEngines(t, func(t *testing.T, s backend.Store) {
		raw(t, s, func(tx backend.WriteTx) error { return restore(tx, golden) })
		db := open(t, s, notes)
		view(t, db, func(tx *entity.Tx) error {
			for id, want := range map[string]string{"1": "hi", "2": "ho"} {
				row, _, err := notes.Get(tx, keys.Must(keys.RowIDFromString(id)))
				if err != nil || len(row) != 1 || row["title"] != want {
					t.Errorf("row %s is %v, %v, want the title %s", id, row, err, want)
				}
			}
			return nil
		})
		got := dumpOf(t, s)
		for _, name := range []keys.String{"model", "store"} {
			key := encoded(t, name, keys.String("notes"))
			if got, want := got["_catalog"][string(key)], golden["_catalog"][string(key)]; got != want {
				t.Errorf("the record %s is %x, want %x", name, got, want)
			}
		}
		if _, there := got["_catalog"][string(encoded(t, keys.String("migration"), keys.String("notes")))]; there {
			t.Errorf("the catalogue still says that rows are being migrated")
		}
	})
	onEngines(t, func(t *testing.T, s backend.Store) {
		db := open(t, s, notes)
		update(t, db, func(tx *entity.Tx) error {
			return notes.Put(tx, keys.Must(keys.RowIDFromString("1")), note{"title": "hi"})
		})
		got := dumpOf(t, s)
		for table, key := range map[string][]byte{"_catalog": encoded(t, keys.String("model"), keys.String("notes")), "notes": encoded(t, keys.Bytes("1"))} {
			if got[table][string(key)] != golden[table][string(key)] {
				t.Errorf("%s %x is %x, want %x", table, key, got[table][string(key)], golden[table][string(key)])
			}
		}
	})
}
