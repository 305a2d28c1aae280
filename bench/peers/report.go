package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"
)

// A report is what is written as JSON.
type report struct {
	Go      string    `json:"go"`
	System  string    `json:"system"`
	CPUs    int       `json:"cpus"`
	Command []string  `json:"command"`
	Rows    int       `json:"rows"`
	Results []*result `json:"results"`
	Growth  []*result `json:"growth,omitempty"`
}

// tables prints tables of systems: times, ratios, allocations.
func (m *meter) tables(w io.Writer, all []system) {
	nanoseconds := func(s sample) float64 { return s.Nanoseconds }
	for _, s := range all {
		if s.about != "" {
			fmt.Fprintf(w, "\n- %s: %s", s.name, s.about)
		}
	}
	fmt.Fprint(w, "\n\nTime of one operation: median (least–greatest)\n\n")
	m.table(w, all, func(samples []sample) string {
		mid, low, high := spread(samples, nanoseconds)
		return fmt.Sprintf("%s (%s–%s)", duration(mid), duration(low), duration(high))
	})
	fmt.Fprintf(w, "\nTime ÷ that of %s in the same round: median (least–greatest); above 1, the latter is faster\n\n", all[0].name)
	m.table(w, all, func(samples []sample) string {
		mid, low, high := spread(samples, func(s sample) float64 { return s.Ratio })
		return fmt.Sprintf("%s (%s–%s)", digits(mid), digits(low), digits(high))
	})
	fmt.Fprint(w, "\nThe same of processor time, which says nothing of waiting for the disk and minds other programs less\n\n")
	m.table(w, all, func(samples []sample) string {
		mid, low, high := spread(samples, func(s sample) float64 { return s.CPURatio })
		return fmt.Sprintf("%s (%s–%s)", digits(mid), digits(low), digits(high))
	})
	fmt.Fprint(w, "\nAllocations, and bytes allocated, of one operation: median\n\n")
	m.table(w, all, func(samples []sample) string {
		allocs, _, _ := spread(samples, func(s sample) float64 { return s.Allocs })
		bytes, _, _ := spread(samples, func(s sample) float64 { return s.Bytes })
		return fmt.Sprintf("%s, %s B", digits(allocs), digits(bytes))
	})
}

func (m *meter) table(w io.Writer, all []system, cell func([]sample) string) {
	row := func(cells ...string) { fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | ")) }
	head, rule := []string{"line"}, []string{"---"}
	for _, s := range all {
		head, rule = append(head, s.name), append(rule, "---")
	}
	row(head...)
	row(rule...)
	for _, l := range lines {
		cells, any := []string{l.name}, false
		for _, s := range all {
			switch r := m.result(s.name, l.name); {
			case r.Cut:
				cells = append(cells, fmt.Sprintf("over %.0f s in all", m.cut.Seconds()))
			case len(r.Samples) == 0:
				cells = append(cells, "–")
			default:
				cells, any = append(cells, cell(r.Samples)), true
			}
		}
		if any {
			row(cells...)
		}
	}
}

// benchmarks writes results in the format of Go's benchmarks, one line for each
// sample, for benchstat -col /system.
func benchmarks(w io.Writer, results []*result) {
	fmt.Fprintf(w, "goos: %s\ngoarch: %s\npkg: github.com/larderdb/larder/bench/peers\n", runtime.GOOS, runtime.GOARCH)
	name := strings.NewReplacer(",", "", ":", "", " ", "-")
	for _, r := range results {
		for _, s := range r.Samples {
			fmt.Fprintf(w, "Benchmark%s/system=%s-%d\t%d\t%.1f ns/op\t%.1f cpu-ns/op\t%.0f B/op\t%.1f allocs/op\n",
				title(name.Replace(r.Line)), name.Replace(r.System), runtime.GOMAXPROCS(0), r.Ops, s.Nanoseconds, s.CPU, s.Bytes, s.Allocs)
		}
	}
}

func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// duration prints nanoseconds with three digits.
func duration(ns float64) string {
	switch {
	case ns < 1e3:
		return digits(ns) + " ns"
	case ns < 1e6:
		return digits(ns/1e3) + " µs"
	case ns < 1e9:
		return digits(ns/1e6) + " ms"
	}
	return digits(ns/1e9) + " s"
}

// digits prints x with three digits, or all before its point.
func digits(x float64) string {
	switch {
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}
