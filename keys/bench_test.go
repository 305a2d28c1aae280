package keys_test

import (
	"testing"
	"time"

	"github.com/larderdb/larder/keys"
)

// benchKey is a key of a string, a negative integer and a string with a zero
// byte in it.
type benchKey = keys.T3[keys.String, keys.Int, keys.String]

var benchValue = benchKey{A: "todo_lists", B: -1234567, C: "a\x00b"}

func BenchmarkAppend(b *testing.B) {
	b.Run("T3", func(b *testing.B) { benchmarkAppend(b, benchValue) })
	b.Run("UserRowID", func(b *testing.B) { benchmarkAppend(b, must(keys.ParseUserRowID("alice:todo_1"))) })
	b.Run("Float", func(b *testing.B) { benchmarkAppend(b, keys.Float(1.5)) })
	b.Run("Desc of Time", func(b *testing.B) { benchmarkAppend(b, keys.Desc[keys.Time]{Value: keys.TimeOf(time.Unix(1, 2))}) })
	b.Run("Element", func(b *testing.B) { benchmarkAppend(b, must(keys.ElementOf(keys.String("todo_lists")))) })
}

func benchmarkAppend[K keys.Key[K]](b *testing.B, k K) {
	b.ReportAllocs()
	buf := make([]byte, 0, 64)
	for b.Loop() {
		var err error
		if buf, err = k.AppendKey(buf[:0]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	b.Run("T3", func(b *testing.B) { benchmarkDecode(b, benchValue) })
	b.Run("UserRowID", func(b *testing.B) { benchmarkDecode(b, must(keys.ParseUserRowID("alice:todo_1"))) })
	b.Run("Float", func(b *testing.B) { benchmarkDecode(b, keys.Float(1.5)) })
	b.Run("Desc of Time", func(b *testing.B) { benchmarkDecode(b, keys.Desc[keys.Time]{Value: keys.TimeOf(time.Unix(1, 2))}) })
	b.Run("Element", func(b *testing.B) { benchmarkDecode(b, must(keys.ElementOf(keys.String("todo_lists")))) })
}

func benchmarkDecode[K keys.Key[K]](b *testing.B, k K) {
	b.ReportAllocs()
	enc := encode(b, k)
	for b.Loop() {
		if _, err := keys.Decode[K](enc); err != nil {
			b.Fatal(err)
		}
	}
}

func TestAppendKeyDoesNotAllocate(t *testing.T) {
	buf := make([]byte, 0, 64)
	row := must(keys.ParseUserRowID("alice:todo_1"))
	desc := keys.Desc[keys.Time]{Value: keys.TimeOf(time.Unix(1, 2))}
	got := testing.AllocsPerRun(100, func() {
		buf, _ = benchValue.AppendKey(buf[:0])
		buf, _ = row.AppendKey(buf)
		buf, _ = desc.AppendKey(buf)
	})
	if got != 0 {
		t.Errorf("%v allocations, want 0", got)
	}
}
