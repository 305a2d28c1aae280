package msgp_test

import (
	"testing"

	"github.com/larderdb/larder/internal/msgp"
)

func benchRow(b *testing.B) []byte {
	return marshal(b, map[string]any{
		"id": 7, "title": "water the plants on the balcony", "done": false, "due": 1.7e9,
		"tags": []string{"home", "weekly"}, "address": map[string]any{"lat": 52.5, "lng": 13.4},
	})
}

func BenchmarkValidate(b *testing.B) {
	row := benchRow(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := msgp.Validate(row); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkKeyOfField is what a Put does for each index.
func BenchmarkKeyOfField(b *testing.B) {
	row := benchRow(b)
	b.ReportAllocs()
	var key []byte
	for b.Loop() {
		value, _, err := msgp.Find(row, "address", "lat")
		if err != nil {
			b.Fatal(err)
		}
		if key, err = msgp.AppendKey(key[:0], value); err != nil {
			b.Fatal(err)
		}
	}
}
