package backendtest

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"github.com/larderdb/larder/backend"
)

var shareCases = []testCase{
	{name: "two stores, no lost updates", run: func(e *env) { e.increment(e.s, e.open(e.name)) }, needs: Config.shares,
		rule: "Updates are serializable among all stores on one database"},
	{name: "two stores, each sees the other", run: shareFresh, needs: Config.shares,
		rule: "a Fresh View, and the run of an Update that commits, read what any store on the database had acknowledged before it began"},
	{name: "two stores, closures run again", run: shareRerun, needs: Config.shares,
		rule: "when another store's commit gets in between, fn runs again on it, and nothing is left of its earlier run"},
	{name: "two stores, a refusal is of the newest state", run: shareRefusal, needs: Config.shares,
		rule: "an error that fn returns is passed on only when no other store's commit lies between what fn read and that error"},
	{name: "two stores, commit numbers", run: shareNumbers, needs: Config.shares,
		rule: "commit numbers ascend over all stores on one database, and none is used twice"},
	{name: "two stores, one closes", run: shareClose, needs: Config.shares,
		rule: "closing a store doesn't disturb the others on its database"},
}

func (e *env) viewFresh(s backend.Store, fn func(tx backend.ReadTx)) {
	e.Helper()
	err := s.View(backend.WithTxOptions(e.ctx, backend.TxOptions{Fresh: true}), func(_ context.Context, tx backend.ReadTx) error {
		fn(tx)
		return nil
	})
	if err != nil {
		e.Fatalf("Fresh View = %v, want nil", err)
	}
}

func shareFresh(e *env) {
	other := e.open(e.name)
	for i := range 10 {
		here, there := e.s, other
		if i%2 == 1 {
			here, there = other, e.s
		}
		e.updateOn(here, func(tx backend.WriteTx) { e.put(tx, "t", "k", fmt.Sprint(i)) })
		if i < 5 {
			e.viewFresh(there, func(tx backend.ReadTx) { e.wantGet(tx, "t", "k", fmt.Sprint(i)) })
		}
		// The closure's last run counts; one before it may have read less.
		var read []byte
		e.updateOn(there, func(tx backend.WriteTx) {
			read, _ = tx.Get("t", []byte("k"))
			read = bytes.Clone(read)
			e.put(tx, "t", "seen", fmt.Sprint(i))
		})
		if want := fmt.Sprint(i); string(read) != want {
			e.Errorf("the Update that committed had read %q, want %q", read, want)
		}
		e.viewFresh(here, func(tx backend.ReadTx) { e.wantGet(tx, "t", "seen", fmt.Sprint(i)) })
	}
}

func shareRerun(e *env) {
	other := e.open(e.name)
	e.fill("t", "n", number(1))
	runs := 0
	err := e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
		runs++
		n, err := add(tx, "t", "n")
		if err != nil {
			return err
		}
		if err := tx.Put("t", []byte(fmt.Sprintf("run-%d", runs)), []byte(fmt.Sprint(n))); err != nil {
			return err
		}
		if runs > 1 {
			return nil
		}
		return other.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
			_, err := add(tx, "t", "n")
			return err
		})
	})
	e.wantErr("Update with another store's commit inside", err, nil)
	e.viewFresh(e.s, func(tx backend.ReadTx) {
		e.wantScan(tx, "t", backend.Range{}, quote([]byte("n"))+"="+quote([]byte(number(3)))+" run-2=2")
	})
	if runs != 2 {
		e.Errorf("the closure ran %d times, want 2", runs)
	}
}

func shareRefusal(e *env) {
	other := e.open(e.name)
	e.updateOn(e.s, func(tx backend.WriteTx) { e.put(tx, "t", "k", "") })
	for i := range 10 {
		want := fmt.Sprint(i)
		e.updateOn(other, func(tx backend.WriteTx) { e.put(tx, "t", "k", want) })
		err := e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
			got, err := tx.Get("t", []byte("k"))
			if err == nil && string(got) != want {
				err = fmt.Errorf("k is %q", got)
			}
			return err
		})
		e.wantErr("Update after another store's acknowledged "+want, err, nil)
	}
}

func shareNumbers(e *env) {
	stores := []backend.Store{e.s, e.open(e.name)}
	var wg sync.WaitGroup
	const rounds = 10
	for i, s := range stores {
		wg.Go(func() {
			for j := range rounds {
				err := s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
					key := fmt.Appendf(make([]byte, 8), "%d-%d", i, j)
					return tx.Put("log", key, []byte(fmt.Sprint(j)), backend.Stamp{InKey: true})
				})
				e.wantErr("Update", err, nil)
			}
		})
	}
	wg.Wait()
	e.viewFresh(e.s, func(tx backend.ReadTx) {
		seen := map[string]bool{}
		last := map[byte]string{}
		for kv, err := range tx.Scan("log", backend.Range{}) {
			if err != nil {
				e.Fatalf("Scan: %v", err)
			}
			if n := string(kv.Key[:8]); seen[n] {
				e.Errorf("two commits have the number %q", n)
			} else {
				seen[n] = true
			}
			store := kv.Key[8]
			if string(kv.Value) != "0" && last[store] >= string(kv.Value) {
				e.Errorf("store %c's commit %s is numbered after its commit %s", store, kv.Value, last[store])
			}
			last[store] = string(kv.Value)
		}
		if len(seen) != len(stores)*rounds {
			e.Errorf("%d commits left %d numbers", len(stores)*rounds, len(seen))
		}
	})
}

func shareClose(e *env) {
	other := e.open(e.name)
	e.updateOn(other, func(tx backend.WriteTx) { e.put(tx, "t", "a", "1") })
	if err := other.Close(e.ctx); err != nil {
		e.Errorf("Close = %v, want nil", err)
	}
	e.wantClosed(other)
	e.update(func(tx backend.WriteTx) { e.put(tx, "t", "b", "2") })
	e.wantState("t{a=1 b=2}")
	e.viewFresh(e.open(e.name), func(tx backend.ReadTx) { e.wantScan(tx, "t", backend.Range{}, "a=1 b=2") })
}
