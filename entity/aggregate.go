package entity

import (
	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/keys"
)

// A Number is what can be summed.
type Number interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 |
		~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 |
		~float32 | ~float64
}

// An Aggregate is what a number of each row amounts to. Without rows it is
// zero. With a NaN among the numbers Sum, Min and Max are NaN.
type Aggregate[N Number] struct {
	Count         int
	Sum, Min, Max N
}

// Avg returns the average of the numbers, to the precision of a float64; 0
// without rows.
func (a Aggregate[N]) Avg() float64 {
	if a.Count == 0 {
		return 0
	}
	return float64(a.Sum) / float64(a.Count)
}

// add adds a row's number.
func (a *Aggregate[N]) add(n N) error {
	sum := a.Sum + n
	// Neither holds for floats, whose sums round to infinity or are NaN.
	if n >= 0 && sum < a.Sum || n < 0 && sum > a.Sum {
		return failure(backend.ErrTooLarge, "the sum exceeds its type")
	}
	if a.Count == 0 {
		a.Min, a.Max = n, n
	}
	a.Count, a.Sum, a.Min, a.Max = a.Count+1, sum, min(a.Min, n), max(a.Max, n)
	return nil
}

// Summarize returns how many rows the query has, and the sum, the least and the
// greatest of the numbers that the function returns for them. A sum that exceeds
// the integer type N on its way is [backend.ErrTooLarge]: a function that returns int64 or float64
// leaves room. The function must neither change v nor keep it, nor write to the
// database.
func Summarize[K keys.Key[K], V any, N Number](tx *Tx, q *Query[K, V], of func(K, *V) N) (Aggregate[N], error) {
	var all Aggregate[N]
	err := aggregate("summarize", tx, q, func(key K, v *V) error { return all.add(of(key, v)) })
	if err != nil {
		return Aggregate[N]{}, err
	}
	return all, nil
}

// GroupBy is Summarize for each group of rows: those for which by returns the
// same value. A group without rows isn't there. The map has one entry for each
// group, all in memory; where by returns a NaN, each is a group of its own.
func GroupBy[K keys.Key[K], V any, G comparable, N Number](tx *Tx, q *Query[K, V], by func(K, *V) G, of func(K, *V) N) (map[G]Aggregate[N], error) {
	groups := make(map[G]Aggregate[N])
	err := aggregate("group", tx, q, func(key K, v *V) error {
		g := by(key, v)
		group := groups[g]
		err := group.add(of(key, v))
		groups[g] = group
		return err
	})
	if err != nil {
		return nil, err
	}
	return groups, nil
}

// aggregate calls add with each row, until it returns an error.
func aggregate[K keys.Key[K], V any](op string, tx *Tx, q *Query[K, V], add func(K, *V) error) error {
	r, err := q.start(op, tx)
	if err != nil {
		return err
	}
	r.decodes = true
	var failed error
	err = r.each(func(h *hit, row *Row[K, V]) bool {
		if failed = add(row.Key, &row.Value); failed != nil {
			failed = r.failure(h.entry, failed)
		}
		return failed == nil
	})
	if err == nil {
		err = failed
	}
	return err
}
