package mvcc_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
)

func TestScanEndsWithItsContext(t *testing.T) {
	s := commit(t, new(mvcc.Snapshot), func(tx *mvcc.WriteTx) {
		for i := range 3000 {
			put(t, tx, "t", fmt.Sprintf("%04d", i), "")
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var last error
	for kv, err := range s.Read(ctx).Scan("t", backend.Range{}) {
		if err != nil {
			if kv.Key != nil || kv.Value != nil {
				t.Errorf("pair beside the error = %q, want a zero KV", kv)
			}
			last = err
			continue
		}
		n++
		cancel()
	}
	if last != context.Canceled || n > 1024 {
		t.Errorf("Scan = %v after %d pairs, want context.Canceled after at most 1,024", last, n)
	}
}

// A scan finds its last bound in another way when it is long than when it is
// short, so every length is tried, with bounds that are keys and that aren't.
func TestScanOfEveryLength(t *testing.T) {
	key := func(i int) string { return fmt.Sprintf("%03d", i) }
	var keys []string
	s := commit(t, new(mvcc.Snapshot), func(tx *mvcc.WriteTx) {
		for i := 0; i < 200; i += 2 {
			put(t, tx, "t", key(i), "")
			keys = append(keys, key(i))
		}
	})
	tx := s.Read(t.Context())
	check := func(r backend.Range) {
		t.Helper()
		want := slices.DeleteFunc(slices.Clone(keys), func(k string) bool {
			return k < string(r.Start) || r.End != nil && k >= string(r.End)
		})
		if r.Reverse {
			slices.Reverse(want)
		}
		var got []string
		for kv, err := range tx.Scan("t", r) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(kv.Key))
		}
		if !slices.Equal(got, want) {
			t.Fatalf("Scan(%q to %q, reverse %v) = %v, want %v", r.Start, r.End, r.Reverse, got, want)
		}
		if n, err := tx.Count("t", r); n != len(want) || err != nil {
			t.Fatalf("Count(%q to %q) = %d, %v, want %d", r.Start, r.End, n, err, len(want))
		}
	}
	for _, reverse := range []bool{false, true} {
		for start := range 202 {
			for _, end := range []int{0, 1, 2, 31, 32, 33, 61, 62, 63, 64, 65, 66, 67, 68, 98, 99, 198, 199, 200} {
				check(backend.Range{Start: []byte(key(start)), End: []byte(key(start + end)), Reverse: reverse})
			}
			check(backend.Range{Start: []byte(key(start)), Reverse: reverse})
			check(backend.Range{End: []byte(key(start)), Reverse: reverse})
		}
		check(backend.Range{Reverse: reverse})
		check(backend.Range{End: []byte{}, Reverse: reverse})
	}
}

func TestA35_CountAllocatesNothing(t *testing.T) {
	s := commit(t, new(mvcc.Snapshot), func(tx *mvcc.WriteTx) { put(t, tx, "t", "k", "v") })
	tx := s.Read(t.Context())
	allocs := testing.AllocsPerRun(100, func() {
		if n, err := backend.Count(tx, "t", backend.Range{}); n != 1 || err != nil {
			t.Fatalf("Count = %d, %v, want 1, nil", n, err)
		}
	})
	if allocs > 0 {
		t.Errorf("Count allocates %v times, want never", allocs)
	}
}
