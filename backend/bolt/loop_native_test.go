//go:build !wasm

package bolt_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/larderdb/larder/backend"
)

// bbolt's Last looks for a page that isn't empty from the end to the beginning,
// and when there was none it began again, for ever: a loop in descending order
// hung once the transaction had deleted all pairs of some pages.
func TestALoopOverPagesThatWereEmptiedEnds(t *testing.T) {
	s := open(t)
	for _, rows := range []int{1, 50, 300, 700, 2000} {
		err := s.Update(t.Context(), func(_ context.Context, tx backend.WriteTx) error {
			for i := range rows {
				if err := tx.Put("t", fmt.Appendf(nil, "%06d", i), fmt.Append(nil, i)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Update(t.Context(), func(_ context.Context, tx backend.WriteTx) error {
			seen := 0
			for kv, err := range tx.Scan("t", backend.Range{Reverse: true}) {
				if err != nil {
					return err
				}
				if _, err := tx.Delete("t", kv.Key); err != nil {
					return err
				}
				seen++
			}
			if seen != rows {
				t.Errorf("the loop saw %d pairs, want %d", seen, rows)
			}
			n, err := backend.Count(tx, "t", backend.Range{Reverse: true})
			if n != 0 {
				t.Errorf("%d pairs are left, want none", n)
			}
			return err
		})
		if err != nil {
			t.Errorf("Update = %v", err)
		}
	}
}
