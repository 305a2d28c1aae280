package entity_test

import (
	"context"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/memory"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/keys"
)

// A rawCodec stores bytes as they are, so that what is measured is not it. Its
// values refer to the engine's memory and die with their transaction.
type rawCodec struct{}

func (rawCodec) Name() string { return "raw" }
func (rawCodec) Append(dst []byte, v *backend.KV) ([]byte, error) {
	return append(dst, v.Value...), nil
}
func (rawCodec) Decode(src []byte, v *backend.KV) error { v.Value = src; return nil }

// benchStore has a unique index on the first eight bytes and another index on
// the ninth.
func benchStore() (*entity.Store[keys.Int, backend.KV], *entity.Index[keys.Int, keys.Int, backend.KV]) {
	byLast := entity.NewIndex("by_last", func(_ keys.Int, v *backend.KV) keys.Int { return keys.Int(v.Value[len(v.Value)-1]) })
	byFirst := entity.NewUnique("by_first", func(k keys.Int, v *backend.KV) keys.Int { return k })
	return entity.New[keys.Int]("rows", rawCodec{}, byLast, byFirst), byLast
}

const benchRows = 1000

func benchDB(b testing.TB, def entity.Definition) *entity.DB {
	b.Helper()
	db, err := entity.Open(b.Context(), memory.New(), def)
	if err != nil {
		b.Fatal(err)
	}
	return db
}

func benchValue(i int) backend.KV {
	v := make([]byte, 100)
	v[99] = byte(i)
	return backend.KV{Value: v}
}

func putAll(b testing.TB, db *entity.DB, rows *entity.Store[keys.Int, backend.KV], shift int) {
	err := db.Update(b.Context(), func(_ context.Context, tx *entity.Tx) error {
		for i := range benchRows {
			if err := rows.Put(tx, keys.Int(i), backend.KV{Value: values[i+shift].Value}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

var values = func() []backend.KV {
	v := make([]backend.KV, benchRows+1)
	for i := range v {
		v[i] = benchValue(i)
	}
	return v
}()

// BenchmarkPut puts 1,000 rows of a store with two indexes in a transaction.
func BenchmarkPut(b *testing.B) {
	b.Run("new", func(b *testing.B) {
		rows, _ := benchStore()
		for b.Loop() {
			putAll(b, benchDB(b, rows), rows, 0)
		}
	})
	b.Run("same", func(b *testing.B) {
		rows, _ := benchStore()
		db := benchDB(b, rows)
		for b.Loop() {
			putAll(b, db, rows, 0)
		}
	})
	b.Run("one index changed", func(b *testing.B) {
		rows, _ := benchStore()
		db := benchDB(b, rows)
		for i := 0; b.Loop(); i++ {
			putAll(b, db, rows, i%2)
		}
	})
}

// BenchmarkRead reads 1,000 rows in a transaction.
func BenchmarkRead(b *testing.B) {
	rows, byLast := benchStore()
	db := benchDB(b, rows)
	putAll(b, db, rows, 0)
	for name, read := range map[string]func(tx *entity.Tx) (int, error){
		"get": func(tx *entity.Tx) (n int, err error) {
			for i := range benchRows {
				_, found, err := rows.Get(tx, keys.Int(i))
				if err != nil || !found {
					return n, err
				}
				n++
			}
			return n, nil
		},
		"scan": func(tx *entity.Tx) (n int, err error) {
			for _, err := range rows.Scan(tx, keys.All[keys.Int]()) {
				if err != nil {
					return n, err
				}
				n++
			}
			return n, nil
		},
		"index": func(tx *entity.Tx) (n int, err error) {
			for _, err := range byLast.Scan(tx, keys.All[keys.Int]()) {
				if err != nil {
					return n, err
				}
				n++
			}
			return n, nil
		},
		"keys": func(tx *entity.Tx) (n int, err error) {
			for _, err := range byLast.Keys(tx, keys.All[keys.Int]()) {
				if err != nil {
					return n, err
				}
				n++
			}
			return n, nil
		},
		"query": func(tx *entity.Tx) (n int, err error) {
			for _, err := range byLast.Query().Rows(tx) {
				if err != nil {
					return n, err
				}
				n++
			}
			return n, nil
		},
		"query of both": func(tx *entity.Tx) (n int, err error) {
			for _, err := range rows.Query().And(byLast.Query()).Rows(tx) {
				if err != nil {
					return n, err
				}
				n++
			}
			return n, nil
		},
		"sum": func(tx *entity.Tx) (n int, err error) {
			all, err := entity.Summarize(tx, rows.Query(), func(k keys.Int, _ *backend.KV) int { return int(k) })
			return all.Count, err
		},
		"count": func(tx *entity.Tx) (int, error) { return byLast.Count(tx, keys.All[keys.Int]()) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				err := db.View(b.Context(), func(_ context.Context, tx *entity.Tx) error {
					if n, err := read(tx); n != benchRows || err != nil {
						b.Fatalf("read %d rows, %v", n, err)
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkVerify verifies as many rows as the demo has, with two indexes.
func BenchmarkVerify(b *testing.B) {
	const n = 170_000
	rows, _ := benchStore()
	db := benchDB(b, rows)
	for at := 0; at < n; at += 10_000 {
		err := db.Update(b.Context(), func(_ context.Context, tx *entity.Tx) error {
			for i := at; i < at+10_000; i++ {
				if err := rows.Put(tx, keys.Int(i), benchValue(i)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if err := entity.Verify(b.Context(), db); err != nil {
			b.Fatal(err)
		}
	}
}
