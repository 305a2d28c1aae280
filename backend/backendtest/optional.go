package backendtest

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/larderdb/larder/backend"
)

var optionalCases = []testCase{
	{name: "A35 count", run: countBoth,
		rule: "Count is how many pairs a scan of the range yields, by the engine's own way and by the helper's"},
	{name: "A35 delete a range", run: deleteRangeBoth,
		rule: "DeleteRange deletes the pairs that a scan of the range yields and returns how many, by the engine's own way and by the helper's"},
	{name: "A35 delete a range in a loop", run: deleteRangeInLoop,
		rule: "DeleteRange inside a loop doesn't hide pairs from the loop"},
	{name: "A35 remove", run: removeBoth,
		rule: "Remove deletes a key whether it exists or not, as Delete does otherwise, by the engine's own way and by the helper's"},
	{name: "A35 remove in a loop", run: removeInLoop,
		rule: "Remove inside a loop doesn't hide pairs from the loop"},
	{name: "A9 A35 flush", run: flush,
		rule: "Flush returns nil once what was acknowledged is as durable as Strict makes it; stores without a Flusher have nothing to flush"},
	{name: "options of transactions", run: txOptions,
		rule: "every durability commits, and a Fresh View runs, on every engine: one may give more than it is asked for"},
}

// plainRead and plainWrite hide the optional methods of a transaction, so that
// the helpers fall back on the basic ones.
type (
	plainRead  struct{ backend.ReadTx }
	plainWrite struct{ backend.WriteTx }
)

func someRanges() []backend.Range {
	rnd := rand.New(rand.NewPCG(3, 4))
	bound := func() []byte {
		if rnd.IntN(5) == 0 {
			return nil
		}
		return fmt.Appendf(nil, "%06d", rnd.IntN(120))[:1+rnd.IntN(6)]
	}
	ranges := []backend.Range{{}, {Reverse: true}, {Limit: 7}, {Limit: 7, Reverse: true}, {End: []byte{}}}
	for range 20 {
		ranges = append(ranges, backend.Range{Start: bound(), End: bound(), Reverse: rnd.IntN(2) == 0, Limit: rnd.IntN(3) * rnd.IntN(40)})
	}
	return ranges
}

func countBoth(e *env) {
	e.fillNumbers("t", 100)
	e.update(func(tx backend.WriteTx) {
		e.del(tx, "t", "000005", "000099")
		e.put(tx, "t", "000005x", "new")
		for _, r := range someRanges() {
			want := 0
			for range tx.Scan("t", r) {
				want++
			}
			for what, tx := range map[string]backend.ReadTx{"engine": tx, "helper": plainRead{tx}} {
				if got, err := backend.Count(tx, "t", r); got != want || err != nil {
					e.Errorf("Count(%s) by the %s = %d, %v, want %d, nil", showRange(r), what, got, err, want)
				}
			}
		}
	})
}

func deleteRangeBoth(e *env) {
	for _, r := range someRanges() {
		var left [2]string
		for i, what := range []string{"engine", "helper"} {
			e.fillNumbers("t", 100)
			e.update(func(tx backend.WriteTx) {
				e.put(tx, "t", "000050+", "own")
				want := 0
				for range tx.Scan("t", r) {
					want++
				}
				by := tx
				if i == 1 {
					by = plainWrite{tx}
				}
				if got, err := backend.DeleteRange(by, "t", r); got != want || err != nil {
					e.Errorf("DeleteRange(%s) by the %s = %d, %v, want %d, nil", showRange(r), what, got, err, want)
				}
			})
			e.view(func(tx backend.ReadTx) { left[i] = state(tx) })
			e.update(func(tx backend.WriteTx) { e.drop(tx, "t") })
		}
		if left[0] != left[1] {
			e.Errorf("DeleteRange(%s) by the engine leaves %.300s, by the helper %.300s", showRange(r), left[0], left[1])
		}
	}
}

func deleteRangeInLoop(e *env) {
	for i := range 2 {
		e.fillNumbers("t", 50)
		e.update(func(tx backend.WriteTx) {
			by := tx
			if i == 1 {
				by = plainWrite{tx}
			}
			seen := 0
			for kv, err := range tx.Scan("t", backend.Range{}) {
				if err != nil || string(kv.Value) != fmt.Sprint(seen) {
					e.Fatalf("pair %d = %q, %v, want %d, nil", seen, kv.Value, err, seen)
				}
				if seen == 10 {
					if n, err := backend.DeleteRange(by, "t", backend.Range{Start: []byte("000005"), End: []byte("000040")}); n != 35 || err != nil {
						e.Errorf("DeleteRange = %d, %v, want 35, nil", n, err)
					}
				}
				seen++
			}
			if seen != 50 {
				e.Errorf("the loop saw %d pairs, want 50", seen)
			}
			if n, err := backend.Count(tx, "t", backend.Range{}); n != 15 || err != nil {
				e.Errorf("Count = %d, %v, want 15, nil", n, err)
			}
		})
	}
}

