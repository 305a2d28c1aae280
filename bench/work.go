package main

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
)

const (
	stored = 100_000 // pairs that are there before a work begins
	batch  = 1_000   // operations in one transaction
)

// A store is one way to keep pairs. Each method is one transaction that loops
// inside, so that what is measured is the store and not this interface. Keys
// and values come from key and value; which gives the number of the i-th.
type store interface {
	put(n int, which func(i int) int) error
	get(n int, which func(i int) int) error
	scan(from, n int) error
	clear() error
	close() error
}

// A work is something to do with a store.
type work struct {
	name    string
	unit    int  // operations in one call
	goal    bool // whether the ratio has a goal
	prepare func(store) func() error
}

// works are what engines are measured with.
var works = []work{
	{"put, 1,000 at random per transaction", batch, true, func(s store) func() error {
		which := random()
		return func() error { return s.put(batch, which) }
	}},
	{"put, 1,000 ascending into an empty table", batch, true, func(s store) func() error {
		return func() error {
			if err := s.clear(); err != nil {
				return err
			}
			return s.put(batch, func(i int) int { return i })
		}
	}},
	{"get, 1,000 at random per transaction", batch, true, func(s store) func() error {
		which := random()
		return func() error { return s.get(batch, which) }
	}},
	{"scan, 10,000 pairs", 10 * batch, true, func(s store) func() error {
		return func() error { return s.scan(stored/2, 10*batch) }
	}},
	{"scan, 10 pairs", 1, false, func(s store) func() error {
		which := random()
		return func() error { return s.scan(which(0)%(stored-10), 10) }
	}},
	{"put, 1 per transaction", 1, false, func(s store) func() error {
		which := random()
		return func() error { return s.put(1, which) }
	}},
	{"get, 1 per transaction", 1, false, func(s store) func() error {
		which := random()
		return func() error { return s.get(1, which) }
	}},
}

// compare returns a pair for each work.
func compare(name string, goal float64, ours, plain func(dir string) (store, error)) []pair {
	var pairs []pair
	for _, w := range works {
		p := pair{name: name + ": " + w.name, unit: w.unit, ours: w.setup(ours), plain: w.setup(plain)}
		if w.goal {
			p.goal = goal
		}
		pairs = append(pairs, p)
	}
	return pairs
}

// setup fills a new store and prepares the work on it.
func (w work) setup(open func(dir string) (store, error)) setup {
	return func(dir string) (func() error, func() error, error) {
		s, err := open(dir)
		if err != nil {
			return nil, nil, err
		}
		for i := 0; i < stored; i += batch {
			if err := s.put(batch, func(j int) int { return i + j }); err != nil {
				return nil, nil, err
			}
		}
		return w.prepare(s), s.close, nil
	}
}

// random returns a source of keys that exist, the same for both ways.
func random() func(int) int {
	r := rand.New(rand.NewPCG(1, 2))
	return func(int) int { return r.IntN(stored) }
}

// key appends the i-th key, of 16 bytes, to b.
func key(b []byte, i int) []byte {
	return binary.BigEndian.AppendUint64(append(b, "\x02items\x00\x15"...), uint64(i))
}

// value returns a new value, as a codec makes one, that the store may keep.
func value(i int) []byte {
	v := make([]byte, 100)
	binary.BigEndian.PutUint64(v, uint64(i))
	return v
}

// verify keeps all ways honest.
func verify(v []byte, i int) error {
	if len(v) != 100 || binary.BigEndian.Uint64(v) != uint64(i) {
		return fmt.Errorf("value of key %d is wrong: %x", i, v)
	}
	return nil
}

// all keeps scans honest.
func all(got, want int) error {
	if got != want {
		return fmt.Errorf("scan yielded %d pairs, want %d", got, want)
	}
	return nil
}
