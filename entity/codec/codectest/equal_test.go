package codectest_test

import (
	"math"
	"testing"
	"time"

	"github.com/larderdb/larder/entity/codec/codectest"
)

func TestEquality(t *testing.T) {
	type inner struct {
		private string
		T       time.Time
	}
	type v struct {
		F float64
		L []int
		M map[string]*inner
		A any
		P *v
	}
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		a, b v
		want bool
	}{
		"zero":                     {v{}, v{}, true},
		"NaN":                      {v{F: math.NaN()}, v{F: math.NaN()}, true},
		"NaN and a number":         {v{F: math.NaN()}, v{F: 1}, false},
		"nil and empty":            {v{L: []int{}, M: map[string]*inner{}}, v{}, true},
		"lists":                    {v{L: []int{1, 2}}, v{L: []int{1, 2}}, true},
		"another element":          {v{L: []int{1, 2}}, v{L: []int{1, 3}}, false},
		"one element more":         {v{L: []int{1, 2}}, v{L: []int{1}}, false},
		"an instant in two zones":  {v{M: map[string]*inner{"k": {T: noon}}}, v{M: map[string]*inner{"k": {T: noon.In(time.FixedZone("", 3600))}}}, true},
		"another instant":          {v{M: map[string]*inner{"k": {T: noon}}}, v{M: map[string]*inner{"k": {T: noon.Add(1)}}}, false},
		"a field that is private":  {v{M: map[string]*inner{"k": {private: "a"}}}, v{M: map[string]*inner{"k": {}}}, false},
		"another key":              {v{M: map[string]*inner{"k": nil}}, v{M: map[string]*inner{"l": nil}}, false},
		"one key more":             {v{M: map[string]*inner{"k": nil}}, v{}, false},
		"pointers to equals":       {v{P: &v{F: 1}}, v{P: &v{F: 1}}, true},
		"pointers to others":       {v{P: &v{F: 1}}, v{P: &v{F: 2}}, false},
		"a pointer and none":       {v{P: &v{}}, v{}, false},
		"interfaces":               {v{A: []any{1, "x"}}, v{A: []any{1, "x"}}, true},
		"another type":             {v{A: 1}, v{A: int64(1)}, false},
		"an interface and none":    {v{A: 1}, v{}, false},
		"a number in an interface": {v{A: 1}, v{A: 2}, false},
	} {
		if got := codectest.Equal(c.a, c.b); got != c.want {
			t.Errorf("%s: equal is %t, want %t", name, got, c.want)
		}
	}
}
