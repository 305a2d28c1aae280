package msgpack

import (
	"bytes"
	"sort"

	"github.com/larderdb/larder/internal/model"
	"github.com/larderdb/larder/internal/msgp"
)

// isLoose reports whether n is a map that the library writes in Go's random
// order, or may hold one.
func isLoose(n *model.Node) bool {
	switch n.Kind {
	case model.Leaf:
		return n.Name == "any"
	case model.Map:
		return !n.Key.IsLeaf("string") || !n.Elem.IsLeaf("string") && !n.Elem.IsLeaf("bool") && !n.Elem.IsLeaf("any")
	}
	return false
}

// A pair is a key of a map and what follows it, encoded.
type pair struct{ key, value []byte }

type byKey []pair

func (p byKey) Len() int           { return len(p) }
func (p byKey) Less(i, j int) bool { return bytes.Compare(p[i].key, p[j].key) < 0 }
func (p byKey) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }

// appendSorted appends the value at the front of b, which is valid, with the
// pairs of all maps in it in ascending order of their encoded keys, and returns
// what follows it in b, too.
func appendSorted(dst, b []byte) (out, rest []byte, err error) {
	h, err := msgp.ReadHead(b)
	if err != nil {
		return dst, nil, err
	}
	end := h.Size + h.Body
	dst = append(dst, b[:end]...)
	rest = b[end:]
	switch h.Kind {
	case msgp.Array:
		for range h.Count {
			if dst, rest, err = appendSorted(dst, rest); err != nil {
				return dst, nil, err
			}
		}
	case msgp.Map:
		pairs := make(byKey, h.Count)
		for i := range pairs {
			if pairs[i].key, rest, err = appendSorted(nil, rest); err == nil {
				pairs[i].value, rest, err = appendSorted(nil, rest)
			}
			if err != nil {
				return dst, nil, err
			}
		}
		sort.Stable(pairs)
		for _, p := range pairs {
			dst = append(append(dst, p.key...), p.value...)
		}
	}
	return dst, rest, nil
}
