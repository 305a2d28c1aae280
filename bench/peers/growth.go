package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"time"
)

// growing are the lines whose cost may grow with the rows that there are, but
// no faster than a tree's depth.
var growing = []string{"gets", "due ranges", "single inserts"}

// A grown is a store of some size.
type grown struct {
	*run
	extra int // rows inserted by this measurement
}

// growth measures the growing lines of s at several sizes by turns.
func (m *meter) growth(s system, sizes []int, n int, say func(string, ...any)) (_ []*result, err error) {
	var stores []*grown
	defer func() {
		for _, g := range stores {
			if e := g.store.close(); err == nil {
				err = e
			}
			os.RemoveAll(g.dir)
		}
	}()
	for _, rows := range sizes {
		g := &grown{run: &run{scale: m.scale, system: s, data: newDataset(rows)}}
		g.rows, g.until = rows, time.Now().Add(time.Hour)
		if g.dir, err = os.MkdirTemp(m.dir, "growth-"); err != nil {
			return nil, err
		}
		if g.store, err = s.open(g.dir, g.data); err != nil {
			return nil, err
		}
		stores = append(stores, g)
		if err := g.bulkInsert(); err != nil {
			return nil, err
		}
		say("growth: %s, %d rows are there\n", s.name, rows)
	}
	results := make([]*result, 0, len(growing)*len(sizes))
	for _, name := range growing {
		l := lines[slices.IndexFunc(lines, func(l line) bool { return l.name == name })]
		for _, rows := range sizes {
			results = append(results, &result{System: fmt.Sprintf("%s, %d rows", s.name, rows), Line: name, Ops: l.ops(m.scale)})
		}
		these := results[len(results)-len(sizes):]
		for round := range n {
			for turn := range stores {
				i := (round + turn) % len(stores)
				runtime.GC()
				start, cpu := time.Now(), cpuTime()
				if err := stores[i].do(l); err != nil {
					return nil, fmt.Errorf("growth: %s: %w", name, err)
				}
				took, ops := time.Since(start), float64(l.ops(m.scale))
				cpu = cpuTime() - cpu
				these[i].Samples = append(these[i].Samples, sample{
					Nanoseconds: float64(took.Nanoseconds()) / ops, CPU: float64(cpu.Nanoseconds()) / ops,
				})
			}
			for i := range these {
				these[i].Samples[round].relate(these[0].Samples[round])
			}
		}
	}
	return results, nil
}

// do does a line, with rows that aren't there yet where it inserts.
func (g *grown) do(l line) error {
	if l.name != "single inserts" {
		return l.run(g.run)
	}
	err := g.each(g.singles, g.store.update, func(t tx, i int) error {
		i += g.rows + g.extra
		row := g.data.row(i)
		return t.insert(int64(i), &row)
	})
	g.extra += g.singles
	return err
}

// growthTable prints what growth has measured.
func growthTable(w io.Writer, results []*result, sizes []int) {
	fmt.Fprint(w, "\nTime of one operation as rows become more: median; then ÷ that with the fewest rows, of time and of processor time (least–greatest)\n\n| line |")
	for _, n := range sizes {
		fmt.Fprintf(w, " %d rows |", n)
	}
	fmt.Fprintf(w, "\n| --- |")
	for range sizes {
		fmt.Fprint(w, " --- |")
	}
	fmt.Fprint(w, "\n| log(rows) grows by |")
	for _, n := range sizes {
		fmt.Fprintf(w, " %s |", digits(math.Log(float64(n))/math.Log(float64(sizes[0]))))
	}
	for i, r := range results {
		if i%len(sizes) == 0 {
			system := r.System[:len(r.System)-len(fmt.Sprintf(", %d rows", sizes[0]))]
			fmt.Fprintf(w, "\n| %s: %s |", system, r.Line)
		}
		mid, _, _ := spread(r.Samples, func(s sample) float64 { return s.Nanoseconds })
		ratio, low, high := spread(r.Samples, func(s sample) float64 { return s.Ratio })
		cpu, least, greatest := spread(r.Samples, func(s sample) float64 { return s.CPURatio })
		fmt.Fprintf(w, " %s; %s (%s–%s); %s (%s–%s) |", duration(mid),
			digits(ratio), digits(low), digits(high), digits(cpu), digits(least), digits(greatest))
	}
	fmt.Fprintln(w)
}
