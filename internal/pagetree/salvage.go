package pagetree

import "iter"

// A Pair is a pair as it stands in a leaf.
type Pair struct {
	Key   []byte
	Value []byte // nil when it is a page of its own
	Apart ID     // that page, or 0
	Size  uint64 // bytes of the value
}

// Salvage returns the pairs of a leaf, in ascending order, and the table that
// they are of, without any other page. b is what was stored as the page id; the
// error is what [Check] says of it, or [backend.ErrCorrupt] when it is no leaf.
// What is returned are parts of b.
func Salvage(id ID, b []byte) (table string, pairs iter.Seq[Pair], err error) {
	if err := Check(id, b); err != nil {
		return "", nil, err
	}
	if b[0] != kindLeaf {
		return "", nil, damaged(b[0], id, "", "is no leaf")
	}
	nd := Open(b)
	return string(nd.table), func(yield func(Pair) bool) {
		for i := range nd.n {
			var p Pair
			p.Key, p.Value, p.Apart, p.Size = nd.pair(i)
			if !yield(p) {
				return
			}
		}
	}, nil
}

// Value returns the value in the page id, a part of b, or what [Check] says of
// it, or [backend.ErrCorrupt] when it isn't a page of a value.
func Value(id ID, b []byte) ([]byte, error) {
	if err := Check(id, b); err != nil {
		return nil, err
	}
	if b[0] != kindValue {
		return nil, damaged(b[0], id, "", "is no value page")
	}
	return value(b), nil
}
