package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/larderdb/larder/scripts/results"
)

func TestNumbers(t *testing.T) {
	for name, want := range map[string]string{
		"TestMemory/B25_unique_violation_changes_nothing": "[B25]",
		"TestD5_prefix_ends_in_0xFF":                      "[D5]",
		"TestStores/A4,_A20_typed_handles":                "[A4 A20]",
		"TestB25_all/a_subtest_of_it":                     "[]",
		"TestBase64":                                      "[]",
		"TestKeys/0xA1":                                   "[]",
		"TestSHA1":                                        "[]",
		"opens/D29":                                       "[D29]",
		"A200_is_no_row":                                  "[]",
	} {
		if got := fmt.Sprint(numbers(name)); got != want {
			t.Errorf("numbers(%q) = %s, want %s", name, got, want)
		}
	}
}

func TestParseRows(t *testing.T) {
	rows, err := parseRows(strings.NewReader("# comment\n\nA1    clean\nA31   = docs/FORMAT.md   versions\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []row{{"A1", "", "clean"}, {"A31", "docs/FORMAT.md", "versions"}}
	if !slices.Equal(rows, want) {
		t.Errorf("parseRows = %v, want %v", rows, want)
	}
	for _, bad := range []string{"C1 x", "A1", "A1 x\nA1 y", "A100 x"} {
		if _, err := parseRows(strings.NewReader(bad)); err == nil {
			t.Errorf("parseRows(%q) = nil, want an error", bad)
		}
	}
}

func TestReport(t *testing.T) {
	pass := proof{"native", results.Test{Package: "github.com/larderdb/larder/keys", Name: "TestD5_x", Status: "pass"}}
	fail := proof{"wazero", results.Test{Package: "github.com/larderdb/larder/keys", Name: "TestD5_x", Status: "fail"}}
	t.Chdir(t.TempDir())
	tests := []struct {
		name    string
		row     row
		proofs  []proof
		missing int
		says    string
	}{
		{"a passing test", row{number: "D5", what: "x"}, []proof{pass}, 0, "native       keys TestD5_x"},
		{"no test", row{number: "D5", what: "x"}, nil, 1, "MISSING"},
		{"one failing test", row{number: "D5", what: "x"}, []proof{pass, fail}, 1, "not passed: wazero: keys TestD5_x"},
		{"a document that is not there", row{number: "D5", what: "x", where: "docs/NONE.md"}, nil, 1, "there is no docs/NONE.md"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			missing := report(&out, []row{tt.row}, map[string][]proof{tt.row.number: tt.proofs}, false)
			if missing != tt.missing || !strings.Contains(out.String(), tt.says) {
				t.Errorf("report = %d, %q, want %d and %q", missing, out.String(), tt.missing, tt.says)
			}
		})
	}
}
