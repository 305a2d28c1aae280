package keys_test

import (
	"bytes"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/larderdb/larder/keys"
)

// uuidTime returns the milliseconds in a UUID of version 7, and whether it is
// one of the RFC's variant.
func uuidTime(k keys.UUID) (ms int64, ok bool) {
	for _, b := range k[:6] {
		ms = ms<<8 | int64(b)
	}
	return ms, k[6]>>4 == 7 && k[8]>>6 == 2
}

func TestNewUUID(t *testing.T) {
	before := time.Now().UnixMilli()
	last := keys.NewUUID()
	ms, ok := uuidTime(last)
	if after := time.Now().UnixMilli(); !ok || ms < before || ms > after {
		t.Errorf("%v is of the time %d, version 7: %v; want one between %d and %d", last, ms, ok, before, after)
	}
	for range 100_000 {
		k := keys.NewUUID()
		if _, ok := uuidTime(k); !ok || bytes.Compare(k[:], last[:]) <= 0 {
			t.Fatalf("%v follows %v, want a greater one of version 7", k, last)
		}
		last = k
	}
}

func TestNewUUIDsAtTheSameTime(t *testing.T) {
	const each = 5000
	made := make([][]keys.UUID, 8)
	var all sync.WaitGroup
	for i := range made {
		all.Go(func() {
			for range each {
				made[i] = append(made[i], keys.NewUUID())
			}
		})
	}
	all.Wait()
	seen := make(map[keys.UUID]bool)
	for i, list := range made {
		if !slices.IsSortedFunc(list, func(a, b keys.UUID) int { return bytes.Compare(a[:], b[:]) }) {
			t.Errorf("the UUIDs of goroutine %d don't ascend", i)
		}
		for _, k := range list {
			seen[k] = true
		}
	}
	if len(seen) != len(made)*each {
		t.Errorf("%d of %d UUIDs are different", len(seen), len(made)*each)
	}
}

func TestUUIDClock(t *testing.T) {
	const now = 1_800_000_000_000
	for name, c := range map[string]struct {
		times []int64
		full  bool // the counter, after the first
		want  []int64
	}{
		"within a millisecond":                  {[]int64{now, now, now}, false, []int64{now, now, now}},
		"the clock is put back, and catches up": {[]int64{now, now - 5000, 0, now, now + 1}, false, []int64{now, now, now, now, now + 1}},
		"the counter is used up":                {[]int64{now, now, now, now + 1}, true, []int64{now, now + 1, now + 1, now + 1}},
		"before 1970":                           {[]int64{-7, -6, 1}, false, []int64{0, 0, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			var clock keys.UUIDClock
			var last keys.UUID
			for i, at := range c.times {
				k := clock.At(at)
				if ms, ok := uuidTime(k); ms != c.want[i] || !ok {
					t.Errorf("number %d, %v, is of the time %d, version 7: %v; want %d", i, k, ms, ok, c.want[i])
				}
				if bytes.Compare(k[:], last[:]) <= 0 {
					t.Errorf("number %d, %v, follows %v, want a greater one", i, k, last)
				}
				if last = k; c.full && i == 0 {
					clock.Fill()
					last = clock.At(now - 1) // the first with the counter begun anew
					if ms, _ := uuidTime(last); ms != now+1 {
						t.Errorf("with the counter full the time is %d, want %d", ms, now+1)
					}
				}
			}
		})
	}
}
