package model_test

import (
	"reflect"
	"testing"

	"github.com/larderdb/larder/internal/model"
)

// tagged are rules by which a field's name is that of its tag.
type tagged struct{}

func (tagged) Leaf(reflect.Type) string { return "" }

func (tagged) Fields(t reflect.Type) (fields []model.Member, tuple bool) {
	for f := range t.Fields() {
		fields = append(fields, model.Member{Name: f.Tag.Get("n"), Type: f.Type})
	}
	return fields, false
}

// A catalogue has each name once, and in order.
func TestNamesAreDistinct(t *testing.T) {
	type inner struct {
		B int    `n:"b"`
		C string `n:"[].b"`
		D *inner `n:"d"`
	}
	type v struct {
		Path  int                `n:"a.b"`
		List  []inner            `n:"a"`
		Quote bool               `n:"\"a.b\""`
		Map   map[inner][2]inner `n:"m"`
		Twice int                `n:"t"`
		Again string             `n:"t"`
		Bad   int                `n:"\xff"`
		Empty int                `n:""`
	}
	want := []string{
		`"": int`, `"\"a.b\"": bool`, `"\xff": int`, `"a.b": int`, `a: list of object`, `a[]."[].b": string`, `a[].b: int`, `a[].d: object, as a[]`,
		`m: map of object, as a[] to list of 2 object, as a[]`, `t: string`,
	}
	got := model.Describe(reflect.TypeFor[v](), tagged{}).Stored()
	for i, f := range got {
		if i >= len(want) || f.Name+": "+f.Type != want[i] {
			t.Errorf("field %d is %s: %s, want of %q", i, f.Name, f.Type, want)
		}
		if i > 0 && f.Name <= got[i-1].Name {
			t.Errorf("%q comes after %q", f.Name, got[i-1].Name)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d fields, want %d", len(got), len(want))
	}
}
