//go:build !wasm

package jshost_test

import (
	"os"
	"strings"
	"testing"

	"github.com/larderdb/larder/internal/jshost"
	"github.com/larderdb/larder/internal/jshost/jshosttest"
)

// TestIndexedDBIsChromiums runs testdata/probe.js, whose golden output comes from Chromium.
func TestIndexedDBIsChromiums(t *testing.T) {
	source, err := os.ReadFile("testdata/probe.js")
	if err != nil {
		t.Fatal(err)
	}
	golden, err := os.ReadFile("testdata/probe.golden")
	if err != nil {
		t.Fatal(err)
	}
	got, err := page(t, jshosttest.NewRealm(t, jshost.Config{})).Eval(t.Context(), string(source))
	if err != nil {
		t.Fatal(err)
	}
	have := strings.Split(got.(string), "\n")
	want := strings.Split(string(golden), "\n")
	for i := range max(len(have), len(want)) {
		line := func(lines []string) string {
			if i < len(lines) {
				return lines[i]
			}
			return "(nothing)"
		}
		if line(have) != line(want) {
			t.Errorf("line %d\n got %s\nwant %s", i+1, line(have), line(want))
		}
	}
}
