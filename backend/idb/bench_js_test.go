//go:build js && wasm

package idb_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall/js"
	"testing"
	"time"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/idb"
)

// byHand is what a careful program does without a library: puts of rows of 200
// bytes with two indexes, each in a transaction of its own that is waited for,
// or all begun at once.
const byHand = `(async (name) => {
	const db = await new Promise((resolve, reject) => {
		const open = indexedDB.open(name, 1);
		open.onupgradeneeded = () => {
			const rows = open.result.createObjectStore("rows", { keyPath: "id" });
			rows.createIndex("a", "a");
			rows.createIndex("b", "b");
		};
		open.onsuccess = () => resolve(open.result);
		open.onerror = () => reject(open.error);
	});
	let id = 0;
	const put = () => new Promise((resolve, reject) => {
		const tx = db.transaction("rows", "readwrite", { durability: "relaxed" });
		id++;
		tx.objectStore("rows").put({ id, a: "a" + (id * 7919) % 10007, b: id % 100, body: new Uint8Array(160) });
		tx.oncomplete = resolve;
		tx.onabort = () => reject(tx.error);
		tx.commit();
	});
	return {
		each: async (n) => { for (let i = 0; i < n; i++) await put(); },
		atOnce: (n) => Promise.all(Array.from({ length: n }, put)),
		close: () => { db.close(); indexedDB.deleteDatabase(name); },
	};
})`

// BenchmarkCommit measures commits of a row of 200 bytes and two index entries,
// and reports how they compare with a put by hand that is waited for: the median over
// rounds that take turns. Alone and shared are commits one after the other,
// without and with another tab that writes, too; group and async are as many at
// once, and one after the other without waiting until the last. Group is
// compared with puts by hand at once.
func BenchmarkCommit(b *testing.B) {
	for _, c := range []struct {
		name  string
		ways  string // how it goes by hand
		tabs  int
		async bool
	}{
		{"alone", "each", 1, false},
		{"shared", "each", 2, false},
		{"group", "atOnce", 1, false},
		{"async", "each", 1, true},
	} {
		b.Run(c.name, func(b *testing.B) {
			ctx := context.Background()
			name := fmt.Sprintf("bench-%x", rand.Uint64())
			var stores []*idb.Store
			for range c.tabs {
				s, err := idb.Open(ctx, name, nil)
				if err != nil {
					b.Fatal(err)
				}
				stores = append(stores, s)
			}
			id := uint32(0)
			commit := func(ctx context.Context, s *idb.Store) {
				err := s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
					id++
					key := binary.BigEndian.AppendUint32(nil, id)
					if err := tx.Put("rows", key, make([]byte, 200)); err != nil {
						return err
					}
					if err := tx.Put("_index/1", append(fmt.Appendf(nil, "a%d", id*7919%10007), key...), []byte{1}); err != nil {
						return err
					}
					return tx.Put("_index/2", append([]byte{byte(id % 100)}, key...), []byte{1})
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			ours := func(n int) {
				s := stores[0]
				switch {
				case c.async:
					async := backend.WithTxOptions(ctx, backend.TxOptions{Durability: backend.Async})
					for range n {
						commit(async, s)
					}
					if err := backend.Flush(ctx, s); err != nil {
						b.Fatal(err)
					}
				case c.ways == "atOnce":
					together(n, func(int) error { commit(ctx, s); return nil })
				default:
					for range n {
						commit(ctx, s)
					}
				}
			}
			hand := awaitPromise(js.Global().Call("eval", byHand).Invoke(name + " by hand"))
			for _, s := range stores {
				commit(ctx, s) // which takes the locks
			}
			const round = 50
			var ratios []float64
			var mine time.Duration
			for i := 0; i < b.N; i += round {
				begin := time.Now()
				ours(round)
				took := time.Since(begin)
				begin = time.Now()
				awaitPromise(hand.Call(c.ways, round))
				mine += took
				ratios = append(ratios, float64(took)/float64(time.Since(begin)))
			}
			slices.Sort(ratios)
			b.ReportMetric(float64(mine.Nanoseconds())/float64(len(ratios)*round), "ns/commit")
			b.ReportMetric(ratios[len(ratios)/2], "×by-hand")
			for _, s := range stores {
				if err := s.Close(ctx); err != nil {
					b.Fatal(err)
				}
			}
			if err := idb.Delete(ctx, name); err != nil {
				b.Fatal(err)
			}
			hand.Call("close")
		})
	}
}

// BenchmarkOpen measures opening a database of 170,000 rows with three index
// entries each, 60 MB, from its checkpoint, and reports the longest time that
// the page had to wait for its turn.
func BenchmarkOpen(b *testing.B) {
	ctx := context.Background()
	name := fmt.Sprintf("bench-%x", rand.Uint64())
	s, err := idb.Open(ctx, name, nil)
	if err != nil {
		b.Fatal(err)
	}
	longest := watchTurns()
	begin := time.Now()
	const rows, batch = 170_000, 1000
	for i := 0; i < rows; i += batch {
		err := s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
			for j := i; j < i+batch; j++ {
				key := binary.BigEndian.AppendUint32(nil, uint32(j))
				if err := tx.Put("rows", key, make([]byte, 220)); err != nil {
					return err
				}
				for index := range 3 {
					entry := fmt.Appendf(nil, "entry %016x ", rand.Uint64())
					if err := tx.Put(fmt.Sprintf("_index/%d", index), append(entry, key...), []byte{1}); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.Logf("writing took %v, the longest turn %v", time.Since(begin), longest())
	if err := s.Close(ctx); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for range b.N {
		longest := watchTurns()
		s, err := idb.Open(ctx, name, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(longest().Milliseconds()), "ms-longest-turn")
		b.StopTimer()
		if err := s.Close(ctx); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	if err := idb.Delete(ctx, name); err != nil {
		b.Fatal(err)
	}
}

// watchTurns asks for the turn again and again until the function returned is
// called, which returns how long it had to wait at most.
func watchTurns() func() time.Duration {
	var longest time.Duration
	last := time.Now()
	stop := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
			}
			giveTurn()
			now := time.Now()
			longest = max(longest, now.Sub(last))
			last = now
		}
	}()
	return func() time.Duration {
		close(stop)
		<-stopped
		return longest
	}
}

func awaitPromise(p js.Value) js.Value {
	done := make(chan js.Value, 1)
	f := js.FuncOf(func(_ js.Value, args []js.Value) any {
		v := js.Undefined()
		if len(args) > 0 {
			v = args[0]
		}
		done <- v
		return nil
	})
	defer f.Release()
	p.Call("then", f, f)
	return <-done
}
