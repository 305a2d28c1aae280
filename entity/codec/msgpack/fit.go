package msgpack

import (
	"math"
	"strconv"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/model"
	"github.com/larderdb/larder/internal/msgp"
)

// fits returns an error when an integer in the value at the front of b, which
// is valid, is too large for its field's Go type: the library would keep the
// bits that there is room for. What isn't what n says is left to the library.
// It returns what follows the value.
func (s *shape) fits(n *model.Node, b []byte) (rest []byte, err error) {
	if n == nil || !s.narrow[n] {
		return skip(b)
	}
	h, err := msgp.ReadHead(b)
	if err != nil {
		return nil, err
	}
	if isNarrow(n) && !inRange(n, h) {
		return nil, &backend.Error{Class: backend.ErrCorrupt, Reason: "an integer is too large for its field of " + strconv.Itoa(n.Bits) + " bits"}
	}
	switch h.Kind {
	case msgp.Array:
		return s.fitArray(n, b[h.Size:], h.Count)
	case msgp.Map:
		return s.fitMap(n, b[h.Size:], h.Count)
	}
	return b[h.Size+h.Body:], nil
}

// fitArray is fits for an array's values: of a list, or of a struct's fields.
func (s *shape) fitArray(n *model.Node, b []byte, count int) (rest []byte, err error) {
	fields := n.Fields
	for range count {
		elem := n.Elem
		for elem == nil && len(fields) > 0 {
			if !fields[0].Read {
				elem = fields[0].Node
			}
			fields = fields[1:]
		}
		if b, err = s.fits(elem, b); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// fitMap is fits for a map's pairs.
func (s *shape) fitMap(n *model.Node, b []byte, count int) (rest []byte, err error) {
	for range count {
		elem := n.Elem
		if n.Kind != model.Map {
			elem = field(n, b)
		}
		if b, err = s.fits(n.Key, b); err != nil {
			return nil, err
		}
		if b, err = s.fits(elem, b); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// field returns the node of the field of n whose name is at the front of b, or
// nil. Of equal names the last counts, as in the library.
func field(n *model.Node, b []byte) *model.Node {
	h, err := msgp.ReadHead(b)
	if err != nil || h.Kind != msgp.Text {
		return nil
	}
	name := b[h.Size : h.Size+h.Body]
	for i := len(n.Fields) - 1; i >= 0; i-- {
		if n.Fields[i].Name == string(name) {
			return n.Fields[i].Node
		}
	}
	return nil
}

func skip(b []byte) ([]byte, error) {
	n, err := msgp.Skip(b)
	if err != nil {
		return nil, err
	}
	return b[n:], nil
}

// inRange reports whether the number h fits n. All else does.
func inRange(n *model.Node, h msgp.Head) bool {
	least, most := float64(0), math.Ldexp(1, n.Bits)
	if n.Kind == model.Int {
		least, most = -math.Ldexp(1, n.Bits-1), math.Ldexp(1, n.Bits-1)
	}
	number := h.Number
	switch h.Kind {
	case msgp.Int:
		number = float64(int64(h.Bits))
	case msgp.Uint:
		number = float64(h.Bits)
	case msgp.Number:
	default:
		return true
	}
	return least <= number && number < most
}
