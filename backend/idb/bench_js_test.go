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

// byHand is what a careful program does without a library: n puts of 200
// bytes, each in a transaction of its own that is waited for.
const byHand = `(async (name, n) => {
	const db = await new Promise((resolve, reject) => {
		const open = indexedDB.open(name, 1);
		open.onupgradeneeded = () => open.result.createObjectStore("rows");
		open.onsuccess = () => resolve(open.result);
		open.onerror = () => reject(open.error);
	});
	return (n) => new Promise((resolve, reject) => {
		let i = 0;
		const next = () => {
			if (i++ === n) return resolve();
			const tx = db.transaction("rows", "readwrite", { durability: "relaxed" });
			tx.objectStore("rows").put(new Uint8Array(200), i);
			tx.oncomplete = next;
			tx.onabort = () => reject(tx.error);
			tx.commit();
		};
		next();
	});
})`

// BenchmarkCommit measures a commit of one pair of 200 bytes, and reports how
// it compares with a put by hand: the median over rounds that take turns.
func BenchmarkCommit(b *testing.B) {
	ctx := context.Background()
	name := fmt.Sprintf("bench-%x", rand.Uint64())
	s, err := idb.Open(ctx, name, nil)
	if err != nil {
		b.Fatal(err)
	}
	puts := awaitPromise(js.Global().Call("eval", byHand).Invoke(name))
	value := make([]byte, 200)
	const round = 50
	var ratios []float64
	var ours time.Duration
	for i := 0; i < b.N; i += round {
		begin := time.Now()
		for j := range round {
			err := s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
				return tx.Put("rows", binary.BigEndian.AppendUint32(nil, uint32(i+j)), value)
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		mine := time.Since(begin)
		begin = time.Now()
		awaitPromise(puts.Invoke(round))
		ours += mine
		ratios = append(ratios, float64(mine)/float64(time.Since(begin)))
	}
	slices.Sort(ratios)
	b.ReportMetric(float64(ours.Nanoseconds())/float64(len(ratios)*round), "ns/commit")
	b.ReportMetric(ratios[len(ratios)/2], "×by-hand")
	if err := s.Close(ctx); err != nil {
		b.Fatal(err)
	}
	if err := idb.Delete(ctx, name); err != nil {
		b.Fatal(err)
	}
	js.Global().Get("indexedDB").Call("deleteDatabase", name)
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
