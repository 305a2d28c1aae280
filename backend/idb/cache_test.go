package idb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
	"github.com/larderdb/larder/internal/pagetree"
)

// leavesOf returns a database of one table and the ids of its leaves.
func leavesOf(t *testing.T, budget, rows int) (*disk, []pagetree.ID) {
	d := newDisk(budget)
	d.update(t, func(tx *mvcc.WriteTx) {
		for i := range rows {
			put(t, tx, "t", fmt.Sprintf("%06d", i), fmt.Sprintf("%0200d", i))
		}
	})
	d.checkpoint(t)
	w := &wreck{disk: d}
	return d, w.pagesOf(t, "t", 'P')
}

func TestCacheKeepsItsBudget(t *testing.T) {
	d, leaves := leavesOf(t, 200_000, 5000)
	if len(leaves) < 20 {
		t.Fatalf("there are %d leaves, want many", len(leaves))
	}
	hot := leaves[0]
	for round := range 3 {
		for _, id := range leaves {
			for _, id := range []pagetree.ID{id, hot} {
				page, err := d.cache.page(t.Context(), id, false)
				if err != nil || &page.Bytes()[0] != &d.pages[id][0] {
					t.Fatalf("page(%d): %v, want the page", id, err)
				}
				if got := d.cache.bytes(); got > 200_000 {
					t.Fatalf("there are %d bytes in memory, want at most 200,000", got)
				}
			}
		}
		// What is used again and again stays, though more was read than there is
		// room for.
		if _, err := d.cache.page(t.Context(), hot, true); err != nil {
			t.Errorf("round %d: the page that is used most isn't in memory: %v", round, err)
		}
	}
	if _, err := d.cache.page(t.Context(), leaves[1], true); err != backend.ErrNotInMemory {
		t.Errorf("a page that was read long ago: %v, want ErrNotInMemory itself", err)
	}
	d.cache.forget([]uint64{uint64(hot), 12345})
	if _, err := d.cache.page(t.Context(), hot, true); err != backend.ErrNotInMemory {
		t.Errorf("a page that was deleted: %v, want ErrNotInMemory itself", err)
	}
}

// Many that want a page at once share one request, and pages that are wanted in
// one turn go out together.
func TestMissesAreFetchedOnce(t *testing.T) {
	d, leaves := leavesOf(t, 1<<20, 5000)
	asked := map[pagetree.ID]int{}
	batches := 0
	c := newCache(1<<20, func(ids []pagetree.ID) ([][]byte, []error) {
		batches++
		for _, id := range ids {
			asked[id]++
		}
		return d.fetch(ids)
	})
	c.ahead(leaves[:5])
	c.ahead(leaves[:3])
	var wg sync.WaitGroup
	for range 10 {
		for _, id := range leaves[:10] {
			wg.Go(func() {
				if _, err := c.page(context.Background(), id, false); err != nil {
					t.Errorf("page: %v", err)
				}
			})
		}
	}
	wg.Wait()
	c.close()
	if len(asked) != 10 {
		t.Errorf("%d pages were asked for, want 10", len(asked))
	}
	for id, n := range asked {
		if n != 1 {
			t.Errorf("page %d was asked for %d times, want once", id, n)
		}
	}
	if batches > 10 {
		t.Errorf("there were %d requests", batches)
	}
	if _, err := c.page(t.Context(), leaves[20], false); !errors.Is(err, backend.ErrClosed) {
		t.Errorf("a page after the end: %v, want ErrClosed", err)
	}
}

// What is read ahead doesn't push itself out of memory.
func TestReadingAheadIsBounded(t *testing.T) {
	for _, c := range []struct{ budget, most int }{{1 << 20, 8}, {32 << 20, 64}} {
		d, leaves := leavesOf(t, c.budget, 20_000)
		var asked []pagetree.ID
		cache := newCache(c.budget, func(ids []pagetree.ID) ([][]byte, []error) {
			asked = append(asked, ids...)
			return d.fetch(ids)
		})
		cache.ahead(leaves)
		cache.close()
		if !slices.Equal(asked, leaves[:c.most]) {
			t.Errorf("of %d pages ahead %d are fetched with a budget of %d, want the first %d", len(leaves), len(asked), c.budget, c.most)
		}
		for _, id := range asked {
			if _, err := cache.page(t.Context(), id, true); err != nil {
				t.Errorf("page %d, read ahead: %v", id, err)
			}
		}
	}
}

// What can't be fetched, or is damaged, isn't kept: the next one asks again.
func TestFailedFetchesAreNotKept(t *testing.T) {
	d, leaves := leavesOf(t, 1<<20, 1000)
	broken := errors.New("no connection")
	var held chan struct{} // until it is closed, nothing is fetched
	c := newCache(1<<20, func(ids []pagetree.ID) ([][]byte, []error) {
		if held != nil {
			<-held
		}
		if broken != nil {
			return make([][]byte, len(ids)), slices.Repeat([]error{broken}, len(ids))
		}
		return d.fetch(ids)
	})
	if _, err := c.page(t.Context(), leaves[0], false); err != broken {
		t.Errorf("page = %v, want why it can't be fetched", err)
	}
	broken = nil
	whole := d.pages[leaves[0]]
	(&wreck{disk: d}).harm(leaves[0])
	if _, err := c.page(t.Context(), leaves[0], false); !errors.Is(err, backend.ErrCorrupt) {
		t.Errorf("page = %v, want ErrCorrupt", err)
	}
	d.pages[leaves[0]] = whole
	if _, err := c.page(t.Context(), leaves[0], false); err != nil {
		t.Errorf("page = %v, want nil", err)
	}
	held = make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.page(ctx, leaves[1], false); err != context.Canceled {
		t.Errorf("page with a context that is done = %v, want its error", err)
	}
	close(held)
	c.close()
}

// A missing page is damage, unless a newer checkpoint can have deleted it.
func TestWhatAMissingPageMeans(t *testing.T) {
	d, leaves := leavesOf(t, 0, 1000)
	old := d.snap
	delete(d.pages, leaves[0])
	get := func() error {
		tx := old.Read(t.Context())
		defer tx.End()
		_, err := tx.Get("t", []byte("000000"))
		return err
	}
	var e *backend.Error
	if err := get(); !errors.As(err, &e) || e.Class != backend.ErrCorrupt || e.Table != "t" || e.Reason != fmt.Sprintf("page %d is missing", leaves[0]) {
		t.Errorf("Get = %v, want ErrCorrupt that names page %d", err, leaves[0])
	}
	d.ordinal++ // the root has moved on
	if err := get(); !errors.Is(err, backend.ErrConflict) || !errors.Is(err, errGone) || !backend.IsRetryable(err) {
		t.Errorf("Get = %v, want ErrConflict", err)
	}
}
