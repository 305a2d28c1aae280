// Command peers compares Larder with other Go stores of typed values, natively:
//
//	go -C bench/peers run . [-rounds 5] [-rows 100000] [-only Larder] [-line gets] [-growth 0]
//
// All systems do the same lines of work with the same rows, by turns, in rounds
// of rotated order; what they read is compared. A line that takes longer than
// -cut is cut, and not tried again by the same system. Results are printed as
// tables of markdown, and written as JSON and in the format of Go's benchmarks:
//
//	go tool benchstat -col /system build/bench-go.txt
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

func main() {
	var o options
	o.scale = full
	flag.IntVar(&o.rounds, "rounds", 5, "how often each line is measured")
	flag.IntVar(&o.rows, "rows", full.rows, "how many rows there are")
	flag.DurationVar(&o.cut, "cut", time.Minute, "how long a line may take")
	flag.StringVar(&o.only, "only", "", "only systems whose name contains this")
	flag.StringVar(&o.line, "line", "", "only lines whose name contains this, and the "+bulk)
	flag.StringVar(&o.dir, "dir", "", "a folder for the files, on the disk that is to be measured; the system's for temporary files without")
	flag.StringVar(&o.out, "out", filepath.Join("..", "..", "build"), "the folder for bench-go.json and bench-go.txt")
	flag.StringVar(&o.profiles, "profiles", "", "a folder for a CPU profile of each line; the last round's remain")
	growth := flag.Int("growth", 1_000_000, "measure Larder with 10,000 rows and ten times as many, up to this many, too; 0 for not")
	flag.Parse()
	for n := 10_000; n <= *growth; n *= 10 {
		o.sizes = append(o.sizes, n)
	}
	if err := o.run(os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

type options struct {
	scale
	rounds             int
	cut                time.Duration
	only, line         string
	dir, out, profiles string
	sizes              []int // for growth
}

// run measures, prints tables to w and what it does to progress.
func (o options) run(w, progress io.Writer) error {
	dir, err := os.MkdirTemp(o.dir, "larder-peers-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	m := &meter{
		scale: o.scale, cut: o.cut, line: o.line, dir: dir, profiles: o.profiles,
		results: make(map[[2]string]*result), digests: make(map[string]digest),
	}
	say := func(format string, args ...any) { fmt.Fprintf(progress, format, args...) }
	rep := report{
		Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.NumCPU(), Rows: o.rows,
		Command: append([]string{"go", "-C", "bench/peers", "run", "."}, os.Args[1:]...),
	}
	fmt.Fprintf(w, "%s\n%s, %s, %d CPUs, %d rounds, %d rows\n", strings.Join(rep.Command, " "), rep.Go, rep.System, rep.CPUs, o.rounds, o.rows)
	for _, files := range []bool{true, false} {
		all := slices.DeleteFunc(systems(), func(s system) bool { return s.files != files || !strings.Contains(s.name, o.only) })
		if len(all) == 0 {
			continue
		}
		if err := m.rounds(all, o.rounds, say); err != nil {
			return err
		}
		m.relate(all)
		m.tables(w, all)
		for _, l := range lines {
			for _, s := range all {
				rep.Results = append(rep.Results, m.result(s.name, l.name))
			}
		}
	}
	for _, s := range systems() {
		if strings.HasPrefix(s.name, "Larder") && strings.Contains(s.name, o.only) && len(o.sizes) > 0 {
			grown, err := m.growth(s, o.sizes, o.rounds, say)
			if err != nil {
				return err
			}
			rep.Growth = append(rep.Growth, grown...)
		}
	}
	if len(rep.Growth) > 0 {
		growthTable(w, rep.Growth, o.sizes)
	}
	return o.write(rep)
}

func (o options) write(rep report) error {
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return err
	}
	b, err := json.MarshalIndent(rep, "", "\t")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(o.out, "bench-go.json"), append(b, '\n'), 0o644); err != nil {
		return err
	}
	var lines strings.Builder
	benchmarks(&lines, slices.Concat(rep.Results, rep.Growth))
	return os.WriteFile(filepath.Join(o.out, "bench-go.txt"), []byte(lines.String()), 0o644)
}
