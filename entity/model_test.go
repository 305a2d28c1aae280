package entity_test

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/keys"
)

// A model is what the store of users should hold: a plain map, searched from
// end to end. TestModifyModel uses it; TestLayer has models of any stores.
type model map[string]User

// put returns the class of the error that a Put should have, or "".
func (m model) put(id string, u User) backend.Class {
	for other, o := range m {
		if other != id && o.Name == u.Name {
			return backend.ErrUnique
		}
	}
	m[id] = u
	return ""
}

// byTag returns "tag=id" of all rows, in order.
func (m model) byTag() string {
	var s []string
	for id, u := range m {
		for _, tag := range slices.Compact(slices.Sorted(slices.Values(u.Tags))) {
			s = append(s, tag+"="+id)
		}
	}
	slices.Sort(s)
	return strings.Join(s, " ")
}

// byAge returns the ids in the order of age, then of id.
func (m model) byAge() string {
	return strings.Join(slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		return cmp.Or(cmp.Compare(m[a].Age, m[b].Age), cmp.Compare(a, b))
	}), " ")
}

var (
	someIDs   = rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"})
	someUsers = rapid.Custom(func(t *rapid.T) User {
		return User{
			Name: rapid.SampledFrom([]string{"n1", "n2", "n3", "n4", "n5", "n6", "n7"}).Draw(t, "name"),
			Team: rapid.SampledFrom([]string{"", "red", "blue"}).Draw(t, "team"),
			Tags: rapid.SliceOfN(rapid.SampledFrom([]string{"x", "y", "z"}), 0, 4).Draw(t, "tags"),
			Age:  rapid.IntRange(-2, 2).Draw(t, "age"),
		}
	})
)

// compare compares the database with the model.
func compare(rt *rapid.T, db *entity.DB, d schema, m model) {
	if err := entity.Verify(context.Background(), db); err != nil {
		rt.Fatalf("Verify: %v", err)
	}
	err := db.View(context.Background(), func(_ context.Context, tx *entity.Tx) error {
		n := 0
		for row, err := range d.users.Scan(tx, keys.All[keys.UserID]()) {
			if err != nil {
				return err
			}
			n++
			if want, ok := m[row.Key.String()]; !ok || !equalUsers(row.Value, want) {
				rt.Errorf("row %v is %+v, want %+v, %v", row.Key, row.Value, want, ok)
			}
			if found, ok, err := d.byName.Get(tx, keys.String(row.Value.Name)); !ok || err != nil || found.Key != row.Key {
				rt.Errorf("by_name of %s is %v, %v, want row %v", row.Value.Name, found, err, row.Key)
			}
		}
		if n != len(m) {
			rt.Errorf("the store has %d rows, want %d", n, len(m))
		}
		var tags []string
		for e, err := range d.byTag.Keys(tx, keys.All[keys.String]()) {
			if err != nil {
				return err
			}
			tags = append(tags, e.IndexKey.String()+"="+e.Key.String())
		}
		if got := strings.Join(tags, " "); got != m.byTag() {
			rt.Errorf("by_tag is %s, want %s", got, m.byTag())
		}
		for _, reverse := range []bool{false, true} {
			r := keys.All[keys.Int]()
			want := strings.Fields(m.byAge())
			if reverse {
				r = r.Reverse()
				slices.Reverse(want)
			}
			ks, err := collect(d.byAge.Scan(tx, r))
			if err != nil {
				return err
			}
			if !slices.EqualFunc(ks, want, func(k keys.UserID, s string) bool { return k.String() == s }) {
				rt.Errorf("by_age is %v, want %v", ks, want)
			}
		}
		return nil
	})
	if err != nil {
		rt.Fatalf("View: %v", err)
	}
}
