package backendtest

import (
	"context"
	"encoding/binary"
	"fmt"
	"runtime"
	"sync"

	"github.com/larderdb/larder/backend"
)

var concurrentCases = []testCase{
	{name: "no lost updates", run: lostUpdates,
		rule: "Updates are serializable: increments of one number by many goroutines all count"},
	{name: "no write skew", run: writeSkew,
		rule: "Updates are serializable: two that read what the other writes never both act on what they read"},
	{name: "no phantoms", run: phantoms,
		rule: "Updates are serializable: a range that an Update scanned has no new pairs when it commits"},
	{name: "errors among commits", run: errorsAmongCommits,
		rule: "Updates that fail, panic or are cancelled beside others take none of the others with them, and leave nothing behind"},
	{name: "nobody is held up by who comes after", run: behindSlow,
		rule: "an Update whose closure has returned doesn't wait for the closure of one that waited behind it, which may block on anything"},
	historyCase, replayCase,
}

func readNumber(tx backend.ReadTx, table, key string) (uint64, error) {
	b, err := tx.Get(table, []byte(key))
	if backend.IsNotFound(err) {
		return 0, nil
	}
	if err != nil || len(b) != 8 {
		return 0, fmt.Errorf("Get(%s, %s) = %q, %w", table, key, b, err)
	}
	return binary.BigEndian.Uint64(b), nil
}

// add adds 1 to the number at key and returns what it was. In between it lets
// others run, if the engine does.
func add(tx backend.WriteTx, table, key string) (uint64, error) {
	n, err := readNumber(tx, table, key)
	if err != nil {
		return 0, err
	}
	runtime.Gosched()
	return n, tx.Put(table, []byte(key), []byte(number(n+1)))
}

func lostUpdates(e *env) { e.increment(e.s, e.s) }

// increment adds to one number through all stores at once and expects each to
// count.
func (e *env) increment(stores ...backend.Store) {
	const each = 4
	rounds := e.n(25, 8)
	var wg sync.WaitGroup
	for _, s := range stores {
		for range each {
			wg.Go(func() {
				for range rounds {
					err := s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
						_, err := add(tx, "t", "n")
						return err
					})
					e.wantErr("Update", err, nil)
				}
			})
		}
	}
	wg.Wait()
	var n uint64
	err := stores[0].Update(e.ctx, func(_ context.Context, tx backend.WriteTx) (err error) {
		n, err = readNumber(tx, "t", "n")
		return err
	})
	e.wantErr("Update", err, nil)
	if want := uint64(each * rounds * len(stores)); n != want {
		e.Errorf("%d increments made the number %d", want, n)
	}
}

func writeSkew(e *env) {
	// Of two switches at least one must stay on; each goroutine turns one off
	// when it sees the other on, and on again.
	e.fill("t", "a", "on", "b", "on")
	rounds := e.n(60, 15)
	var wg sync.WaitGroup
	for own, other := range map[string]string{"a": "b", "b": "a"} {
		wg.Go(func() {
			for range rounds {
				for _, to := range []string{"off", "on"} {
					err := e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
						mine, err := tx.Get("t", []byte(own))
						if err != nil {
							return err
						}
						theirs, err := tx.Get("t", []byte(other))
						if err != nil {
							return err
						}
						if string(mine) == "off" && string(theirs) == "off" {
							e.Error("both are off, though each was turned off only while the other was on")
						}
						if to == "off" && string(theirs) == "off" {
							return nil
						}
						runtime.Gosched()
						return tx.Put("t", []byte(own), []byte(to))
					})
					e.wantErr("Update", err, nil)
				}
			}
		})
	}
	wg.Wait()
}

func phantoms(e *env) {
	// Each goroutine counts the pairs and puts one under that number: numbers
	// would collide if a count were out of date at its commit.
	const workers = 4
	rounds := e.n(20, 6)
	var wg sync.WaitGroup
	e.update(func(tx backend.WriteTx) { e.put(tx, "t", number(0), "seed") })
	for w := range workers {
		wg.Go(func() {
			for range rounds {
				err := e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
					n, err := backend.Count(tx, "t", backend.Range{})
					if err != nil {
						return err
					}
					runtime.Gosched()
					return tx.Put("t", []byte(number(uint64(n))), []byte{byte(w)})
				})
				e.wantErr("Update", err, nil)
			}
		})
	}
	wg.Wait()
	e.view(func(tx backend.ReadTx) {
		if n, err := backend.Count(tx, "t", backend.Range{}); n != workers*rounds+1 || err != nil {
			e.Errorf("%d Updates that each added a pair left %d pairs, %v", workers*rounds+1, n, err)
		}
	})
}

func errorsAmongCommits(e *env) {
	const workers = 6
	rounds := e.n(30, 10)
	own := fmt.Errorf("own error")
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range rounds {
				ctx, cancel := context.WithCancel(e.ctx)
				kind := (w + i) % 4
				var want error
				err := func() (err error) {
					defer func() {
						if v := recover(); v != nil && v != any(own) {
							panic(v)
						}
					}()
					return e.s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
						if _, err := add(tx, "t", "n"); err != nil {
							return err
						}
						if err := tx.Put("t", fmt.Appendf(nil, "w%d-%d", w, i), []byte{byte(kind)}); err != nil {
							return err
						}
						switch kind {
						case 1:
							want = own
							return own
						case 2:
							panic(own)
						case 3:
							want = context.Canceled
							cancel()
						}
						return nil
					})
				}()
				cancel()
				e.wantErr(fmt.Sprintf("Update of kind %d", kind), err, want)
			}
		})
	}
	wg.Wait()
	e.view(func(tx backend.ReadTx) {
		good := 0
		for w := range workers {
			for i := range rounds {
				key := fmt.Sprintf("w%d-%d", w, i)
				if (w+i)%4 == 0 {
					good++
					e.wantGet(tx, "t", key, "\x00")
				} else {
					e.wantNone(tx, "t", key)
				}
			}
		}
		e.wantGet(tx, "t", "n", number(uint64(good)))
	})
}

func behindSlow(e *env) {
	for range 5 {
		held := e.hold("a")
		acknowledged, done := make(chan struct{}), make(chan error)
		go func() {
			done <- e.s.Update(e.ctx, func(ctx context.Context, tx backend.WriteTx) error {
				select {
				case <-acknowledged:
				case <-ctx.Done():
					e.Error("the Update ahead didn't return before the closure behind it did")
				}
				return tx.Put("t", []byte("b"), []byte("1"))
			})
		}()
		for range 20 {
			runtime.Gosched() // so that it probably waits by now
		}
		held.end()
		e.wantErr("the Update ahead", <-held.done, nil)
		close(acknowledged)
		e.wantErr("the Update behind", <-done, nil)
	}
	e.wantState("t{a=held b=1}")
}
