package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// A lane is a line of scripts/lanes.
type lane struct {
	name  string
	alone bool // nothing else runs while it does
	demo  bool // needs what scripts/demo.sh builds
}

// parseLanes reads scripts/lanes.
func parseLanes(r io.Reader) ([]lane, error) {
	var lanes []lane
	seen := map[string]bool{}
	in := bufio.NewScanner(r)
	for n := 1; in.Scan(); n++ {
		fields := strings.Fields(in.Text())
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) < 4 || fields[1] != "beside" && fields[1] != "alone" || fields[2] != "demo" && fields[2] != "-" {
			return nil, fmt.Errorf("scripts/lanes:%d: want a name, beside or alone, demo or -, and what it tests", n)
		}
		if seen[fields[0]] {
			return nil, fmt.Errorf("scripts/lanes:%d: lane %s is listed twice", n, fields[0])
		}
		seen[fields[0]] = true
		lanes = append(lanes, lane{name: fields[0], alone: fields[1] == "alone", demo: fields[2] == "demo"})
	}
	return lanes, in.Err()
}

// choose returns the lanes that names choose, in their own order.
func choose(lanes []lane, names []string) ([]lane, error) {
	if len(names) == 0 {
		return lanes, nil
	}
	chosen := make([]bool, len(lanes))
	for _, name := range names {
		found := false
		for i, l := range lanes {
			if l.name == name || strings.HasPrefix(l.name, name+"-") {
				chosen[i], found = true, true
			}
		}
		if !found {
			return nil, fmt.Errorf("no lane %q in scripts/lanes", name)
		}
	}
	var some []lane
	for i, l := range lanes {
		if chosen[i] {
			some = append(some, l)
		}
	}
	return some, nil
}
