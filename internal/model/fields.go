package model

import (
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/larderdb/larder/entity"
)

// Stored returns the fields of n, as [entity.Field] says, in ascending order of
// their names, each once. A name that has one of the signs of a path in it, or
// isn't valid UTF-8, is quoted as in Go.
//
// A type that is in itself is described once, where it comes first in the
// order of names from the outside in; elsewhere it is said to be as there.
func (n *Node) Stored() []entity.Field {
	l := lister{first: make(map[*Node]string)}
	name := l.describe(n, "")
	if n.Kind != Object {
		l.add("", name)
	}
	sort.Sort(byName(l.fields))
	return l.fields
}

type lister struct {
	fields []entity.Field
	first  map[*Node]string // where a recursive type was described
}

func (l *lister) add(name, typ string) {
	l.fields = append(l.fields, entity.Field{Name: name, Type: typ})
}

// describe adds the fields in n, which is at path, and returns n's own type.
func (l *lister) describe(n *Node, path string) string {
	switch n.Kind {
	case Leaf:
		return n.Name
	case Int:
		return "int"
	case Uint:
		return "uint"
	}
	if at, ok := l.first[n]; ok {
		return words[n.Kind] + ", as " + at
	}
	if n.recursive() {
		l.first[n] = path
		if path == "" {
			l.first[n] = "the value"
		}
	}
	switch n.Kind {
	case List:
		return "list of " + counted(n.Len, l.describe(n.Elem, path+"[]"))
	case Map:
		key := l.describe(n.Key, path+"[key]")
		return "map of " + key + " to " + l.describe(n.Elem, path+"[]")
	case Tuple:
		return l.tuple(n, path)
	}
	l.object(n, path)
	return "object"
}

var words = map[Kind]string{Object: "object", Tuple: "tuple", List: "list", Map: "map"}

func (l *lister) object(n *Node, path string) {
	at := make(map[string]*Node, len(n.Fields))
	var names []string
	for _, f := range n.Fields {
		if f.Read {
			continue
		}
		if at[f.Name] == nil {
			names = append(names, f.Name)
		}
		at[f.Name] = f.Node
	}
	sort.Strings(names)
	for _, name := range names {
		full := step(name)
		if path != "" {
			full = path + "." + full
		}
		l.add(full, l.describe(at[name], full))
	}
}

// step returns the step of a path that a field's name is.
func step(name string) string {
	if name == "" || strings.ContainsAny(name, `.[]"`) || !utf8.ValidString(name) {
		return strconv.Quote(name)
	}
	return name
}

// tuple returns all that is in a tuple, since none of it can come or go.
func (l *lister) tuple(n *Node, path string) string {
	s := "tuple ("
	i := 0
	for _, f := range n.Fields {
		if f.Read {
			continue
		}
		if i > 0 {
			s += ", "
		}
		s += l.describe(f.Node, path+"["+strconv.Itoa(i)+"]")
		i++
	}
	return s + ")"
}

// counted puts the length of an array before what there is n times.
func counted(n int, what string) string {
	if n < 0 {
		return what
	}
	return strconv.Itoa(n) + " " + what
}

type byName []entity.Field

func (f byName) Len() int           { return len(f) }
func (f byName) Less(i, j int) bool { return f[i].Name < f[j].Name }
func (f byName) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
