package cbor

import (
	stdenc "encoding"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/internal/model"
)

// Model returns the stored fields of V.
func (Codec[V]) Model() entity.Model {
	return entity.ModelOf(model.Describe(reflect.TypeFor[V](), rules{}).Stored())
}

// rules are those of the library, in its encode.go and structfields.go.
type rules struct{}

var leaves = map[reflect.Type]string{
	reflect.TypeFor[time.Time]():        "time",
	reflect.TypeFor[big.Int]():          "big int",
	reflect.TypeFor[cbor.ByteString]():  "bytes",
	reflect.TypeFor[cbor.Tag]():         "opaque cbor",
	reflect.TypeFor[cbor.RawMessage]():  "opaque cbor",
	reflect.TypeFor[cbor.SimpleValue](): "opaque cbor",
}

var encoderMethods = []struct {
	method reflect.Type
	name   string
}{
	{reflect.TypeFor[cbor.Marshaler](), "opaque cbor"},
	{reflect.TypeFor[stdenc.BinaryMarshaler](), "opaque binary"},
	{reflect.TypeFor[stdenc.TextMarshaler](), "opaque text"},
}

func (rules) Leaf(t reflect.Type) string {
	if name, ok := leaves[t]; ok {
		return name
	}
	for _, e := range encoderMethods {
		if reflect.PointerTo(t).Implements(e.method) {
			return e.name
		}
	}
	return ""
}

// A member is a field of a struct, or of one that is embedded in it.
type member struct {
	name   string
	asInt  bool // the name is stored as an integer
	tagged bool
	index  []int
	typ    reflect.Type
}

// embedded is a struct that may be embedded in another, at index.
type embedded struct {
	typ   reflect.Type
	index []int
}

func (rules) Fields(t reflect.Type) (fields []model.Member, tuple bool) {
	if f, ok := t.FieldByName("_"); ok {
		options := strings.Split(f.Tag.Get("cbor"), ",")[1:]
		tuple = slices.Contains(options, "toarray") || slices.Contains(options, "toindefarray")
	}
	for _, m := range visible(members(t)) {
		fields = append(fields, model.Member{Name: m.name, Type: m.typ})
	}
	return fields, tuple
}

// members returns the fields of t and, level by level, of what is embedded in
// it. A type that is embedded twice on a level is left out, and so is one that
// was met before.
func members(t reflect.Type) (all []member) {
	met := make(map[reflect.Type]bool)
	for level := []embedded{{typ: t}}; len(level) > 0; {
		var next []embedded
		for _, e := range level {
			if met[e.typ] || count(level, e.typ) > 1 {
				continue
			}
			fields, inner := direct(e)
			all, next = append(all, fields...), append(next, inner...)
		}
		for _, e := range level {
			met[e.typ] = true
		}
		level = next
	}
	return all
}

func count(level []embedded, t reflect.Type) (n int) {
	for _, e := range level {
		if e.typ == t {
			n++
		}
	}
	return n
}

// direct returns the fields of one struct, and what is embedded in it.
func direct(e embedded) (fields []member, inner []embedded) {
	for i := range e.typ.NumField() {
		f := e.typ.Field(i)
		target := model.Target(f.Type)
		isStruct := target != nil && target.Kind() == reflect.Struct
		if !f.IsExported() && !(f.Anonymous && isStruct) {
			continue
		}
		tag := f.Tag.Get("cbor")
		if tag == "" {
			tag = f.Tag.Get("json")
		}
		if tag == "-" {
			continue
		}
		options := strings.Split(tag, ",")
		index := append(slices.Clone(e.index), i)
		if f.Anonymous && isStruct && options[0] == "" {
			inner = append(inner, embedded{typ: target, index: index})
			continue
		}
		m := member{name: options[0], asInt: slices.Contains(options[1:], "keyasint"), tagged: tag != "", index: index, typ: f.Type}
		if m.name == "" {
			m.name = f.Name
		}
		fields = append(fields, m)
	}
	return fields, inner
}

// visible returns, in the order of the source, those of all that no other one
// of the same name hides: one less deep, or a tagged one as deep. Of equals
// none is visible.
func visible(all []member) (seen []member) {
	for _, m := range all {
		hidden := slices.ContainsFunc(all, func(o member) bool {
			return o.name == m.name && o.asInt == m.asInt && !slices.Equal(o.index, m.index) && !m.hides(o)
		})
		if !hidden {
			seen = append(seen, m)
		}
	}
	slices.SortFunc(seen, func(a, b member) int { return slices.Compare(a.index, b.index) })
	return seen
}

func (m member) hides(o member) bool {
	if len(m.index) != len(o.index) {
		return len(m.index) < len(o.index)
	}
	return m.tagged && !o.tagged
}
