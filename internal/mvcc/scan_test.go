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
// short, and goes on otherwise where a Base has ended, so every length is tried,
// with bounds that are keys and that aren't.
func TestScanOfEveryLength(t *testing.T) {
	key := func(i int) string { return fmt.Sprintf("%03d", i) }
	even := func(from, to int) func(*testing.T, *mvcc.WriteTx) {
		return func(t *testing.T, tx *mvcc.WriteTx) {
			for i := from; i < to; i += 2 {
				put(t, tx, "t", key(i), "")
			}
		}
	}
	none := func(t *testing.T, tx *mvcc.WriteTx) {}
	for name, parts := range map[string]struct {
		below, above func(*testing.T, *mvcc.WriteTx)
	}{
		"all in memory":      {none, even(0, 200)},
		"all in the Base":    {even(0, 200), none},
		"the Base first":     {even(0, 80), even(80, 200)},
		"the Base last":      {even(80, 200), even(0, 80)},
		"the Base within":    {even(60, 130), func(t *testing.T, tx *mvcc.WriteTx) { even(0, 90)(t, tx); even(120, 200)(t, tx) }},
		"every other in one": {func(t *testing.T, tx *mvcc.WriteTx) { everyFourth(t, tx, 0) }, func(t *testing.T, tx *mvcc.WriteTx) { everyFourth(t, tx, 2) }},
		"with deleted pairs": {func(t *testing.T, tx *mvcc.WriteTx) {
			even(0, 170)(t, tx)
			for i := 1; i < 200; i++ {
				put(t, tx, "t", key(i), "deleted below")
			}
		}, func(t *testing.T, tx *mvcc.WriteTx) {
			for i := range 250 {
				if i%2 == 1 || i >= 200 {
					if err := tx.Remove("t", []byte(key(i))); err != nil {
						t.Fatal(err)
					}
				}
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := commit(t, new(mvcc.Snapshot), func(tx *mvcc.WriteTx) { parts.below(t, tx) })
			s = commit(t, fold(s, nil), func(tx *mvcc.WriteTx) { parts.above(t, tx) })
			scanEveryLength(t, s.Read(t.Context()), key)
		})
	}
}

func everyFourth(t *testing.T, tx *mvcc.WriteTx, from int) {
	for i := from; i < 200; i += 4 {
		put(t, tx, "t", fmt.Sprintf("%03d", i), "")
	}
}

// scanEveryLength scans a table of the even keys up to 200.
func scanEveryLength(t *testing.T, tx *mvcc.ReadTx, key func(int) string) {
	var keys []string
	for i := 0; i < 200; i += 2 {
		keys = append(keys, key(i))
	}
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
