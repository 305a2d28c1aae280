package codectest

import (
	"sync/atomic"

	"github.com/larderdb/larder/entity"
)

// Failed returns the names of the checks that fail for codec.
func Failed[V any](codec entity.Codec[V], values ...V) (names []string) {
	for _, c := range checksOf(codec, values) {
		var r recorder
		c.run(&r)
		if r.failed.Load() {
			names = append(names, c.name)
		}
	}
	return names
}

type recorder struct{ failed atomic.Bool }

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.failed.Store(true) }

// Equal reports whether the checks take a and b for equal.
func Equal[V any](a, b V) bool { return isEqual(a, b) }
