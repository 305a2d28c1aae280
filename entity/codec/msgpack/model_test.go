package msgpack_test

import (
	"math/big"
	"net/netip"
	"strings"
	"testing"
	"time"

	lib "github.com/vmihailenco/msgpack/v5"

	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
)

var _ entity.Modeler = msgpack.Of[row]()

// The library knows this field by its name.
var _ = position{}._msgpack

// modelOf returns the model as one line for each field.
func modelOf(m entity.Modeler) string {
	var lines []string
	for _, f := range m.Model().Fields() {
		lines = append(lines, f.Name+": "+f.Type)
	}
	return strings.Join(lines, "\n")
}

type (
	base struct {
		ID   string
		Kind int
	}
	Other    struct{ Kind string }
	position struct {
		_msgpack struct{} `msgpack:",as_array"`
		Lat      float64
		Lng      float32
		Base     base
	}
	tree struct {
		Name     string
		Children []tree
		Parent   *tree
	}
	list  []list
	left  struct{ Right *right }
	right struct {
		Left  *left
		Lefts map[string]left
	}
	self  struct{ *self }
	Stamp struct{ time.Time }
	Seal  struct{ time.Time }
	days  time.Duration
)

func TestModel(t *testing.T) {
	for name, c := range map[string]struct {
		codec entity.Modeler
		want  string
	}{
		"a struct": {msgpack.Of[struct {
			Zip     string `msgpack:"zip,omitempty"`
			Name    string `msgpack:"name,alias:title" json:"n"`
			Left    string `msgpack:"-"`
			N       int8
			U       uint
			For     time.Duration
			private int
			When    time.Time
			Blob    []byte
			Hash    [4]byte
			Home    *struct{ City string } `msgpack:"home"`
			Err     error
		}](), "Blob: bytes\nErr: string\nFor: int\nHash: 4 bytes\nN: int\nU: uint\nWhen: time\nhome: object\nhome.City: string\nname: string\nzip: string"},
		"the order of the source": {msgpack.Of[struct{ B, A int }](), "A: int\nB: int"},
		"names of Go's types":     {msgpack.Of[struct{ A days }](), "A: int"},
		"embedded": {msgpack.Of[struct {
			base
			A int
		}](), "A: int\nID: string\nKind: int"},
		"embedded, not inlined": {msgpack.Of[struct {
			Other `msgpack:",noinline"`
			A     int
		}](), "A: int\nOther: object\nOther.Kind: string"},
		"embedded, a name is taken": {msgpack.Of[struct {
			Kind bool
			Other
		}](), "Kind: bool\nOther: object\nOther.Kind: string"},
		"embedded, taken, tagged": {msgpack.Of[struct {
			Kind  bool
			Other `msgpack:",inline"`
		}](), "Kind: bool"},
		"embedded with methods": {msgpack.Of[struct {
			Stamp
			Seal
			A int
		}](), "A: int\nSeal: opaque binary\nStamp: opaque binary"},
		"methods of what is embedded": {msgpack.Of[struct {
			Stamp
			A int
		}](), ": opaque binary"},
		"embedded in itself": {msgpack.Of[self](), ""},
		"by position":        {msgpack.Of[struct{ At position }](), "At: tuple (float, float, object)\nAt[2].ID: string\nAt[2].Kind: int"},
		"lists and maps": {msgpack.Of[struct {
			L []base
			M map[string][]int
			A [3]float32
		}](), "A: list of 3 float\nL: list of object\nL[].ID: string\nL[].Kind: int\nM: map of string to list of int"},
		"a type that holds itself": {msgpack.Of[tree](), "Children: list of object, as the value\nName: string\nParent: object, as the value"},
		"a list that holds itself": {msgpack.Of[list](), ": list of list, as the value"},
		"one in another":           {msgpack.Of[struct{ L left }](), "L: object\nL.Right: object\nL.Right.Left: object, as L\nL.Right.Lefts: map of string to object, as L"},
		"types with methods": {msgpack.Of[struct {
			R *big.Rat
			M lib.RawMessage
			A netip.Addr
			L []big.Int
		}](), "A: opaque binary\nL: list of opaque text\nM: opaque msgpack\nR: opaque text"},
		"no struct":            {msgpack.Of[*string](), ": string"},
		"an interface":         {msgpack.Of[any](), ": any"},
		"a position alone":     {msgpack.Of[position](), ": tuple (float, float, object)\n[2].ID: string\n[2].Kind: int"},
		"what can't be stored": {msgpack.Of[struct{ C chan int }](), "C: nothing"},
	} {
		if got := modelOf(c.codec); got != c.want {
			t.Errorf("%s: the model is\n%s\nwant\n%s", name, got, c.want)
		}
	}
}

// What the model says is stored is what is stored.
func TestModelIsWhatIsWritten(t *testing.T) {
	type address struct{ City string }
	type inner struct {
		base
		Home address `msgpack:"home"`
	}
	type v struct {
		inner
		Last string `msgpack:"last,alias:first"`
	}
	c := msgpack.Of[v]()
	b, err := c.Append(nil, &v{})
	if err != nil {
		t.Fatal(err)
	}
	var stored map[string]any
	if err := msgpack.Of[map[string]any]().Decode(b, &stored); err != nil {
		t.Fatal(err)
	}
	for _, f := range c.Model().Fields() {
		if _, ok := stored[f.Name]; !ok && !strings.Contains(f.Name, ".") {
			t.Errorf("the model has %q, which isn't stored in %v", f.Name, stored)
		}
		delete(stored, f.Name)
	}
	if len(stored) > 0 {
		t.Errorf("the model hasn't got %v, which is stored", stored)
	}
}
