package codectest_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/cbor"
	"github.com/larderdb/larder/entity/codec/msgp"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

type engine struct {
	name string
	open func(testing.TB) backend.Store
}

// onEngines runs test on an empty store of each engine.
func onEngines(t *testing.T, test func(t *testing.T, s backend.Store)) {
	t.Helper()
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			s := e.open(t)
			t.Cleanup(func() {
				if err := s.Close(context.Background()); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
			test(t, s)
		})
	}
}

// open opens s with def and verifies it when the test is over.
func open(t testing.TB, s backend.Store, def entity.Definition) *entity.DB {
	t.Helper()
	db, err := entity.Open(t.Context(), s, def)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := entity.Verify(context.Background(), db); err != nil {
			t.Errorf("Verify: %v", err)
		}
	})
	return db
}

// codecs are those that the tests of stores run with.
var codecs = map[string]entity.Codec[Row]{
	"msgpack": msgpack.Of[Row](),
	"cbor":    cbor.Of[Row](),
	"msgp":    msgp.Of[Row](),
}

// A table is a store of rows with an index.
type table struct {
	rows    *entity.Store[keys.Int, Row]
	byTitle *entity.Index[keys.String, keys.Int, Row]
}

func newTable(codec entity.Codec[Row]) table {
	byTitle := entity.NewIndex("by_title", func(_ keys.Int, r *Row) keys.String { return keys.String(r.Title) })
	return table{rows: entity.New[keys.Int]("rows", codec, byTitle), byTitle: byTitle}
}

func TestA13_B8_StoresHoldRowsOfEachCodec(t *testing.T) {
	for name, codec := range codecs {
		t.Run(name, func(t *testing.T) {
			onEngines(t, func(t *testing.T, s backend.Store) {
				d := newTable(codec)
				db := open(t, s, d.rows)
				err := db.Update(t.Context(), func(_ context.Context, tx *entity.Tx) error {
					for i, row := range rows {
						if err := d.rows.Put(tx, keys.Int(i), row); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					t.Fatalf("Update: %v", err)
				}
				err = db.View(t.Context(), func(_ context.Context, tx *entity.Tx) error {
					for i, want := range rows {
						got, found, err := d.rows.Get(tx, keys.Int(i))
						if err != nil || !found || !sameRow(t, codec, got, want) {
							t.Errorf("Get(%d) = %+v, %t, %v, want %+v", i, got, found, err, want)
						}
					}
					var titles []string
					for row, err := range d.byTitle.Scan(tx, keys.From(keys.String("a"))) {
						if err != nil {
							return err
						}
						titles = append(titles, row.Value.Title)
					}
					if got, want := strings.Join(titles, "|"), rows[2].Title+"|"+full.Title; got != want {
						t.Errorf("titles from a on are %q, want %q", got, want)
					}
					return nil
				})
				if err != nil {
					t.Fatalf("View: %v", err)
				}
			})
		})
	}
}

// sameRow reports whether two rows are stored alike.
func sameRow(t *testing.T, codec entity.Codec[Row], a, b Row) bool {
	t.Helper()
	x, errX := codec.Append(nil, &a)
	y, errY := codec.Append(nil, &b)
	return errors.Join(errX, errY) == nil && string(x) == string(y)
}

// The codec's name is in the catalogue: rows are never read by another one.
func TestB8_AnotherCodecIsRefused(t *testing.T) {
	for written, codec := range codecs {
		for read, other := range codecs {
			if written == read {
				continue
			}
			t.Run(written+" by "+read, func(t *testing.T) {
				onEngines(t, func(t *testing.T, s backend.Store) {
					d := newTable(codec)
					db := open(t, s, d.rows)
					err := db.Update(t.Context(), func(_ context.Context, tx *entity.Tx) error { return d.rows.Put(tx, 1, full) })
					if err != nil {
						t.Fatalf("Update: %v", err)
					}
					_, err = entity.Open(t.Context(), s, newTable(other).rows)
					if !errors.Is(err, backend.ErrSchemaNewer) {
						t.Fatalf("Open: error is %v, want one of class %q", err, backend.ErrSchemaNewer)
					}
					for _, name := range []string{written, read} {
						if !strings.Contains(err.Error(), `"`+name+`"`) {
							t.Errorf("Open: error %q doesn't name the codec %q", err, name)
						}
					}
				})
			})
		}
	}
}
