package mvcc_test

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
)

// Keys around the length of what stands of them in a pair, which differ in
// zeros at their ends or in their last byte, have the order of their bytes, and
// each is found.
func TestOrderOfKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 0x7F, 0x80, 0xFF}), 1, 11)
		drawn := rapid.SliceOfN(key, 1, 60).Draw(t, "keys")
		want := map[string]bool{}
		tx := new(mvcc.Snapshot).Write(t.Context())
		for _, k := range drawn {
			want[string(k)] = true
			if err := tx.Put("t", k, k); err != nil {
				t.Fatal(err)
			}
		}
		s, err := tx.Commit(1)
		if err != nil {
			t.Fatal(err)
		}
		read := s.Read(t.Context())
		var got []string
		for kv, err := range read.Scan("t", backend.Range{}) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(kv.Key))
		}
		if sorted := slices.Sorted(maps.Keys(want)); !slices.Equal(got, sorted) {
			t.Fatalf("Scan yielded %q, want %q", got, sorted)
		}
		for k := range want {
			if v, err := read.Get("t", []byte(k)); err != nil || !bytes.Equal(v, []byte(k)) {
				t.Fatalf("Get(%q) = %q, %v", k, v, err)
			}
		}
		bound := key.Draw(t, "bound")
		below := 0
		for k := range want {
			if k < string(bound) {
				below++
			}
		}
		if n, err := read.Count("t", backend.Range{End: bound}); n != below || err != nil {
			t.Fatalf("Count below %q = %d, %v, want %d", bound, n, err, below)
		}
	})
}
