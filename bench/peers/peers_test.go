package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var small = scale{rows: 400, batch: 150, singles: 5, gets: 20, ranges: 5, pages: 3, page: 7, changes: 10}

// The whole bench with few rows: every system does every line, and all read the
// same, which run checks.
func TestEveryLineOfEverySystem(t *testing.T) {
	out := t.TempDir()
	o := options{scale: small, rounds: 2, cut: time.Minute, dir: t.TempDir(), out: out, profiles: t.TempDir(), sizes: []int{100, 400}}
	var tables, progress bytes.Buffer
	if err := o.run(&tables, &progress); err != nil {
		t.Fatalf("%v\n%s", err, progress.String())
	}
	b, err := os.ReadFile(filepath.Join(out, "bench-go.json"))
	if err != nil {
		t.Fatal(err)
	}
	var rep report
	if err := json.Unmarshal(b, &rep); err != nil {
		t.Fatal(err)
	}
	if want := len(systems()) * len(lines); len(rep.Results) != want {
		t.Fatalf("%d results, want %d", len(rep.Results), want)
	}
	samples := 0
	for _, r := range rep.Results {
		files := r.System == "bolthold" || r.System == "badgerhold" || r.System == "buntdb" || r.System == "SQLite" || r.System == "Larder, bolt"
		want := o.rounds
		if r.Line == reopen && !files {
			want = 0
		}
		if len(r.Samples) != want || r.Cut {
			t.Errorf("%s, %s: %d samples, cut %v, want %d", r.System, r.Line, len(r.Samples), r.Cut, want)
		}
		for _, s := range r.Samples {
			samples++
			if s.Nanoseconds <= 0 || s.Ratio <= 0 || strings.HasPrefix(r.System, "Larder") && s.Ratio != 1 {
				t.Errorf("%s, %s: sample %+v", r.System, r.Line, s)
			}
		}
	}
	if want := 2 * len(growing) * len(o.sizes); len(rep.Growth) != want {
		t.Errorf("%d results of growth, want %d", len(rep.Growth), want)
	}
	for _, r := range rep.Growth {
		samples += len(r.Samples)
	}
	for _, s := range systems() {
		if !strings.Contains(tables.String(), "| "+s.name+" |") {
			t.Errorf("no table has a column for %s:\n%s", s.name, tables.String())
		}
	}
	text, err := os.ReadFile(filepath.Join(out, "bench-go.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if got := bytes.Count(text, []byte("\nBenchmark")); got != samples {
		t.Errorf("%d benchmark lines, want one for each of %d samples", got, samples)
	}
	if left, err := os.ReadDir(o.dir); len(left) > 0 || err != nil {
		t.Errorf("files are left behind: %v, %v", left, err)
	}
}

// A system that reads something else than the first is an error and not a fast
// system.
func TestWrongResultsAreFound(t *testing.T) {
	m := &meter{digests: make(map[string]digest)}
	d := newDataset(small.rows)
	sum := func(ids ...int) (sum digest) {
		for _, id := range ids {
			row := d.row(id)
			sum.add(int64(id), &row)
		}
		return sum
	}
	if err := m.check("line", sum(1, 2)); err != nil {
		t.Errorf("the first: %v", err)
	}
	if err := m.check("line", sum(1, 2)); err != nil {
		t.Errorf("the same rows: %v", err)
	}
	for name, other := range map[string]digest{"another order": sum(2, 1), "fewer rows": sum(1), "more": sum(1, 2, 3), "none": sum()} {
		if m.check("line", other) == nil {
			t.Errorf("%s went unnoticed", name)
		}
	}
	for name, change := range map[string]func(*todo){
		"title": func(t *todo) { t.Title = "x" }, "owner": func(t *todo) { t.Owner = "x" }, "due": func(t *todo) { t.Due++ },
		"done": func(t *todo) { t.Done = !t.Done }, "priority": func(t *todo) { t.Priority++ }, "tags": func(t *todo) { t.Tags = nil },
		"notes": func(t *todo) { t.Notes = "x" },
	} {
		row := d.row(1)
		change(&row)
		var changed digest
		changed.add(1, &row)
		if changed == sum(1) {
			t.Errorf("another %s went unnoticed", name)
		}
	}
}

// What takes too long is cut, said so and not tried again.
func TestCut(t *testing.T) {
	m := &meter{scale: small, cut: -time.Second, dir: t.TempDir(), results: make(map[[2]string]*result), digests: make(map[string]digest)}
	all := []system{{"slow", false, "", openMemory}}
	said := 0
	if err := m.rounds(all, 2, func(string, ...any) { said++ }); err != nil {
		t.Fatal(err)
	}
	r := m.result("slow", bulk)
	if !r.Cut || len(r.Samples) != 0 || said != 2 {
		t.Errorf("with no time at all: cut %v, %d samples, %d rounds said", r.Cut, len(r.Samples), said)
	}
	var out bytes.Buffer
	m.tables(&out, all)
	if strings.Contains(out.String(), "| gets |") {
		t.Errorf("a line that nobody did has a row:\n%s", out.String())
	}
	if err := (&run{}).more(); !errors.Is(err, errCut) {
		t.Errorf("more = %v after the end", err)
	}
}

func TestSpread(t *testing.T) {
	ns := func(s sample) float64 { return s.Nanoseconds }
	for _, tc := range []struct {
		in             []sample
		mid, low, high float64
	}{
		{[]sample{{Nanoseconds: 3}}, 3, 3, 3},
		{[]sample{{Nanoseconds: 4}, {Nanoseconds: 1}}, 2.5, 1, 4},
		{[]sample{{Nanoseconds: 9}, {Nanoseconds: 1}, {Nanoseconds: 2}}, 2, 1, 9},
	} {
		if mid, low, high := spread(tc.in, ns); mid != tc.mid || low != tc.low || high != tc.high {
			t.Errorf("spread(%v) = %v, %v, %v, want %v, %v, %v", tc.in, mid, low, high, tc.mid, tc.low, tc.high)
		}
	}
}
