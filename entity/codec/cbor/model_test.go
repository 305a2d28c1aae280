package cbor_test

import (
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/cbor"
)

var _ entity.Modeler = cbor.Of[row]()

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
	other struct{ Kind string }
	deep  struct {
		base
		Deep bool
	}
	position struct {
		_    struct{} `cbor:",toarray"`
		Lat  float64
		Lng  float32
		Base base
	}
	tree struct {
		Name     string
		Children []tree
		Parent   *tree
	}
)

func TestModel(t *testing.T) {
	for name, c := range map[string]struct {
		codec entity.Modeler
		want  string
	}{
		"a struct": {cbor.Of[struct {
			Zip     string `cbor:"zip,omitempty"`
			Name    string `json:"name"`
			Left    string `cbor:"-"`
			N       int8
			U       uint
			Number  int `cbor:"1,keyasint"`
			private int
			When    time.Time
			Blob    []byte
			Hash    [4]byte
			Home    *struct{ City string } `json:"home"`
		}](), "1: int\nBlob: bytes\nHash: 4 bytes\nN: int\nU: uint\nWhen: time\nhome: object\nhome.City: string\nname: string\nzip: string"},
		"the order of the source": {cbor.Of[struct{ B, A int }](), "A: int\nB: int"},
		"embedded":                {cbor.Of[deep](), "Deep: bool\nID: string\nKind: int"},
		"embedded under a name": {cbor.Of[struct {
			base `cbor:"base"`
			A    int
		}](), "A: int\nbase: object\nbase.ID: string\nbase.Kind: int"},
		"embedded, hidden": {cbor.Of[struct {
			base
			Kind bool
		}](), "ID: string\nKind: bool"},
		"embedded, hiding another": {cbor.Of[struct {
			base
			other
		}](), "ID: string"},
		"embedded, and one deeper": {cbor.Of[struct {
			deep
			other
		}](), "Deep: bool\nID: string\nKind: string"},
		"by position": {cbor.Of[struct{ At position }](), "At: tuple (float, float, object)\nAt[2].ID: string\nAt[2].Kind: int"},
		"lists and maps": {cbor.Of[struct {
			L []base
			M map[string][]int
			A [3]float32
			E map[base]any
		}](), "A: list of 3 float\nE: map of object to any\nE[key].ID: string\nE[key].Kind: int\nL: list of object\nL[].ID: string\nL[].Kind: int\nM: map of string to list of int"},
		"a type that holds itself":  {cbor.Of[tree](), "Children: list of object, as the value\nName: string\nParent: object, as the value"},
		"one of them in two fields": {cbor.Of[struct{ B, A *tree }](), "A: object\nA.Children: list of object, as A\nA.Name: string\nA.Parent: object, as A\nB: object, as A"},
		"types with methods": {cbor.Of[struct {
			R *big.Rat
			I big.Int
			T map[string]time.Time
		}](), "I: big int\nR: opaque text\nT: map of string to time"},
		"no struct":            {cbor.Of[string](), ": string"},
		"a list of structs":    {cbor.Of[[]other](), ": list of object\n[].Kind: string"},
		"what can't be stored": {cbor.Of[struct{ C chan int }](), "C: nothing"},
	} {
		if got := modelOf(c.codec); got != c.want {
			t.Errorf("%s: the model is\n%s\nwant\n%s", name, got, c.want)
		}
	}
}

// What the model says is stored is what is stored.
func TestModelIsWhatIsWritten(t *testing.T) {
	type v struct {
		deep
		Sub   base `cbor:"sub"`
		other `json:"o"`
		Kind  bool
		Seven int `cbor:"seven,omitempty"`
	}
	b, err := cbor.Of[v]().Append(nil, &v{Seven: 7})
	if err != nil {
		t.Fatal(err)
	}
	var stored map[string]any
	if err := cbor.Of[map[string]any]().Decode(b, &stored); err != nil {
		t.Fatal(err)
	}
	for _, f := range cbor.Of[v]().Model().Fields() {
		if _, ok := stored[f.Name]; !ok && !strings.Contains(f.Name, ".") {
			t.Errorf("the model has %q, which isn't stored in %v", f.Name, stored)
		}
		delete(stored, f.Name)
	}
	if len(stored) > 0 {
		t.Errorf("the model hasn't got %v, which is stored", stored)
	}
}
