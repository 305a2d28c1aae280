package entity_test

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/faults"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/keys"
)

// A model is what the store of users should hold: a plain map, searched from
// end to end.
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

// TestModel runs random transactions, some of which the engine fails in the
// middle of, and compares the store and its indexes with the model.
func TestModel(t *testing.T) {
	injected, mine := errors.New("injected"), errors.New("mine")
	onEngines(t, func(t *testing.T, s backend.Store) {
		t.Run("A27 A28 B27 random transactions do what the model does", func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				raw(t, s, func(tx backend.WriteTx) error { return restore(tx, nil) })
				countdown := -1 // how many calls until one fails
				faulty := faults.Inject(s, func(faults.Call) error {
					countdown--
					if countdown == 0 {
						return injected
					}
					return nil
				})
				d := newSchema()
				db, err := entity.Open(t.Context(), faulty, d.users)
				if err != nil {
					rt.Fatalf("Open: %v", err)
				}
				committed := model{}
				for range rapid.IntRange(1, 12).Draw(rt, "transactions") {
					countdown = rapid.IntRange(-20, 40).Draw(rt, "countdown")
					fail := rapid.IntRange(0, 9).Draw(rt, "own failure") == 0
					m := maps.Clone(committed)
					err := db.Update(t.Context(), func(_ context.Context, tx *entity.Tx) error {
						if err := randomWork(rt, tx, d, m); err != nil {
							return err
						}
						if fail {
							return mine
						}
						return nil
					})
					countdown = -1
					switch {
					case err == nil:
						committed = m
					case err != mine && !errors.Is(err, injected):
						rt.Fatalf("Update: %v", err)
					}
					compare(rt, db, d, committed)
				}
			})
		})
	})
}

// randomWork makes random calls in tx and in the model.
func randomWork(rt *rapid.T, tx *entity.Tx, d schema, m model) error {
	for range rapid.IntRange(0, 6).Draw(rt, "calls") {
		id := someIDs.Draw(rt, "id")
		var err error
		var want backend.Class
		switch op := rapid.SampledFrom([]string{"put", "insert", "delete", "get"}).Draw(rt, "op"); op {
		case "put":
			u := someUsers.Draw(rt, "user")
			want, err = m.put(id, u), d.users.Put(tx, uid(id), u)
		case "insert":
			u := someUsers.Draw(rt, "user")
			if _, exists := m[id]; exists {
				want = backend.ErrExists
			} else {
				want = m.put(id, u)
			}
			err = d.users.Insert(tx, uid(id), u)
		case "delete":
			_, exists := m[id]
			delete(m, id)
			var existed bool
			if existed, err = d.users.Delete(tx, uid(id)); err == nil && existed != exists {
				rt.Fatalf("Delete(%s) = %v, want %v", id, existed, exists)
			}
		case "get":
			u, exists := m[id]
			var got User
			var found bool
			got, found, err = d.users.Get(tx, uid(id))
			if err == nil && (found != exists || !equalUsers(got, u)) {
				rt.Fatalf("Get(%s) = %+v, %v, want %+v, %v", id, got, found, u, exists)
			}
		}
		switch {
		case want == "" && err != nil:
			return err
		case want != "" && !errors.Is(err, want):
			if err == nil {
				rt.Fatalf("a call on %s succeeded, want %v", id, want)
			}
			return err
		}
	}
	return nil
}

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
