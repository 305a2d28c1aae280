package pagetree_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/pagetree"
)

// Keys that begin alike, differ after more bytes than a mark has, end where
// others go on, or hold what a mark is filled up with, are found as any others,
// in leaves and through inner nodes, where each pair has a mark and where not.
func TestKeysThatAreAlikeAreFound(t *testing.T) {
	alike := map[string][]string{}
	add := func(name, format string, n int) {
		for i := range n {
			alike[name] = append(alike[name], fmt.Sprintf(format, i))
		}
	}
	add("a long beginning", strings.Repeat("shared", 20)+"%04d", 500)
	add("more than a mark is the same", "x%04d", 1)
	for _, group := range []string{"", "a", "ab", "b"} {
		add("more than a mark is the same", "common"+group+"-12345678-%03d", 60)
	}
	for i := range 120 {
		alike["zeros"] = append(alike["zeros"], "z"+strings.Repeat("\x00", i), "z"+strings.Repeat("\x00", i)+"\x01")
		alike["one ends where the next goes on"] = append(alike["one ends where the next goes on"], strings.Repeat("n", i+1))
	}
	add("one alone", "alone%d", 1)
	add("two", "two%d", 2)
	add("five", "five%d", 5)
	for name, keys := range maps.Clone(alike) {
		slices.Sort(keys)
		alike[name+", long"] = keys
	}
	for name, keys := range alike {
		t.Run(name, func(t *testing.T) {
			pairs := map[string]string{}
			for _, k := range keys {
				pairs[k] = "value of " + k
				if strings.HasSuffix(name, ", long") {
					pairs[k] += strings.Repeat(".", 100)
				}
			}
			d := newDisk()
			tree := d.merge(t, pagetree.Tree{}, sizes{3000, 500, 2000}, puts(pairs))
			tried := slices.Concat([]string{"", "\xff"}, keys)
			for _, k := range keys {
				tried = append(tried, k+"\x00", k+"\xff", k[:len(k)-1], k[:len(k)/2], k[:len(k)-1]+"\xff")
			}
			for _, k := range tried {
				got, err := tree.Get(context.Background(), []byte(k), true)
				want, exists := pairs[k]
				if string(got) != want || (err == nil) != exists || err != nil && !errors.Is(err, backend.ErrNotFound) {
					t.Fatalf("Get(%q) = %q, %v, want %q", k, got, err, want)
				}
				at, _ := slices.BinarySearch(keys, k)
				below := backend.Range{End: []byte(k)}
				if n, err := tree.Count(context.Background(), below, true); n != at || err != nil {
					t.Fatalf("%d keys are below %q, %v, want %d", n, k, err, at)
				}
				if n := first(t, tree, below, len(keys)+1); n != at {
					t.Fatalf("a scan finds %d keys below %q, want %d", n, k, at)
				}
				if n := first(t, tree, backend.Range{Start: []byte(k), Reverse: true}, len(keys)+1); n != len(keys)-at {
					t.Fatalf("a scan finds %d keys from %q on, want %d", n, k, len(keys)-at)
				}
			}
		})
	}
}
