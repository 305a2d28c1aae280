package backendtest

import (
	"context"
	"fmt"
	"sync"

	"github.com/larderdb/larder/backend"
)

var snapshotCases = []testCase{
	{name: "A7 D17 a view is one snapshot", run: snapshotStays,
		rule: "a View's snapshot holds no part of an Update that commits while it runs: in Get, Scan, Tables, Count and ReadVersion"},
	{name: "D17 a commit in the middle of a scan", run: snapshotScan,
		rule: "a loop goes on over its snapshot, pair by pair, while Updates change and drop what lies ahead of it"},
	{name: "A7 a view holds what was acknowledged", run: snapshotFresh,
		rule: "a View's snapshot holds every Update that this Store acknowledged before the View began"},
	{name: "A15 a view never waits", run: viewNeverWaits,
		rule: "a View never waits for an Update, however long that runs; what it has written is not visible before it commits"},
	{name: "A15 views beside each other", run: viewsTogether,
		rule: "Views run at the same time, each on the snapshot that was the newest when it began"},
	{name: "A15 D17 readers and writers", run: readersAndWriters,
		rule: "under concurrent Updates that keep a sum, every View, and every Update, reads that sum"},
}

func snapshotStays(e *env) {
	e.fill("t", "a", "1", "b", "2", "c", "3")
	e.fill("gone", "k", "v")
	v := e.version()
	e.view(func(tx backend.ReadTx) {
		e.wantGet(tx, "t", "a", "1")
		e.update(func(tx backend.WriteTx) {
			e.put(tx, "t", "a", "changed", "aa", "new")
			e.del(tx, "t", "b")
			e.drop(tx, "gone")
			e.put(tx, "new", "k", "v")
		})
		e.wantGet(tx, "t", "a", "1")
		e.wantGet(tx, "t", "b", "2")
		if got, want := state(tx), "gone{k=v} t{a=1 b=2 c=3}"; got != want {
			e.Errorf("the snapshot reads %s after a commit, want %s", got, want)
		}
		if n, err := backend.Count(tx, "t", backend.Range{}); n != 3 || err != nil {
			e.Errorf("Count in the snapshot = %d, %v, want 3, nil", n, err)
		}
		if got := tx.ReadVersion(); got != v {
			e.Errorf("ReadVersion of the snapshot = %d after a commit, want %d", got, v)
		}
	})
	e.wantState("new{k=v} t{a=changed aa=new c=3}")
}

func snapshotScan(e *env) {
	n := e.n(3000, 600)
	for _, reverse := range []bool{false, true} {
		e.fillNumbers("t", n)
		e.view(func(tx backend.ReadTx) {
			i := 0
			for kv, err := range tx.Scan("t", backend.Range{Reverse: reverse}) {
				want := i
				if reverse {
					want = n - 1 - i
				}
				if err != nil || string(kv.Value) != fmt.Sprint(want) {
					e.Fatalf("pair %d = %q, %v, want %d, nil", i, kv.Value, err, want)
				}
				if i%(n/5) == 7 {
					e.update(func(tx backend.WriteTx) {
						for j := range n / 10 {
							e.put(tx, "t", fmt.Sprintf("%06d", j*10), "changed", fmt.Sprintf("%06d+", j), "new")
							if _, err := tx.Delete("t", fmt.Appendf(nil, "%06d", j*10+5)); err != nil {
								e.Fatalf("Delete = %v", err)
							}
						}
					})
				}
				if i == n/2 {
					e.update(func(tx backend.WriteTx) { e.drop(tx, "t"); e.put(tx, "t", "a", "new") })
				}
				i++
			}
			if i != n {
				e.Errorf("the loop (reverse %v) yields %d pairs, want %d", reverse, i, n)
			}
		})
		e.update(func(tx backend.WriteTx) { e.drop(tx, "t") })
	}
}

func snapshotFresh(e *env) {
	for i := range e.n(100, 30) {
		e.fill("t", "k", fmt.Sprint(i))
		e.view(func(tx backend.ReadTx) { e.wantGet(tx, "t", "k", fmt.Sprint(i)) })
	}
}

func viewNeverWaits(e *env) {
	e.fill("t", "a", "1")
	e.update(func(tx backend.WriteTx) {
		value := make([]byte, 1<<16)
		for i := range 40 {
			if err := tx.Put("t", fmt.Appendf(nil, "b%d", i), value); err != nil {
				e.Fatalf("Put = %v", err)
			}
		}
		e.put(tx, "t", "a", "2")
		e.put(tx, "u", "a", "2")
		e.wantState("t{a=1}")
	})
	held := e.hold("c")
	e.view(func(tx backend.ReadTx) {
		e.wantGet(tx, "t", "a", "2")
		e.wantNone(tx, "t", "c")
	})
	held.end()
	e.wantErr("the Update that the View didn't wait for", <-held.done, nil)
	e.view(func(tx backend.ReadTx) { e.wantGet(tx, "t", "c", "held") })
}

func viewsTogether(e *env) {
	const n = 8
	var wg sync.WaitGroup
	begun, end := make(chan struct{}), make(chan struct{})
	for i := range n {
		e.fill("t", "k", fmt.Sprint(i))
		wg.Go(func() {
			err := e.s.View(e.ctx, func(_ context.Context, tx backend.ReadTx) error {
				begun <- struct{}{}
				<-end
				e.wantGet(tx, "t", "k", fmt.Sprint(i))
				return nil
			})
			e.wantErr("View", err, nil)
		})
		<-begun
	}
	e.fill("t", "k", "last")
	close(end)
	wg.Wait()
	e.view(func(tx backend.ReadTx) { e.wantGet(tx, "t", "k", "last") })
}

func readersAndWriters(e *env) {
	const accounts, total = 10, 1000
	sum := func(tx backend.ReadTx) error {
		n, got := 0, 0
		for kv, err := range tx.Scan("accounts", backend.Range{}) {
			if err != nil {
				return err
			}
			var v int
			fmt.Sscan(string(kv.Value), &v)
			n, got = n+1, got+v
		}
		if n != accounts || got != total {
			e.Errorf("%d accounts hold %d, want %d with %d", n, got, accounts, total)
		}
		return nil
	}
	balance := func(tx backend.ReadTx, key []byte) (v int, err error) {
		b, err := tx.Get("accounts", key)
		fmt.Sscan(string(b), &v)
		return v, err
	}
	e.update(func(tx backend.WriteTx) {
		for i := range accounts {
			e.put(tx, "accounts", fmt.Sprint(i), fmt.Sprint(total/accounts))
		}
	})
	rounds := e.n(50, 12)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range rounds {
				from, to := fmt.Append(nil, (w+i)%accounts), fmt.Append(nil, (3*w+7*i+1)%accounts)
				if string(from) == string(to) {
					continue
				}
				err := e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
					a, err := balance(tx, from)
					if err != nil {
						return err
					}
					b, err := balance(tx, to)
					if err != nil {
						return err
					}
					if err := tx.Put("accounts", from, fmt.Append(nil, a-i%7)); err != nil {
						return err
					}
					if err := tx.Put("accounts", to, fmt.Append(nil, b+i%7)); err != nil {
						return err
					}
					return sum(tx)
				})
				e.wantErr("Update", err, nil)
			}
		})
	}
	for range 3 {
		wg.Go(func() {
			for range rounds * 2 {
				err := e.s.View(e.ctx, func(_ context.Context, tx backend.ReadTx) error { return sum(tx) })
				e.wantErr("View", err, nil)
			}
		})
	}
	wg.Wait()
	e.view(func(tx backend.ReadTx) { sum(tx) })
}
