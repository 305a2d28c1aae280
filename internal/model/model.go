// Package model describes Go types as a codec stores them: by reflection, with
// the rules of the codec's library.
package model

import "reflect"

// A Kind says what a Node is.
type Kind uint8

// The kinds of nodes.
const (
	Leaf   Kind = iota // has a Name and nothing in it
	Int                // has Bits
	Uint               // has Bits
	Object             // has Fields, stored by name
	Tuple              // has Fields, stored by position
	List               // has Elem, and Len
	Map                // has Key and Elem
)

// A Node is a type as it is stored. The nodes of a recursive type lead back to
// themselves. Pointers are what they point to.
type Node struct {
	Kind   Kind
	Name   string
	Bits   int // of the Go type
	Len    int // of an array; -1 when the list may have any
	Fields []Field
	Key    *Node
	Elem   *Node
}

// A Field is one of an object or of a tuple.
type Field struct {
	Name string
	Node *Node
	Read bool // is understood when it is met, and never written
}

// Rules are how a codec's library treats types.
type Rules interface {
	// Leaf returns the name of a type that isn't treated by its kind, since it
	// has an encoding of its own, and "" for others.
	Leaf(t reflect.Type) string

	// Fields returns what is stored of a struct, in the order of positions, and
	// whether it is stored by position.
	Fields(t reflect.Type) (fields []Member, tuple bool)
}

// A Member is a field of a struct.
type Member struct {
	Name string
	Type reflect.Type
	Read bool // as in Field
}

// IsLeaf reports whether n is a leaf of the given name.
func (n *Node) IsLeaf(name string) bool { return n.Kind == Leaf && n.Name == name }

// Nothing is the name of what can't be stored.
const Nothing = "nothing"

// Describe returns the node of t.
func Describe(t reflect.Type, rules Rules) *Node {
	d := describer{rules: rules, nodes: make(map[reflect.Type]*Node)}
	return d.node(t)
}

type describer struct {
	rules Rules
	nodes map[reflect.Type]*Node
}

func (d *describer) node(t reflect.Type) *Node {
	if t = Target(t); t == nil {
		return &Node{Name: Nothing}
	}
	n, ok := d.nodes[t]
	if ok {
		return n
	}
	n = &Node{}
	d.nodes[t] = n
	if n.Name = d.rules.Leaf(t); n.Name != "" {
		return n
	}
	switch t.Kind() {
	case reflect.Bool:
		n.Name = "bool"
	case reflect.String:
		n.Name = "string"
	case reflect.Float32, reflect.Float64:
		n.Name = "float"
	case reflect.Interface:
		n.Name = "any"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n.Kind, n.Bits = Int, t.Bits()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n.Kind, n.Bits = Uint, t.Bits()
	case reflect.Slice, reflect.Array:
		d.list(n, t)
	case reflect.Map:
		n.Kind = Map
		n.Key, n.Elem = d.node(t.Key()), d.node(t.Elem())
	case reflect.Struct:
		members, tuple := d.rules.Fields(t)
		n.Kind = Object
		if tuple {
			n.Kind = Tuple
		}
		for _, m := range members {
			n.Fields = append(n.Fields, Field{Name: m.Name, Node: d.node(m.Type), Read: m.Read})
		}
	default:
		n.Name = Nothing
	}
	return n
}

func (d *describer) list(n *Node, t reflect.Type) {
	n.Len = -1
	if t.Kind() == reflect.Array {
		n.Len = t.Len()
	}
	if t.Elem().Kind() == reflect.Uint8 {
		n.Name = counted(n.Len, "bytes")
		return
	}
	n.Kind = List
	n.Elem = d.node(t.Elem())
}

// Target returns the type that t points to, through all pointers, and nil for
// a pointer to pointers without end.
func Target(t reflect.Type) reflect.Type {
	seen := make(map[reflect.Type]bool)
	for t.Kind() == reflect.Pointer {
		if seen[t] {
			return nil
		}
		seen[t] = true
		t = t.Elem()
	}
	return t
}

// Has reports whether is holds for n or for a node in it.
func (n *Node) Has(is func(*Node) bool) bool {
	return n.has(is, make(map[*Node]bool))
}

func (n *Node) has(is func(*Node) bool, seen map[*Node]bool) bool {
	if n == nil || seen[n] {
		return false
	}
	if is(n) {
		return true
	}
	seen[n] = true
	return n.inside(func(m *Node) bool { return m.has(is, seen) })
}

// inside reports whether is holds for a node directly in n.
func (n *Node) inside(is func(*Node) bool) bool {
	for _, f := range n.Fields {
		if is(f.Node) {
			return true
		}
	}
	return n.Key != nil && is(n.Key) || n.Elem != nil && is(n.Elem)
}

// recursive reports whether n is in itself.
func (n *Node) recursive() bool {
	seen := make(map[*Node]bool)
	return n.inside(func(m *Node) bool {
		return m.has(func(m *Node) bool { return m == n }, seen)
	})
}
