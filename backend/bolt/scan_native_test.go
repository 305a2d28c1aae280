//go:build !wasm

package bolt_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/larderdb/larder/backend"
)

// A loop in a View finds its end in another way when it is long than when it
// is short, so every length is tried, with bounds that are keys and that aren't.
func TestScanOfEveryLength(t *testing.T) {
	s := open(t)
	const rows = 400
	err := s.Update(t.Context(), func(_ context.Context, tx backend.WriteTx) error {
		for i := range rows {
			if err := tx.Put("t", fmt.Appendf(nil, "%03d", i), make([]byte, 100)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.View(t.Context(), func(_ context.Context, tx backend.ReadTx) error {
		for n := range rows + 1 {
			for _, from := range []int{0, 1, rows - n} {
				if from+n > rows {
					continue
				}
				exact := backend.Range{Start: fmt.Appendf(nil, "%03d", from), End: fmt.Appendf(nil, "%03d", from+n)}
				between := backend.Range{Start: fmt.Appendf(nil, "%03d+", from-1), End: fmt.Appendf(nil, "%03d+", from+n-1)}
				if from == 0 {
					between.Start = nil
				}
				if from+n == rows {
					exact.End = nil
				}
				for _, r := range []backend.Range{exact, between} {
					for _, r.Reverse = range []bool{false, true} {
						seen := 0
						for kv, err := range tx.Scan("t", r) {
							want := from + seen
							if r.Reverse {
								want = from + n - 1 - seen
							}
							if err != nil || string(kv.Key) != fmt.Sprintf("%03d", want) {
								t.Fatalf("pair %d of %+v = %q, %v, want %03d", seen, r, kv.Key, err, want)
							}
							seen++
						}
						if seen != n {
							t.Fatalf("the loop over %+v saw %d pairs, want %d", r, seen, n)
						}
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
