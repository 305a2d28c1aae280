package entity

import (
	"bytes"
	"sort"
	"strings"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/keys"
)

// bounds returns the ranges of encoded keys that a query's ranges select, as
// joined does; all keys where there are no ranges.
func bounds[I keys.Key[I]](ranges []keys.Range[I]) ([]backend.Range, error) {
	if len(ranges) == 0 {
		return []backend.Range{{}}, nil
	}
	all := make([]backend.Range, 0, len(ranges))
	for _, r := range ranges {
		b, err := r.Bounds()
		if err != nil {
			return nil, err
		}
		if b.Reverse || b.Limit != 0 || r.Token() != "" {
			return nil, failure(backend.ErrInvalid, "a query's range has an order, a limit or a token: give it to the query")
		}
		all = append(all, b)
	}
	return joined(all), nil
}

// joined returns what is in any of the ranges as ranges that ascend and neither
// overlap nor touch. It sorts the argument.
func joined(ranges []backend.Range) []backend.Range {
	sort.Sort(byStart(ranges))
	var all []backend.Range
	for _, r := range ranges {
		if isEmptyRange(r) {
			continue
		}
		if len(all) == 0 {
			all = append(all, r)
			continue
		}
		last := &all[len(all)-1]
		switch {
		case last.End == nil:
		case bytes.Compare(r.Start, last.End) > 0:
			all = append(all, r)
		case r.End == nil || bytes.Compare(r.End, last.End) > 0:
			last.End = r.End
		}
	}
	return all
}

// intersected returns what is in both a and b, which are as joined returns them.
func intersected(a, b []backend.Range) []backend.Range {
	var all []backend.Range
	for len(a) > 0 && len(b) > 0 {
		r := a[0]
		if bytes.Compare(b[0].Start, r.Start) > 0 {
			r.Start = b[0].Start
		}
		// The one that ends first is done with.
		if r.End == nil || b[0].End != nil && bytes.Compare(b[0].End, r.End) < 0 {
			r.End = b[0].End
			b = b[1:]
		} else {
			a = a[1:]
		}
		if !isEmptyRange(r) {
			all = append(all, r)
		}
	}
	return all
}

// remaining returns what comes after key in the order of the walk. It is false
// when key is in none of the ranges.
func remaining(ranges []backend.Range, key []byte, reverse bool) ([]backend.Range, bool) {
	i, ok := find(ranges, key)
	if !ok {
		return nil, false
	}
	r := ranges[i]
	r.Reverse = reverse
	r = after(r, key)
	r.Reverse = false
	var left []backend.Range
	if reverse {
		left = append(append(left, ranges[:i]...), r)
	} else {
		left = append(append(left, r), ranges[i+1:]...)
	}
	return joined(left), true
}

// inside reports whether key is in one of the ranges.
func inside(ranges []backend.Range, key []byte) bool {
	_, ok := find(ranges, key)
	return ok
}

// find returns which of the ranges key is in.
func find(ranges []backend.Range, key []byte) (int, bool) {
	i := sort.Search(len(ranges), func(i int) bool {
		return ranges[i].End == nil || bytes.Compare(key, ranges[i].End) < 0
	})
	return i, i < len(ranges) && bytes.Compare(key, ranges[i].Start) >= 0
}

func isEmptyRange(r backend.Range) bool {
	return r.End != nil && bytes.Compare(r.Start, r.End) >= 0
}

type byStart []backend.Range

func (o byStart) Len() int           { return len(o) }
func (o byStart) Less(i, j int) bool { return bytes.Compare(o[i].Start, o[j].Start) < 0 }
func (o byStart) Swap(i, j int)      { o[i], o[j] = o[j], o[i] }

const allKeys = "all keys"

// fmtRange prints a range of keys for people. isKey reports whether bytes are a
// key, not only its beginning.
func fmtRange(r backend.Range, isKey func([]byte) bool) string {
	start, end := r.Start, r.End
	n := len(start)
	switch {
	case n == 0 && end == nil:
		return allKeys
	case n > 0 && end != nil && bytes.Equal(end, append(start[:n:n], 0xFF)):
		if isKey(start) {
			return "= " + keys.Fmt(start)
		}
		return "beginning with " + keys.Fmt(start)
	case n > 0 && end != nil && !isWhole(start) && bytes.Equal(end, backend.PrefixEnd(start)):
		return "beginning with " + keys.Fmt(append(start[:n:n], 0)) // a string without its end
	}
	var s []string
	switch {
	case n == 0:
	case start[n-1] == 0xFF && isWhole(start[:n-1]):
		s = append(s, "after "+keys.Fmt(start[:n-1]))
	default:
		s = append(s, "from "+keys.Fmt(start))
	}
	switch n := len(end); {
	case n == 0:
	case end[n-1] == 0xFF && isWhole(end[:n-1]):
		s = append(s, "up to "+keys.Fmt(end[:n-1]))
	default:
		s = append(s, "before "+keys.Fmt(end))
	}
	return strings.Join(s, " ")
}

// isWhole reports whether key is whole elements and no more.
func isWhole(key []byte) bool {
	for len(key) > 0 {
		_, rest, err := keys.Element{}.DecodeKey(key)
		if err != nil {
			return false
		}
		key = rest
	}
	return true
}
