//go:build !wasm

package bolt_test

import (
	"context"
	"encoding/binary"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/larderdb/larder/backend"
)

// plain opens bbolt itself, as the engine opens it.
func plain(t testing.TB) *bbolt.DB {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "db"), 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType, InitialMmapSize: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

const perTx = 1000

func benchKey(buf []byte, i int) []byte {
	return binary.BigEndian.AppendUint64(buf[:0], uint64(i)*0x9E3779B97F4A7C15)
}

func BenchmarkPut(b *testing.B) {
	value := make([]byte, 200)
	b.Run("bbolt", func(b *testing.B) {
		db := plain(b)
		var buf [8]byte
		for i := 0; b.Loop(); i++ {
			err := db.Update(func(tx *bbolt.Tx) error {
				bucket, err := tx.CreateBucketIfNotExists([]byte("t"))
				for j := range perTx {
					if err == nil {
						err = bucket.Put(benchKey(buf[:], (i*perTx+j)%100_000), value)
					}
				}
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("larder", func(b *testing.B) {
		s := open(b)
		var buf [8]byte
		for i := 0; b.Loop(); i++ {
			err := s.Update(context.Background(), func(_ context.Context, tx backend.WriteTx) error {
				for j := range perTx {
					if err := tx.Put("t", benchKey(buf[:], (i*perTx+j)%100_000), value); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkGet(b *testing.B) {
	value := make([]byte, 200)
	const rows = 20_000
	var buf [8]byte
	b.Run("bbolt", func(b *testing.B) {
		db := plain(b)
		err := db.Update(func(tx *bbolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists([]byte("t"))
			for j := range rows {
				if err == nil {
					err = bucket.Put(benchKey(buf[:], j), value)
				}
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		for i := 0; b.Loop(); i++ {
			db.View(func(tx *bbolt.Tx) error {
				bucket := tx.Bucket([]byte("t"))
				for j := range perTx {
					if bucket.Get(benchKey(buf[:], (i*perTx+j)%rows)) == nil {
						b.Fatal("missing")
					}
				}
				return nil
			})
		}
	})
	b.Run("larder", func(b *testing.B) {
		s := open(b)
		fill(b, s, rows, value)
		for i := 0; b.Loop(); i++ {
			s.View(context.Background(), func(_ context.Context, tx backend.ReadTx) error {
				for j := range perTx {
					if _, err := tx.Get("t", benchKey(buf[:], (i*perTx+j)%rows)); err != nil {
						b.Fatal(err)
					}
				}
				return nil
			})
		}
	})
}

func fill(b testing.TB, s backend.Store, rows int, value []byte) {
	b.Helper()
	var buf [8]byte
	err := s.Update(context.Background(), func(_ context.Context, tx backend.WriteTx) error {
		for j := range rows {
			if err := tx.Put("t", benchKey(buf[:], j), value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

func BenchmarkScan(b *testing.B) {
	value := make([]byte, 200)
	const rows = 20_000
	s := open(b)
	fill(b, s, rows, value)
	b.Run("bbolt", func(b *testing.B) {
		for b.Loop() {
			n := 0
			s.BBolt().View(func(tx *bbolt.Tx) error {
				c := tx.Bucket([]byte("t")).Cursor()
				for k, v := c.First(); k != nil; k, v = c.Next() {
					n += 1 + int(v[0])
				}
				return nil
			})
			if n != rows {
				b.Fatal(n)
			}
		}
	})
	b.Run("larder", func(b *testing.B) {
		for b.Loop() {
			n := 0
			s.View(context.Background(), func(_ context.Context, tx backend.ReadTx) error {
				for kv, err := range tx.Scan("t", backend.Range{}) {
					if err != nil {
						b.Fatal(err)
					}
					n += 1 + int(kv.Value[0])
				}
				return nil
			})
			if n != rows {
				b.Fatal(n)
			}
		}
	})
}

// BenchmarkConcurrentUpdates is one Put per Update from many goroutines.
func BenchmarkConcurrentUpdates(b *testing.B) {
	s := open(b)
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := put(context.Background(), s, "k", "v"); err != nil {
				b.Fatal(err)
			}
		}
	})
	stats := s.BBolt().Stats()
	b.ReportMetric(float64(stats.TxStats.GetWrite())/float64(b.N), "writes/op")
}

func TestA34_OperationsAllocateNoMoreThanBBolts(t *testing.T) {
	const n = 200
	value := make([]byte, 50)
	key := []byte("a key of some length")
	db, s := plain(t), open(t)
	run := func(what string, direct func(*bbolt.Bucket), ours func(backend.WriteTx)) {
		t.Helper()
		var want, got float64
		err := db.Update(func(tx *bbolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists([]byte("t"))
			if err == nil {
				direct(bucket)
				want = testing.AllocsPerRun(n, func() { direct(bucket) })
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Update(t.Context(), func(_ context.Context, tx backend.WriteTx) error {
			if err := tx.Put("t", []byte("b"), nil); err != nil {
				return err
			}
			ours(tx)
			got = testing.AllocsPerRun(n, func() { ours(tx) })
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got > want {
			t.Errorf("%s allocates %v times, want no more than bbolt's %v", what, got, want)
		}
	}
	run("Put", func(b *bbolt.Bucket) { b.Put(key, value) }, func(tx backend.WriteTx) { tx.Put("t", key, value) })
	run("Get", func(b *bbolt.Bucket) { b.Get(key) }, func(tx backend.WriteTx) { tx.Get("t", key) })
	run("Delete", func(b *bbolt.Bucket) { b.Put(key, value); b.Delete(key) },
		func(tx backend.WriteTx) { tx.Put("t", key, value); tx.Delete("t", key) })
}
