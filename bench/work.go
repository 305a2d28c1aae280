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
// and values, or rows, are made from numbers; which gives the i-th number.
type store interface {
	put(n int, which func(i int) int) error
	get(n int, which func(i int) int) error
	scan(from, n int) error
	delete(n int, which func(i int) int) error
	close() error
}

// A work is something to do with a store.
type work struct {
	name    string
	unit    int  // operations in one call
	goal    bool // whether the ratio has a goal
	prepare func(store) func() error
}

// works are what each group is measured with. Each leaves the store with as
// many pairs as it found.
var works = []work{
	{"put, 1,000 at random per transaction", batch, true, func(s store) func() error {
		which := random()
		return func() error { return s.put(batch, which) }
	}},
	{"put, then delete 1,000 new ones", 2 * batch, true, func(s store) func() error {
		which := func(i int) int { return stored + i }
		return func() error {
			if err := s.put(batch, which); err != nil {
				return err
			}
			return s.delete(batch, which)
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

// fill puts the pairs that every work expects.
func fill(s store) error {
	for i := 0; i < stored; i += batch {
		if err := s.put(batch, func(j int) int { return i + j }); err != nil {
			return err
		}
	}
	return nil
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

// missing is the error for a key that ought to be there.
func missing(i int) error { return fmt.Errorf("key %d is missing", i) }

// all keeps scans honest.
func all(got, want int) error {
	if got != want {
		return fmt.Errorf("scan yielded %d pairs, want %d", got, want)
	}
	return nil
}
