package backendtest

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/larderdb/larder/backend"
)

var replayCase = testCase{name: "D12 D16 D17 replay of concurrent Updates", run: replay,
	rule: "what concurrent Updates did and read, scans, drops, errors and slow closures among them, is what they do and read one after another in the order of their commit numbers"}

// A program is an Update with operations drawn from a seed. It writes down what
// each operation reported.
type program struct {
	seed   uint64
	slow   chan struct{} // when not nil, the closure waits for it in the middle
	fails  bool
	report string
	number uint64
}

func (p *program) run(tx backend.WriteTx) error {
	rnd := rand.New(rand.NewPCG(p.seed, 7))
	table := func() string { return replayTables[rnd.IntN(len(replayTables))] }
	key := func() []byte { return []byte{'a' + byte(rnd.IntN(12))} }
	p.report = ""
	for step := range 3 + rnd.IntN(8) {
		switch op := rnd.IntN(20); {
		case op < 8:
			p.note("put", tx.Put(table(), key(), fmt.Append(nil, p.seed, step)))
		case op < 12:
			existed, err := tx.Delete(table(), key())
			p.note("delete", existed, err)
		case op < 13:
			p.note("drop", tx.DropTable(table()))
		case op < 16:
			v, err := tx.Get(table(), key())
			p.note("get", string(v), err)
		default:
			name := table()
			for kv, err := range tx.Scan(name, backend.Range{Reverse: op%2 == 0, Limit: rnd.IntN(9)}) {
				p.note("scan", string(kv.Key), string(kv.Value), err)
				if err == nil && rnd.IntN(3) == 0 {
					p.note("put in scan", tx.Put(name, key(), fmt.Append(nil, p.seed, step)))
				}
			}
		}
		if step == 2 && p.slow != nil {
			<-p.slow
		}
	}
	for _, table := range replayTables {
		p.note(show(tx.Scan(table, backend.Range{})))
	}
	if p.fails {
		return errFails
	}
	return tx.Put("log", fmt.Append(make([]byte, 8), p.seed), nil, backend.Stamp{InKey: true})
}

var replayTables = []string{"t", "u", "v"}

var errFails = errors.New("this program fails")

// note writes down results, errors as their class.
func (p *program) note(results ...any) {
	for _, r := range results {
		if err, ok := r.(error); ok {
			r = classOf(err)
		}
		p.report += fmt.Sprint(r) + " "
	}
	p.report += "; "
}

func replay(e *env) {
	const workers = 6
	rounds := e.n(40, 10)
	var mu sync.Mutex
	var programs []*program
	var slow, all sync.WaitGroup
	run := func(p *program) {
		err := e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error { return p.run(tx) })
		if p.fails {
			e.wantErr("Update", err, errFails)
			return
		}
		e.wantErr("Update", err, nil)
		mu.Lock()
		defer mu.Unlock()
		programs = append(programs, p)
	}
	for w := range workers {
		all.Go(func() {
			for i := range rounds {
				p := &program{seed: uint64(w*rounds + i + 1), fails: i%4 == 3}
				if w == 0 && i%5 == 1 {
					// Others may end and begin while the closure waits for this.
					p.slow = make(chan struct{})
					slow.Go(func() {
						err := e.s.View(e.ctx, func(context.Context, backend.ReadTx) error { return nil })
						e.wantErr("View beside a slow closure", err, nil)
						close(p.slow)
					})
				}
				run(p)
			}
		})
	}
	all.Wait()
	slow.Wait()
	e.checkReplay(programs)
}

// checkReplay runs the programs again on a new database, in the order of their
// numbers.
func (e *env) checkReplay(programs []*program) {
	numbers := map[string]uint64{}
	left := func(s backend.Store) (all string) {
		e.viewOn(s, func(tx backend.ReadTx) {
			for kv, err := range tx.Scan("log", backend.Range{}) {
				if err != nil {
					e.Fatalf("Scan: %v", err)
				}
				numbers[string(kv.Key[8:])] = binary.BigEndian.Uint64(kv.Key)
			}
			for _, table := range replayTables {
				all += show(tx.Scan(table, backend.Range{})) + "; "
			}
		})
		return all
	}
	want := left(e.s)
	for _, p := range programs {
		p.number = numbers[fmt.Sprint(p.seed)]
	}
	slices.SortFunc(programs, func(a, b *program) int { return cmp.Compare(a.number, b.number) })
	again := e.open(e.name + "-again")
	for _, p := range programs {
		q := &program{seed: p.seed}
		e.updateOn(again, func(tx backend.WriteTx) {
			if err := q.run(tx); err != nil {
				e.Errorf("program %d, run again: %v", p.seed, err)
			}
		})
		if p.report != q.report {
			e.Fatalf("the program with commit number %d did and read\n%s\nwant, in the order of the numbers,\n%s", p.number, p.report, q.report)
		}
	}
	if got := left(again); got != want {
		e.Errorf("the Updates left %s, want, in the order of their numbers, %s", want, got)
	}
}
