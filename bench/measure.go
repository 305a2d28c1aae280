package main

import (
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

// A group is two ways to keep the same data, which are compared in all works.
type group struct {
	name  string
	goal  float64 // what the interval should reach; 0 without a goal
	ours  opener
	plain opener
}

// An opener makes a new, empty store in a directory of its own, which exists.
type opener func(dir string) (store, error)

// open returns both stores of a group, filled.
func (g group) open(dir string) (ours, plain store, err error) {
	for _, side := range []struct {
		dir  string
		open opener
		to   *store
	}{{"ours", g.ours, &ours}, {"plain", g.plain, &plain}} {
		d := filepath.Join(dir, g.name, side.dir)
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, nil, err
		}
		if *side.to, err = side.open(d); err != nil {
			return nil, nil, err
		}
		if err := fill(*side.to); err != nil {
			return nil, nil, err
		}
	}
	return ours, plain, nil
}

// A result is what measuring a line gave.
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

// verdict says what the interval tells of the goal. One that holds it, of too
// few rounds or on a busy machine, tells nothing.
func (r result) verdict() string {
	switch {
	case r.Goal == 0:
		return ""
	case r.High <= r.Goal:
		return "reached"
	case r.Low > r.Goal:
		return "missed"
	}
	return "undecided"
}

// sample is how long one side of a round takes, about.
const sample = 15 * time.Millisecond

// measure does w with both stores by turns.
func (w work) measure(g group, oursStore, plainStore store, rounds int) (result, error) {
	ours, plain := w.prepare(oursStore), w.prepare(plainStore)
	// Both do the same number of calls, so that both trees and files change
	// alike.
	calls, err := calibrate(plain)
	if err != nil {
		return result{}, err
	}
	if err := repeat(ours, calls); err != nil {
		return result{}, err
	}
	r := result{Name: g.name + ": " + w.name}
	if w.goal {
		r.Goal = g.goal
	}
	var times [2][]float64
	for round := range rounds {
		var took [2]float64
		for turn := range 2 {
			side := (round + turn) % 2 // who goes first alternates
			work := ours
			if side == 1 {
				work = plain
			}
			runtime.GC() // neither pays for the other's garbage
			start := time.Now()
			if err := repeat(work, calls); err != nil {
				return result{}, err
			}
			took[side] = float64(time.Since(start).Nanoseconds()) / float64(calls*w.unit)
		}
		times[0], times[1] = append(times[0], took[0]), append(times[1], took[1])
		r.Ratios = append(r.Ratios, took[0]/took[1])
	}
	r.Ours, _, _ = median(times[0])
	r.Plain, _, _ = median(times[1])
	r.Ratio, r.Low, r.High = median(r.Ratios)
	return r, nil
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
	// The largest k with P(at most k draws below the median) <= 2.5 %.
	k, below, term := 0, 0.0, math.Pow(0.5, float64(n))
	for below+term <= 0.025 {
		below += term
		term *= float64(n-k) / float64(k+1)
		k++
	}
	k = max(k-1, 0)
	return mid, sorted[k], sorted[n-1-k]
}
