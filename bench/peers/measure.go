package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"time"
)

// A sample is what one system took for one line in one round.
type sample struct {
	Nanoseconds float64 `json:"ns"`     // of one operation
	CPU         float64 `json:"cpu_ns"` // the processor's part of it, the collector's included
	Bytes       float64 `json:"bytes"`
	Allocs      float64 `json:"allocs"`
	Ratio       float64 `json:"ratio"`     // to Larder's in the same round
	CPURatio    float64 `json:"cpu_ratio"` // the same of CPU
}

// A result is all samples of a system in a line.
type result struct {
	System  string   `json:"system"`
	Line    string   `json:"line"`
	Ops     int      `json:"ops"` // in one sample
	Samples []sample `json:"samples"`
	Cut     bool     `json:"cut,omitempty"` // it took too long, and wasn't tried again
}

// A meter measures.
type meter struct {
	scale
	cut      time.Duration
	line     string // only lines whose names contain this
	dir      string
	profiles string // a folder, or nothing
	results  map[[2]string]*result
	digests  map[string]digest // of each line, as the first system has read it
}

func (m *meter) result(system, line string) *result {
	key := [2]string{system, line}
	if m.results[key] == nil {
		m.results[key] = &result{System: system, Line: line}
	}
	return m.results[key]
}

// rounds measures systems by turns. In each round another one begins.
func (m *meter) rounds(all []system, n int, say func(string, ...any)) error {
	for round := range n {
		for turn := range all {
			s := all[(round+turn)%len(all)]
			began := time.Now()
			if err := m.run(s); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			say("round %d of %d: %s, %.1f s\n", round+1, n, s.name, time.Since(began).Seconds())
		}
	}
	return nil
}

// run does all lines with a new store of s.
func (m *meter) run(s system) (err error) {
	if m.lacksRows(s) {
		return nil
	}
	r := &run{scale: m.scale, system: s, data: newDataset(m.rows)}
	if r.dir, err = os.MkdirTemp(m.dir, "peer-"); err != nil {
		return err
	}
	defer os.RemoveAll(r.dir)
	if r.store, err = s.open(r.dir, r.data); err != nil {
		return err
	}
	defer func() {
		if r.store != nil {
			err = errors.Join(err, r.store.close())
		}
	}()
	for _, l := range lines {
		switch {
		case l.name != bulk && !strings.Contains(l.name, m.line),
			l.name == reopen && !s.files,
			m.result(s.name, l.name).Cut:
			continue
		case l.name == reopen:
			closing := r.store
			r.store = nil
			if err := closing.close(); err != nil {
				return err
			}
		}
		err := m.measure(r, l)
		if errors.Is(err, errCut) {
			m.result(s.name, l.name).Cut = true
			if m.lacksRows(s) {
				return nil
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
	}
	r.sum = 0
	if err := r.contents(); err != nil {
		return err
	}
	return m.check("contents", r.sum)
}

// lacksRows reports whether a line of s was cut that writes, so that what comes
// after it has other rows than it should.
func (m *meter) lacksRows(s system) bool {
	return slices.ContainsFunc(lines, func(l line) bool { return l.writes && m.result(s.name, l.name).Cut })
}

// measure does one line.
func (m *meter) measure(r *run, l line) error {
	r.sum = 0
	runtime.GC() // no line pays for another's garbage
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	stop, err := m.profile(r.system.name, l.name)
	if err != nil {
		return err
	}
	start, cpu := time.Now(), cpuTime()
	r.until = start.Add(m.cut)
	err = l.run(r)
	took := time.Since(start)
	cpu = cpuTime() - cpu
	stop()
	runtime.ReadMemStats(&after)
	if err != nil {
		return err
	}
	res, ops := m.result(r.system.name, l.name), l.ops(m.scale)
	res.Ops = ops
	res.Samples = append(res.Samples, sample{
		Nanoseconds: float64(took.Nanoseconds()) / float64(ops),
		CPU:         float64(cpu.Nanoseconds()) / float64(ops),
		Bytes:       float64(after.TotalAlloc-before.TotalAlloc) / float64(ops),
		Allocs:      float64(after.Mallocs-before.Mallocs) / float64(ops),
	})
	if err := m.check(l.name, r.sum); err != nil {
		return err
	}
	if took > m.cut {
		return errCut // its one transaction has ended all the same
	}
	return nil
}

// check holds all systems to the same results.
func (m *meter) check(line string, sum digest) error {
	want, known := m.digests[line]
	if !known {
		m.digests[line] = sum
	} else if sum != want {
		return fmt.Errorf("%s: it read other rows, or in another order: digest %x, want %x", line, sum, want)
	}
	return nil
}

// profile profiles until the function that it returns is called.
func (m *meter) profile(system, line string) (stop func(), err error) {
	if m.profiles == "" {
		return func() {}, nil
	}
	name := strings.NewReplacer(" ", "-", ",", "").Replace(system + "-" + line + ".pprof")
	f, err := os.Create(filepath.Join(m.profiles, name))
	if err != nil {
		return nil, err
	}
	return func() { pprof.StopCPUProfile(); f.Close() }, pprof.StartCPUProfile(f)
}

// relate gives each sample of systems its ratio to the first's in the same
// round.
func (m *meter) relate(all []system) {
	for _, l := range lines {
		base := m.result(all[0].name, l.name).Samples
		for _, s := range all {
			samples := m.result(s.name, l.name).Samples
			for i := range min(len(samples), len(base)) {
				samples[i].relate(base[i])
			}
		}
	}
}

// relate sets the ratios of s to base.
func (s *sample) relate(base sample) {
	s.Ratio = s.Nanoseconds / base.Nanoseconds
	if base.CPU > 0 {
		s.CPURatio = s.CPU / base.CPU
	}
}

// spread returns the median, the least and the greatest of what of returns for
// samples.
func spread(samples []sample, of func(sample) float64) (mid, low, high float64) {
	var x []float64
	for _, s := range samples {
		x = append(x, of(s))
	}
	slices.Sort(x)
	n := len(x)
	return (x[(n-1)/2] + x[n/2]) / 2, x[0], x[n-1]
}
