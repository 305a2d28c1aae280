package main

import (
	"math"
	"os"
	"runtime"
	"slices"
	"time"
)

// A pair is two ways to do the same.
type pair struct {
	name  string
	unit  int     // how many operations one call of a work does
	goal  float64 // the interval should reach this ratio or less; 0 without a goal
	ours  setup
	plain setup
}

// A setup prepares one way in a directory of its own, which exists, and
// returns the work to measure and what undoes the preparation.
type setup func(dir string) (work func() error, done func() error, err error)

// A result is what measuring a pair gave.
type result struct {
	Name   string    `json:"name"`
	Ours   float64   `json:"ours_ns"`  // median time of one operation
	Plain  float64   `json:"plain_ns"` // the same
	Ratio  float64   `json:"ratio"`    // median of Ratios
	Low    float64   `json:"low"`      // bounds of the interval of the median
	High   float64   `json:"high"`
	Goal   float64   `json:"goal,omitempty"`
	Ratios []float64 `json:"ratios"` // ours / plain, one for each round
}

func (r result) verdict() string {
	switch {
	case r.Goal == 0:
		return ""
	case r.Low <= r.Goal:
		return "reached"
	}
	return "missed"
}

// sample is how long one side of a round takes, about.
const sample = 15 * time.Millisecond

// measure runs both ways by turns.
func (p pair) measure(dir string, rounds int) (result, error) {
	ours, err := prepare(p.ours, dir+"-ours")
	if err != nil {
		return result{}, err
	}
	defer ours.done()
	plain, err := prepare(p.plain, dir+"-plain")
	if err != nil {
		return result{}, err
	}
	defer plain.done()

	// Both do the same number of calls, so that both trees and files grow
	// alike.
	calls, err := calibrate(plain.work)
	if err != nil {
		return result{}, err
	}
	if err := repeat(ours.work, 2*calls); err != nil {
		return result{}, err
	}
	r := result{Name: p.name, Goal: p.goal}
	var times [2][]float64
	for round := range rounds {
		var took [2]float64
		for turn := range 2 {
			side := (round + turn) % 2 // who goes first alternates
			work := ours.work
			if side == 1 {
				work = plain.work
			}
			runtime.GC() // neither pays for the other's garbage
			start := time.Now()
			if err := repeat(work, calls); err != nil {
				return result{}, err
			}
			took[side] = float64(time.Since(start).Nanoseconds()) / float64(calls*p.unit)
		}
		times[0], times[1] = append(times[0], took[0]), append(times[1], took[1])
		r.Ratios = append(r.Ratios, took[0]/took[1])
	}
	r.Ours, _, _ = median(times[0])
	r.Plain, _, _ = median(times[1])
	r.Ratio, r.Low, r.High = median(r.Ratios)
	return r, nil
}

// A side is one way, prepared.
type side struct{ work, done func() error }

func prepare(s setup, dir string) (side, error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return side{}, err
	}
	work, done, err := s(dir)
	return side{work, done}, err
}

// calibrate returns how many calls of work take about as long as a sample.
func calibrate(work func() error) (int, error) {
	for n := 1; ; n *= 2 {
		start := time.Now()
		if err := repeat(work, n); err != nil {
			return 0, err
		}
		if took := time.Since(start); took > sample/2 {
			return max(1, int(float64(n)*float64(sample)/float64(took))), nil
		}
	}
}

func repeat(work func() error, n int) error {
	for range n {
		if err := work(); err != nil {
			return err
		}
	}
	return nil
}

// median returns the median of x, and the order statistics that enclose the
// median of what x was drawn from with a probability of at least 95 %. That
// needs no assumption about its distribution: how many draws lie below the
// true median is binomial with p = 1/2. Fewer than six draws have no such
// interval, and then it is all of them.
func median(x []float64) (mid, low, high float64) {
	sorted := slices.Sorted(slices.Values(x))
	n := len(sorted)
	mid = (sorted[(n-1)/2] + sorted[n/2]) / 2
	// The largest k with P(fewer than k below the median) <= 2.5 %.
	k, below, term := 0, 0.0, math.Pow(0.5, float64(n))
	for below+term <= 0.025 {
		below += term
		term *= float64(n-k) / float64(k+1)
		k++
	}
	k = max(k-1, 0)
	return mid, sorted[k], sorted[n-1-k]
}
