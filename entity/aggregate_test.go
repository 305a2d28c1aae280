package entity_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

// sums returns what Summarize makes of numbers, on an engine.
func sums[N entity.Number](t testing.TB, s backend.Store, numbers ...N) (entity.Aggregate[N], error) {
	t.Helper()
	rows := entity.New[keys.Int](fmt.Sprintf("of %T", numbers), msgpack.Of[N]())
	db := open(t, s, rows)
	var all entity.Aggregate[N]
	var failed error
	update(t, db, func(tx *entity.Tx) error {
		if _, err := rows.DeleteMany(tx, func(yield func(keys.Int) bool) {
			for i := 0; i < 20 && yield(keys.Int(i)); i++ {
			}
		}); err != nil {
			return err
		}
		for i, n := range numbers {
			if err := rows.Put(tx, keys.Int(i), n); err != nil {
				return err
			}
		}
		all, failed = entity.Summarize(tx, rows.Query(), func(_ keys.Int, n *N) N { return *n })
		// A group is summed up as the whole is.
		groups, err := entity.GroupBy(tx, rows.Query(), func(keys.Int, *N) string { return "all" }, func(_ keys.Int, n *N) N { return *n })
		if group := groups["all"]; (err == nil) != (failed == nil) || fmt.Sprint(group) != fmt.Sprint(all) {
			t.Errorf("GroupBy = %+v, %v, want %+v, %v", group, err, all, failed)
		}
		return nil
	})
	return all, failed
}

func TestSummarize(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		t.Run("B41 without rows all is zero", func(t *testing.T) {
			if all, err := sums[int](t, s); all != (entity.Aggregate[int]{}) || all.Avg() != 0 || err != nil {
				t.Errorf("Summarize = %+v, avg %v, %v, want zero", all, all.Avg(), err)
			}
		})
		t.Run("B41 count, sum, least, greatest, average", func(t *testing.T) {
			if all, err := sums(t, s, 4, -1, 3); all != (entity.Aggregate[int]{Count: 3, Sum: 6, Min: -1, Max: 4}) || all.Avg() != 2 || err != nil {
				t.Errorf("of integers it is %+v, avg %v, %v", all, all.Avg(), err)
			}
			if all, err := sums(t, s, -2.5, -0.5); all != (entity.Aggregate[float64]{Count: 2, Sum: -3, Min: -2.5, Max: -0.5}) || all.Avg() != -1.5 || err != nil {
				t.Errorf("of floats it is %+v, avg %v, %v", all, all.Avg(), err)
			}
		})
		t.Run("B41 a sum that exceeds its type is ErrTooLarge, and never wrong", func(t *testing.T) {
			_, err := sums(t, s, math.MaxInt64, 1)
			wantClass(t, "over the greatest", err, backend.ErrTooLarge)
			_, err = sums(t, s, math.MinInt64, -1)
			wantClass(t, "under the least", err, backend.ErrTooLarge)
			_, err = sums[uint8](t, s, 200, 56)
			wantClass(t, "of bytes", err, backend.ErrTooLarge)
			if all, err := sums[uint8](t, s, 200, 55); all.Sum != 255 || err != nil {
				t.Errorf("200 + 55 = %v, %v", all.Sum, err)
			}
			if all, err := sums(t, s, math.MaxInt64, math.MinInt64); all.Sum != -1 || err != nil {
				t.Errorf("the greatest and the least = %v, %v, want -1", all.Sum, err)
			}
		})
		t.Run("B41 floats round, and a NaN makes all NaN", func(t *testing.T) {
			if all, err := sums(t, s, math.MaxFloat64, math.MaxFloat64); !math.IsInf(all.Sum, 1) || err != nil {
				t.Errorf("twice the greatest is %v, %v, want infinity", all.Sum, err)
			}
			for _, numbers := range [][]float64{{1, math.NaN(), 2}, {math.NaN(), 1}, {math.Inf(1), 1, math.NaN()}} {
				all, err := sums(t, s, numbers...)
				if all.Count != len(numbers) || !math.IsNaN(all.Sum) || !math.IsNaN(all.Min) || !math.IsNaN(all.Max) || !math.IsNaN(all.Avg()) || err != nil {
					t.Errorf("of %v it is %+v, %v, want NaN", numbers, all, err)
				}
			}
			if all, err := sums(t, s, math.Inf(1), math.Inf(-1)); !math.IsNaN(all.Sum) || !math.IsInf(all.Min, -1) || !math.IsInf(all.Max, 1) || err != nil {
				t.Errorf("of both infinities it is %+v, %v", all, err)
			}
		})
	})
}

// A sum of small integers is that of wide ones, or an error.
func TestSumsNeverWrap(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		rapid.Check(t, func(rt *rapid.T) {
			numbers := rapid.SliceOfN(rapid.Int8(), 0, 20).Draw(rt, "numbers")
			want, exceeds := 0, false
			for _, n := range numbers {
				want += int(n)
				if want < math.MinInt8 || want > math.MaxInt8 {
					exceeds = true
					break
				}
			}
			all, err := sums(t, s, numbers...)
			if errors.Is(err, backend.ErrTooLarge) != exceeds || !exceeds && (err != nil || int(all.Sum) != want) {
				rt.Errorf("the sum of %v is %v, %v, want %d, too large: %v", numbers, all.Sum, err, want, exceeds)
			}
		})
	})
}

func TestGroupBy(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		db, d, _ := manyItems(t, s, 20)
		t.Run("B41 groups of a query", func(t *testing.T) {
			view(t, db, func(tx *entity.Tx) error {
				got, err := entity.GroupBy(tx, d.byRank.Query(keys.From(keys.Int(15))).Reverse(),
					func(k itemKey, _ *Item) keys.String { return k.A }, func(_ itemKey, it *Item) int64 { return int64(it.Rank) })
				want := map[keys.String]entity.Aggregate[int64]{
					"a": {Count: 2, Sum: 16 + 18, Min: 16, Max: 18},
					"b": {Count: 3, Sum: 15 + 17 + 19, Min: 15, Max: 19},
				}
				if fmt.Sprint(got) != fmt.Sprint(want) || err != nil {
					t.Errorf("GroupBy = %v, %v, want %v", got, err, want)
				}
				return nil
			})
		})
		t.Run("B41 the first rows of an order", func(t *testing.T) {
			view(t, db, func(tx *entity.Tx) error {
				q := d.store.Query().OrderBy(func(a, b *entity.Row[itemKey, Item]) int { return b.Value.Rank - a.Value.Rank }).Limit(3)
				got, err := entity.Summarize(tx, q, func(_ itemKey, it *Item) int { return it.Rank })
				if want := (entity.Aggregate[int]{Count: 3, Sum: 19 + 18 + 17, Min: 17, Max: 19}); got != want || err != nil {
					t.Errorf("Summarize = %+v, %v, want %+v", got, err, want)
				}
				return nil
			})
		})
	})
}
