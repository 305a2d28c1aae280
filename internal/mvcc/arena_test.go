package mvcc_test

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
)

// heap returns the bytes that are in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A pair that stays kept its neighbours' buffer alive: a database to which each
// transaction added one row while it replaced a hundred others grew as if
// nothing had been replaced.
func TestReplacedPairsAreFreed(t *testing.T) {
	const transactions, counters, size = 1000, 100, 100
	for name, replace := range map[string]func(tx *mvcc.WriteTx, key string, value []byte){
		"replaced": func(tx *mvcc.WriteTx, key string, value []byte) { put(t, tx, "counters", key, string(value)) },
		"moved": func(tx *mvcc.WriteTx, key string, value []byte) {
			// As the entry of an index: the old one goes, another one comes.
			if _, err := tx.Delete("counters", fmt.Appendf(nil, "%s %d", key, value[0])); err != nil && !backend.IsNotFound(err) {
				t.Fatal(err)
			}
			put(t, tx, "counters", fmt.Sprintf("%s %d", key, value[0]+1), string(value))
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := heap()
			s := new(mvcc.Snapshot)
			for i := range transactions {
				s = commit(t, s, func(tx *mvcc.WriteTx) {
					for j := range counters {
						if j == counters/2 {
							put(t, tx, "log", fmt.Sprintf("%06d", i), string(make([]byte, size)))
						}
						replace(tx, fmt.Sprintf("%03d", j), bytes.Repeat([]byte{byte(i % 200)}, size))
					}
				})
			}
			grown := heap() - before
			if limit := int64(4 * (transactions + counters) * size); grown > limit {
				t.Errorf("%d pairs of %d bytes take %d bytes, want at most %d", transactions+counters, size, grown, limit)
			}
			runtime.KeepAlive(s)
		})
	}
}

// What a shared buffer is for: a load makes far fewer objects than pairs.
func TestPairsOfALoadShareBuffers(t *testing.T) {
	const rows = 5000
	keys := make([][]byte, rows)
	for i := range keys {
		keys[i] = fmt.Appendf(nil, "%06d", i)
	}
	value := make([]byte, 100)
	allocs := testing.AllocsPerRun(5, func() {
		commit(t, new(mvcc.Snapshot), func(tx *mvcc.WriteTx) {
			for _, key := range keys {
				if err := tx.Put("t", key, value); err != nil {
					t.Fatal(err)
				}
			}
		})
	})
	if allocs > rows/4 {
		t.Errorf("a load of %d pairs makes %v objects, want at most %d", rows, allocs, rows/4)
	}
}

// Neighbours in a buffer don't change with each other: stamps are filled in
// place, and slices that were handed out can't be appended to.
func TestNeighboursInABufferAreSafe(t *testing.T) {
	var want string
	s := commit(t, new(mvcc.Snapshot), func(tx *mvcc.WriteTx) {
		for i := range 500 {
			key := fmt.Sprintf("%04d", i)
			switch i % 3 {
			case 0:
				put(t, tx, "t", key, "________", backend.Stamp{})
				want += fmt.Sprintf("%q=%q ", key, "\x00\x00\x00\x00\x00\x00\x00\x01")
			case 1:
				put(t, tx, "t", key+"________", key, backend.Stamp{InKey: true, Offset: 4})
				want += fmt.Sprintf("%q=%q ", key+"\x00\x00\x00\x00\x00\x00\x00\x01", key)
			default:
				put(t, tx, "t", key, key)
				want += fmt.Sprintf("%q=%q ", key, key)
				v, err := tx.Get("t", []byte(key))
				if err != nil {
					t.Fatal(err)
				}
				if cap(v) != len(v) {
					t.Fatalf("the value of %s can be appended to within its buffer", key)
				}
			}
		}
		for kv, err := range tx.Scan("t", backend.Range{}) {
			if err != nil || cap(kv.Key) != len(kv.Key) || cap(kv.Value) != len(kv.Value) {
				t.Fatalf("the pair %q can be appended to within its buffer, or %v", kv, err)
			}
		}
	})
	if got := dump(s); got != "1 t{"+want+"}" {
		t.Errorf("snapshot = %s, want %s", got, want)
	}
}
