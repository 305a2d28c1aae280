package results_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/larderdb/larder/scripts/results"
)

func TestRead(t *testing.T) {
	tests := []struct {
		name   string
		stream string
		want   []string // "status package name"
	}{
		{"empty", "", nil},
		{"a test and its subtest",
			`{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/B25_unique"}
{"Action":"pass","Package":"p","Test":"TestA/B25_unique","Elapsed":0.5}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.5}
{"Action":"pass","Package":"p","Elapsed":0.6}
`, []string{"pass p TestA/B25_unique", "pass p TestA"}},
		{"a package that does not build is one failure",
			`{"Action":"build-output","ImportPath":"p [p.test]","Output":"x.go:1: oops\n"}
{"Action":"fail","Package":"p"}
`, []string{"fail p "}},
		{"a package with a failed test is not counted again",
			`{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}
`, []string{"fail p TestA"}},
		{"a test that never ended is a failure",
			`{"Action":"run","Package":"p","Test":"TestA"}
`, []string{"fail p TestA"}},
		{"lines that are no events are passed over",
			"ok\n" + `{"Action":"skip","Package":"p","Test":"TestA"}`, []string{"skip p TestA"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ts, err := results.Read(strings.NewReader(tt.stream))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, x := range ts {
				got = append(got, x.Status+" "+x.Package+" "+x.Name)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("Read = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestReadKeepsTheOutputOfAFailure(t *testing.T) {
	ts, err := results.Read(strings.NewReader(`{"Action":"output","Package":"p","Test":"TestA","Output":"got 1, want 2\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
`))
	if err != nil {
		t.Fatal(err)
	}
	if len(ts) != 1 || ts[0].Output != "got 1, want 2\n" {
		t.Errorf("Read = %+v, want one failure with its output", ts)
	}
}

func TestReadRefusesATornEvent(t *testing.T) {
	if _, err := results.Read(strings.NewReader(`{"Action":"pa`)); err == nil {
		t.Error("Read of half an event = nil, want an error")
	}
}

func TestCount(t *testing.T) {
	ts := results.Tests{{Status: "pass"}, {Status: "fail"}, {Status: "pass"}, {Status: "skip"}}
	if p, f, s := ts.Count(); p != 2 || f != 1 || s != 1 {
		t.Errorf("Count = %d, %d, %d, want 2, 1, 1", p, f, s)
	}
}
