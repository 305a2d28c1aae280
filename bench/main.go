// Command bench compares Larder's engines with the plain libraries that they
// stand on, and the typed layer with the same work done by hand:
//
//	go run ./bench [-rounds 61] [-only memory] [-json build/bench.json]
//
// Each line compares two ways: ours and a plain way to do the same. Both run by
// turns in this one process, so that what else the machine does meets both
// alike, and the result is the median of the rounds' ratios with the interval
// that holds the true median in 95 of 100 cases. Below 1, ours is faster.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// engineGoal is the most that the contract may cost over a plain library.
const engineGoal = 1.05

// groups returns everything that is compared.
func groups() []group {
	return slices.Concat(
		[]group{{"memory", engineGoal, openMemory, openTree}},
		boltGroup(),
		[]group{{"typed", 0, openTyped, openByHand}},
	)
}

func main() {
	rounds := flag.Int("rounds", 61, "how often each line is measured, at least 6 times")
	only := flag.String("only", "", "measure only lines whose name contains this")
	file := flag.String("json", filepath.Join("build", "bench.json"), "write the results to this file")
	flag.Parse()
	if err := run(*rounds, *only, *file, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// A report is what is written as JSON.
type report struct {
	Go      string   `json:"go"`
	System  string   `json:"system"`
	CPUs    int      `json:"cpus"`
	Rounds  int      `json:"rounds"`
	Command []string `json:"command"`
	Results []result `json:"results"`
}

func run(rounds int, only, file string, out io.Writer) error {
	if rounds < 6 {
		return errors.New("an interval takes at least 6 rounds")
	}
	dir, err := os.MkdirTemp("", "larder-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	rep := report{
		Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.NumCPU(),
		Rounds: rounds, Command: append([]string{"go", "run", "./bench"}, os.Args[1:]...),
	}
	fmt.Fprintf(out, "%s\n%s, %s, %d CPUs, %d rounds\n\n", strings.Join(rep.Command, " "), rep.Go, rep.System, rep.CPUs, rounds)
	const row = "%-50s  %8s  %8s  %6s  %-14s  %s\n"
	fmt.Fprintf(out, row, "line", "ours", "plain", "ratio", "95 % interval", "goal")
	for _, g := range groups() {
		if !slices.ContainsFunc(works, func(w work) bool { return strings.Contains(g.name+": "+w.name, only) }) {
			continue
		}
		ours, plain, err := g.open(dir)
		if err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
		for _, w := range works {
			if !strings.Contains(g.name+": "+w.name, only) {
				continue
			}
			r, err := w.measure(g, ours, plain, rounds)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", g.name, w.name, err)
			}
			rep.Results = append(rep.Results, r)
			fmt.Fprintf(out, row, r.Name, duration(r.Ours), duration(r.Plain), fmt.Sprintf("%.3f", r.Ratio),
				fmt.Sprintf("%.3f to %.3f", r.Low, r.High), r.verdict())
		}
		if err := errors.Join(ours.close(), plain.close()); err != nil {
			return err
		}
	}
	b, err := json.MarshalIndent(rep, "", "\t")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o644)
}

// duration prints nanoseconds with three digits.
func duration(ns float64) string {
	switch {
	case ns < 1e3:
		return fmt.Sprintf("%.3g ns", ns)
	case ns < 1e6:
		return fmt.Sprintf("%.3g µs", ns/1e3)
	}
	return fmt.Sprintf("%.3g ms", ns/1e6)
}
