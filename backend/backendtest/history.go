package backendtest

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"github.com/larderdb/larder/backend"
)

var historyCase = testCase{name: "history of commits", run: history,
	rule: "each Update acts as if it ran alone, in the order of commit numbers; that order agrees with the order in which calls returned and began, and each View reads one prefix of it"}

// A commit is what an Update of the history saw and did; its number and time
// are known once it has returned.
type commit struct {
	id           string
	before       uint64 // the counter that it read
	number       uint64
	began, ended uint64 // readings of a clock that all goroutines share
}

func history(e *env) {
	const workers = 5
	rounds := e.n(25, 8)
	var mu sync.Mutex
	var clock uint64
	var commits []commit
	tick := func() uint64 {
		mu.Lock()
		defer mu.Unlock()
		clock++
		return clock
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range rounds {
				c := commit{id: fmt.Sprintf("%d-%d", w, i), began: tick()}
				err := e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) (err error) {
					if c.before, err = add(tx, "t", "n"); err != nil {
						return err
					}
					return tx.Put("log", append(make([]byte, 8), c.id...), []byte(c.id), backend.Stamp{InKey: true})
				})
				c.ended = tick()
				e.wantErr("Update", err, nil)
				mu.Lock()
				commits = append(commits, c)
				mu.Unlock()
			}
		})
		wg.Go(func() {
			var last uint64
			for range rounds {
				began := tick()
				err := e.s.View(e.ctx, func(_ context.Context, tx backend.ReadTx) error {
					last = e.checkPrefix(tx, last)
					return nil
				})
				e.wantErr("View", err, nil)
				mu.Lock()
				for _, c := range commits {
					if c.ended < began && c.before >= last {
						e.Errorf("a View read %d commits, without one that had been acknowledged before it began", last)
					}
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	numbers := map[string]uint64{}
	e.view(func(tx backend.ReadTx) {
		for kv, err := range tx.Scan("log", backend.Range{}) {
			if err != nil {
				e.Fatalf("Scan: %v", err)
			}
			numbers[string(kv.Value)] = binary.BigEndian.Uint64(kv.Key)
		}
	})
	for i := range commits {
		commits[i].number = numbers[commits[i].id]
	}
	slices.SortFunc(commits, func(a, b commit) int { return cmp.Compare(a.number, b.number) })
	for i, c := range commits {
		if c.before != uint64(i) {
			e.Errorf("commit %d in the order of numbers read a counter of %d", i, c.before)
		}
		for _, later := range commits[i+1:] {
			if later.ended < c.began {
				e.Errorf("commit number %d returned before number %d began", later.number, c.number)
			}
			if later.number == c.number {
				e.Errorf("two commits have the number %d", c.number)
			}
		}
	}
}

// checkPrefix checks that a View of the history's tables reads one prefix of
// the commits, at least last of them, and returns how many.
func (e *env) checkPrefix(tx backend.ReadTx, last uint64) uint64 {
	n, err := readNumber(tx, "t", "n")
	if err != nil {
		e.Errorf("the counter: %v", err)
	}
	logged, newest := uint64(0), uint64(0)
	for kv, err := range tx.Scan("log", backend.Range{}) {
		if backend.IsNotFound(err) {
			break
		}
		if err != nil {
			e.Errorf("Scan: %v", err)
			break
		}
		logged, newest = logged+1, binary.BigEndian.Uint64(kv.Key)
	}
	if logged != n {
		e.Errorf("a View reads a counter of %d beside a log of %d", n, logged)
	}
	if newest != tx.ReadVersion() {
		e.Errorf("a View's newest commit is %d, but its ReadVersion %d", newest, tx.ReadVersion())
	}
	if n < last {
		e.Errorf("a View reads %d commits after the same goroutine had read %d", n, last)
	}
	return n
}
