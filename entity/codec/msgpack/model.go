package msgpack

import (
	"encoding"
	"reflect"
	"sync"
	"time"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/tagparser/v2"

	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/internal/model"
)

// Model returns the stored fields of V. Types that were registered with the
// library are described as if they weren't.
func (Codec[V]) Model() entity.Model { return entity.ModelOf(shapeOf[V]().node.Stored()) }

// A shape is what a type is stored as.
type shape struct {
	node      *model.Node
	narrow    map[*model.Node]bool // those with an integer in them that is narrower than stored ones may be
	hasNarrow bool                 // node is one of narrow
	loose     bool                 // there are maps in it that the library doesn't sort
}

// shapes are those of the types that a codec was used for, by type.
var shapes sync.Map

func shapeOf[V any]() *shape {
	t := reflect.TypeFor[V]()
	if s, ok := shapes.Load(t); ok {
		return s.(*shape)
	}
	s := &shape{node: model.Describe(t, rules{}), narrow: make(map[*model.Node]bool)}
	s.node.Has(func(n *model.Node) bool {
		s.narrow[n] = n.Has(isNarrow)
		return false // see them all
	})
	s.hasNarrow = s.narrow[s.node]
	s.loose = s.node.Has(isLoose)
	shapes.Store(t, s)
	return s
}

func isNarrow(n *model.Node) bool {
	return (n.Kind == model.Int || n.Kind == model.Uint) && n.Bits < 64
}

// rules are those of the library, in its types.go and encode_value.go.
type rules struct{}

var (
	errorType = reflect.TypeFor[error]()
	timeType  = reflect.TypeFor[time.Time]()

	encoderMethods = []struct {
		method reflect.Type
		name   string
	}{
		{reflect.TypeFor[msgpack.CustomEncoder](), "opaque msgpack"},
		{reflect.TypeFor[msgpack.Marshaler](), "opaque msgpack"},
		{reflect.TypeFor[encoding.BinaryMarshaler](), "opaque binary"},
		{reflect.TypeFor[encoding.TextMarshaler](), "opaque text"},
	}
	decoderMethods = []reflect.Type{
		reflect.TypeFor[msgpack.CustomDecoder](),
		reflect.TypeFor[msgpack.Unmarshaler](),
		reflect.TypeFor[encoding.BinaryUnmarshaler](),
		reflect.TypeFor[encoding.TextUnmarshaler](),
	}
)

func (rules) Leaf(t reflect.Type) string {
	switch t {
	case timeType:
		return "time"
	case errorType:
		return "string"
	}
	for _, of := range []reflect.Type{t, reflect.PointerTo(t)} {
		for _, e := range encoderMethods {
			if of.Implements(e.method) {
				return e.name
			}
		}
	}
	return ""
}

func (rules) Fields(t reflect.Type) ([]model.Member, bool) {
	s := members{open: make(map[reflect.Type]bool)}
	return s.of(t)
}

type members struct{ open map[reflect.Type]bool }

// of returns the members of t in the library's order, and whether they are
// stored as an array.
func (s *members) of(t reflect.Type) (list []model.Member, tuple bool) {
	if s.open[t] {
		return nil, false // embeds itself, which the library can't encode
	}
	s.open[t] = true
	defer delete(s.open, t)
	known := make(map[string]bool)
	add := func(m model.Member) {
		known[m.Name] = true
		list = append(list, m)
	}
	for i := range t.NumField() {
		f := t.Field(i)
		tag := tagparser.Parse(f.Tag.Get("msgpack"))
		if tag.Name == "-" {
			continue
		}
		if f.Name == "_msgpack" {
			tuple = tag.HasOption("as_array") || tag.HasOption("asArray")
		}
		if !f.IsExported() && !f.Anonymous {
			continue
		}
		m := model.Member{Name: tag.Name, Type: f.Type}
		if m.Name == "" {
			m.Name = f.Name
		}
		if f.Anonymous && !tag.HasOption("noinline") {
			if inner, ok := s.inlined(f.Type, known, tag.HasOption("inline")); ok {
				for _, in := range inner {
					add(in)
				}
				m.Read = true
				add(m)
				continue
			}
		}
		add(m)
		if alias, ok := tag.Options["alias"]; ok {
			add(model.Member{Name: alias, Type: f.Type, Read: true})
		}
	}
	return list, tuple
}

// inlined returns the members that an embedded field of type t has in the
// struct around it, which has the known ones, and whether it is inlined: a
// struct without methods of its own is, unless a name is taken; with the tag
// it is in any case, less those names.
func (s *members) inlined(t reflect.Type, known map[string]bool, tagged bool) (list []model.Member, ok bool) {
	if t = model.Target(t); t == nil || t.Kind() != reflect.Struct {
		return nil, false
	}
	if !tagged && !isPlain(t) {
		return nil, false
	}
	inner, _ := s.of(t)
	for _, m := range inner {
		switch {
		case m.Read:
		case !known[m.Name]:
			list = append(list, m)
		case !tagged:
			return nil, false
		}
	}
	return list, true
}

// isPlain reports whether the library encodes and decodes t field by field.
func isPlain(t reflect.Type) bool {
	if (rules{}).Leaf(t) != "" {
		return false
	}
	for _, d := range decoderMethods {
		if t.Implements(d) || reflect.PointerTo(t).Implements(d) {
			return false
		}
	}
	return true
}
