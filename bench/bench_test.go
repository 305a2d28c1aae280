package main

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

// The same works as ordinary benchmarks, for profiles and benchstat.
func Benchmark(b *testing.B) {
	for _, g := range groups() {
		b.Run(g.name, func(b *testing.B) {
			ours, plain, err := g.open(b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			for _, w := range works {
				for _, side := range []struct {
					name string
					s    store
				}{{"ours", ours}, {"plain", plain}} {
					b.Run(w.name+"/"+side.name, func(b *testing.B) {
						call := w.prepare(side.s)
						b.ReportAllocs()
						for b.Loop() {
							if err := call(); err != nil {
								b.Fatal(err)
							}
						}
						b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*w.unit), "ns/item")
					})
				}
			}
			if err := errors.Join(ours.close(), plain.close()); err != nil {
				b.Error(err)
			}
		})
	}
}

// The interval holds the true median in at least 95 of 100 cases, whatever the
// distribution.
func TestMedianInterval(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, draw := range map[string]func() float64{"uniform": r.Float64, "skewed": r.ExpFloat64} {
		var many []float64
		for range 200_000 {
			many = append(many, draw())
		}
		slices.Sort(many)
		truth := many[len(many)/2]
		for _, n := range []int{6, 7, 20, 61} {
			const trials = 4000
			held := 0
			for range trials {
				x := make([]float64, n)
				for i := range x {
					x[i] = draw()
				}
				if mid, low, high := median(x); low <= truth && truth <= high && low <= mid && mid <= high {
					held++
				}
			}
			if share := float64(held) / trials; share < 0.94 {
				t.Errorf("interval of %d %s draws held the median in %.3f of the trials, want 0.95", n, name, share)
			}
		}
	}
	if mid, low, high := median([]float64{3, 1}); mid != 2 || low != 1 || high != 3 {
		t.Errorf("median of 3 and 1 = %v, %v to %v, want 2, 1 to 3", mid, low, high)
	}
}

// A noisy run, with an interval from 0.3 to 2, was once said to have reached
// the goal.
func TestVerdict(t *testing.T) {
	for _, tc := range []struct {
		r    result
		want string
	}{
		{result{Goal: 1.05, Low: 0.9, High: 1.05}, "reached"},
		{result{Goal: 1.05, Low: 1.06, High: 1.2}, "missed"},
		{result{Goal: 1.05, Low: 0.3, High: 2}, "undecided"},
		{result{Low: 0.9, High: 1}, ""},
	} {
		if got := tc.r.verdict(); got != tc.want {
			t.Errorf("verdict of %v to %v with the goal %v = %q, want %q", tc.r.Low, tc.r.High, tc.r.Goal, got, tc.want)
		}
	}
}