func removeBoth(e *env) {
	long := make([]byte, backend.MaxKey+1)
	for i, what := range []string{"engine", "helper"} {
		remove := func(tx backend.WriteTx, table string, key []byte) error {
			if i == 1 {
				tx = plainWrite{tx}
			}
			return backend.Remove(tx, table, key)
		}
		e.fill("t", "a", "1", "b", "2", "c", "3")
		var kept backend.WriteTx
		e.update(func(tx backend.WriteTx) {
			kept = tx
			e.put(tx, "t", "d", "4", "e", "5")
			e.stamp(tx, "t", []byte("s________"), nil, backend.Stamp{InKey: true, Offset: 1})
			for _, key := range []string{"b", "missing", "d", "s" + ff} {
				if err := remove(tx, "t", []byte(key)); err != nil {
					e.Errorf("Remove(%q) by the %s = %v, want nil", key, what, err)
				}
				e.wantNone(tx, "t", key)
			}
			e.wantScan(tx, "t", backend.Range{}, "a=1 c=3 e=5")
			if existed, err := tx.Delete("t", []byte("b")); existed || err != nil {
				e.Errorf("Delete after Remove by the %s = %v, %v, want false, nil", what, existed, err)
			}
			e.put(tx, "t", "d", "again")
			e.wantClass("Remove in a missing table by the "+what, remove(tx, "missing", []byte("a")), backend.ErrTableNotFound)
			e.wantClass("Remove of an empty key by the "+what, remove(tx, "t", nil), backend.ErrInvalid)
			e.wantClass("Remove of a long key by the "+what, remove(tx, "t", long), backend.ErrTooLarge)
		})
		e.wantClass("Remove after the end by the "+what, remove(kept, "t", []byte("a")), backend.ErrTxDone)
		e.wantState("t{a=1 c=3 d=again e=5}")
		err := e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
			e.wantErr("Remove by the "+what, remove(tx, "t", []byte("a")), nil)
			return errRollback
		})
		e.wantErr("Update", err, errRollback)
		e.update(func(tx backend.WriteTx) {
			for _, key := range []string{"a", "c", "d", "e"} {
				e.wantErr("Remove by the "+what, remove(tx, "t", []byte(key)), nil)
			}
		})
		e.wantState("t{nothing}")
	}
}

func removeInLoop(e *env) {
	e.fillNumbers("t", 50)
	e.update(func(tx backend.WriteTx) {
		for _, r := range []backend.Range{{}, {Reverse: true}} {
			seen := 0
			for kv, err := range tx.Scan("t", r) {
				if err == nil {
					err = backend.Remove(tx, "t", kv.Key)
				}
				if err == nil {
					err = backend.Remove(tx, "t", []byte("000025"))
				}
				if err != nil {
					e.Fatalf("at pair %d: %v", seen, err)
				}
				seen++
			}
			if seen != 50 {
				e.Errorf("the loop saw %d pairs, want 50", seen)
			}
			if n, err := backend.Count(tx, "t", backend.Range{}); n != 0 || err != nil {
				e.Errorf("Count after it = %d, %v, want 0, nil", n, err)
			}
			for i := range 50 {
				e.put(tx, "t", fmt.Sprintf("%06d", i), fmt.Sprint(i))
			}
		}
	})
}

// plainStore hides the optional methods of a store.
type plainStore struct{ backend.Store }

func flush(e *env) {
	e.fill("t", "a", "1")
	for _, s := range []backend.Store{e.s, plainStore{e.s}} {
		if err := backend.Flush(e.ctx, s); err != nil {
			e.Errorf("Flush = %v, want nil", err)
		}
	}
	e.wantState("t{a=1}")
}

func txOptions(e *env) {
	for i, d := range []backend.Durability{backend.Default, backend.Relaxed, backend.Strict, backend.Async} {
		ctx := backend.WithTxOptions(e.ctx, backend.TxOptions{Durability: d})
		err := e.s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
			return tx.Put("t", []byte("k"), []byte{'0' + byte(i)})
		})
		e.wantErr(fmt.Sprintf("Update with durability %d", d), err, nil)
		err = e.s.View(backend.WithTxOptions(e.ctx, backend.TxOptions{Fresh: true}), func(_ context.Context, tx backend.ReadTx) error {
			e.wantGet(tx, "t", "k", fmt.Sprint(i))
			return nil
		})
		e.wantErr("Fresh View", err, nil)
	}
}
