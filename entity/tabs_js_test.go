//go:build js && wasm

package entity_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/idb"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/keys"
)

// TestTwoTabs opens one database twice, as two tabs do: one with old code and
// one with new.
func TestTwoTabs(t *testing.T) {
	const name = "two tabs"
	tab := func() backend.Store {
		s, err := idb.Open(t.Context(), name, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(context.Background()); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
		return s
	}
	t.Cleanup(func() {
		if err := idb.Delete(context.Background(), name); err != nil {
			t.Errorf("Delete: %v", err)
		}
	})
	oldStore, newStore := tab(), tab()
	old, next := withoutIndex(), withIndex(ageIndex())
	oldTab, err := entity.Open(t.Context(), oldStore, old.users)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, oldTab, old, 10)

	// The new tab's Open is through while the old tab's closure runs, on a
	// snapshot that knows nothing of it.
	runs := 0
	err = oldTab.Update(t.Context(), func(_ context.Context, tx *entity.Tx) error {
		if runs++; runs == 1 {
			open(t, newStore, next.users)
		}
		return old.users.Put(tx, uid("spoiler"), ada)
	})
	wantClass(t, "Update of the old tab", err, backend.ErrSchemaNewer)
	if runs != 1 {
		t.Errorf("the old tab's closure ran %d times, want once, before the new tab", runs)
	}

	db := open(t, newStore, next.users)
	view(t, db, func(tx *entity.Tx) error {
		if n, err := next.byAge.Count(tx, keys.All[keys.Int]()); n != 10 || err != nil {
			t.Errorf("the index has %d entries, %v, want those of the 10 rows and none of the old tab's", n, err)
		}
		return nil
	})
}

// TestSequenceInTwoTabs takes numbers in two tabs at the same time.
func TestSequenceInTwoTabs(t *testing.T) {
	const name, each = "sequence in two tabs", 1500
	t.Cleanup(func() {
		if err := idb.Delete(context.Background(), name); err != nil {
			t.Errorf("Delete: %v", err)
		}
	})
	got := make([][]uint64, 2)
	var all sync.WaitGroup
	for i := range got {
		s, err := idb.Open(t.Context(), name, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(context.Background()); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
		db := open(t, s)
		all.Go(func() {
			for range each {
				n, err := orders.Next(t.Context(), db)
				if err != nil {
					t.Errorf("Next: %v", err)
					return
				}
				got[i] = append(got[i], n)
			}
		})
	}
	all.Wait()
	seen := make(map[uint64]bool)
	for i, list := range got {
		if !slices.IsSorted(list) {
			t.Errorf("the numbers of tab %d don't ascend", i)
		}
		for _, n := range list {
			seen[n] = true
		}
	}
	if len(seen) != 2*each {
		t.Errorf("%d of %d numbers are different", len(seen), 2*each)
	}
}
