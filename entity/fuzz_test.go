package entity_test

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/memory"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/keys"
)

// FuzzFrame reads any bytes as a row.
func FuzzFrame(f *testing.F) {
	d := newSchema()
	good := memory.New()
	db, err := entity.Open(context.Background(), good, d.users)
	if err != nil {
		f.Fatal(err)
	}
	update(f, db, func(tx *entity.Tx) error { return d.users.Put(tx, uid("a"), ada) })
	f.Add([]byte(dumpOf(f, good)["users"][string(encoded(f, uid("a")))]))
	revised := newRevised()
	if db, err = entity.Open(context.Background(), good, revised.users); err != nil {
		f.Fatal(err)
	}
	update(f, db, func(tx *entity.Tx) error { return revised.users.Put(tx, uid("a"), ada) })
	f.Add([]byte(dumpOf(f, good)["users"][string(encoded(f, uid("a")))]))
	f.Add([]byte{2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{2, 1, 0, 0, 0, 0})
	f.Add([]byte{2})
	f.Add([]byte{})
	f.Add([]byte{1, 1, 0, 0, 0, 0})
	f.Add([]byte{1, 0x80, 0x80, 0x80, 0x80, 0x10})
	f.Fuzz(func(t *testing.T, frame []byte) {
		s := memory.New()
		db, err := entity.Open(t.Context(), s, d.users)
		if err != nil {
			t.Fatal(err)
		}
		raw(t, s, func(tx backend.WriteTx) error { return tx.Put("users", encoded(t, uid("a")), frame) })
		view(t, db, func(tx *entity.Tx) error {
			_, found, err := d.users.Get(tx, uid("a"))
			if found == errors.Is(err, backend.ErrCorrupt) {
				t.Errorf("Get = %v, %v, want a row or ErrCorrupt", found, err)
			}
			row, same, err := d.users.GetRow(tx, uid("a"))
			if same != found || same && (len(frame) < 2 || row.Revision != 0 && frame[0] != 2) {
				t.Errorf("GetRow = %+v, %v, %v of %x", row, same, err, frame)
			}
			return nil
		})
		if err := entity.Verify(t.Context(), db); !errors.Is(err, backend.ErrCorrupt) {
			t.Errorf("Verify = %v, want ErrCorrupt, since the row has no entries", err)
		}
	})
}

// FuzzCatalogue opens a database one record of whose catalogue is any bytes.
func FuzzCatalogue(f *testing.F) {
	d := newSchema()
	good := memory.New()
	if _, err := entity.Open(context.Background(), good, d.users); err != nil {
		f.Fatal(err)
	}
	for key, value := range dumpOf(f, good)["_catalog"] {
		f.Add([]byte(key), []byte(value))
	}
	f.Add(encoded(f, keys.String("cursor"), keys.Uint(1)), []byte{1, 1, 0, 0, 0, 0})
	for line := range strings.Lines(goldenMigrationText) {
		if fields := strings.Fields(line); fields[0] == "_catalog" {
			key, _ := hex.DecodeString(strings.ReplaceAll(fields[1], "6e6f746573", "7573657273")) // of users, not notes
			value, _ := hex.DecodeString(fields[2])
			f.Add(key, value)
		}
	}
	f.Fuzz(func(t *testing.T, key, value []byte) {
		if backend.CheckKey(key) != nil {
			return
		}
		s := memory.New()
		if _, err := entity.Open(t.Context(), s, d.users); err != nil {
			t.Fatal(err)
		}
		raw(t, s, func(tx backend.WriteTx) error { return tx.Put("_catalog", key, value) })
		db, err := entity.Open(t.Context(), s, d.users)
		if err == nil {
			err = entity.Verify(t.Context(), db)
		}
		for _, class := range []backend.Class{backend.ErrCorrupt, backend.ErrSchemaNewer, backend.ErrInvalid} {
			if err == nil || errors.Is(err, class) {
				return
			}
		}
		t.Errorf("the database with the record is refused with %v", err)
	})
}

// FuzzToken scans from any token.
func FuzzToken(f *testing.F) {
	s := memory.New()
	d := newSchema()
	db, err := entity.Open(context.Background(), s, d.users)
	if err != nil {
		f.Fatal(err)
	}
	update(f, db, func(tx *entity.Tx) error {
		return errors.Join(d.users.Put(tx, uid("a"), ada), d.users.Put(tx, uid("b"), bob))
	})
	view(f, db, func(tx *entity.Tx) error {
		for row := range d.users.Scan(tx, keys.All[keys.UserID]()) {
			token, _ := row.Token()
			f.Add(token)
		}
		for row := range d.byAge.Scan(tx, keys.All[keys.Int]().Reverse()) {
			token, _ := row.Token()
			f.Add(token)
		}
		return nil
	})
	f.Add("AQ")
	f.Fuzz(func(t *testing.T, token string) {
		view(t, db, func(tx *entity.Tx) error {
			rows, err := collect(d.users.Scan(tx, keys.All[keys.UserID]().Resume(token)))
			if err != nil && !errors.Is(err, backend.ErrInvalid) || len(rows) > 2 {
				t.Errorf("Scan = %v, %v, want rows or ErrInvalid", rows, err)
			}
			if _, err := collect(d.byAge.Scan(tx, keys.All[keys.Int]().Reverse().Resume(token))); err != nil && !errors.Is(err, backend.ErrInvalid) {
				t.Errorf("Scan of the index = %v, want rows or ErrInvalid", err)
			}
			return nil
		})
	})
}
