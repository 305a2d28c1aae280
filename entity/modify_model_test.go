package entity_test

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/faults"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/keys"
)

// A revised model also knows each row's revision.
type revised struct {
	rows      model
	revisions map[string]uint64
}

func (m revised) clone() revised { return revised{maps.Clone(m.rows), maps.Clone(m.revisions)} }

// put is as model's, in a running transaction.
func (m revised) put(id string, u User) backend.Class {
	class := m.rows.put(id, u)
	if class == "" {
		m.revisions[id] = math.MaxUint64
	}
	return class
}

func (m revised) delete(id string) {
	delete(m.rows, id)
	delete(m.revisions, id)
}

// TestModifyModel runs random transactions of the writes that read, some of
// which the engine fails in the middle of, and compares them with the model.
func TestModifyModel(t *testing.T) {
	injected, mine := errors.New("injected"), errors.New("mine")
	onEngines(t, func(t *testing.T, s backend.Store) {
		t.Run("A27 B3 B5 B25 D8 D9 random updates do what the model does", func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				raw(t, s, func(tx backend.WriteTx) error { return restore(tx, nil) })
				countdown := -1
				faulty := faults.Inject(s, func(faults.Call) error {
					countdown--
					if countdown == 0 {
						return injected
					}
					return nil
				})
				d := newRevised()
				db, err := entity.Open(t.Context(), faulty, d.users)
				if err != nil {
					rt.Fatalf("Open: %v", err)
				}
				committed := revised{model{}, map[string]uint64{}}
				for range rapid.IntRange(1, 12).Draw(rt, "transactions") {
					countdown = rapid.IntRange(-20, 60).Draw(rt, "countdown")
					fail := rapid.IntRange(0, 9).Draw(rt, "own failure") == 0
					m := committed.clone()
					err := db.Update(t.Context(), func(_ context.Context, tx *entity.Tx) error {
						for range rapid.IntRange(0, 6).Draw(rt, "calls") {
							want, err := randomModify(rt, tx, d, m)
							if errors.Is(err, injected) {
								return err
							}
							if want == "" && err != nil || want != "" && !errors.Is(err, want) {
								rt.Fatalf("a call = %v, want an error of class %q", err, want)
							}
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
					compare(rt, db, d, committed.rows)
					compareRevisions(rt, db, d, committed)
				}
			})
		})
	})
}

// randomModify makes one random call in tx and in the model, and returns the
// class of error that it should have and the error that it has. A call that is
// refused has done nothing.
func randomModify(rt *rapid.T, tx *entity.Tx, d schema, m revised) (want backend.Class, err error) {
	id, u := someIDs.Draw(rt, "id"), someUsers.Draw(rt, "user")
	old, exists := m.rows[id]
	ops := []string{"put", "update", "update a field", "upsert", "take", "delete range", "swap", "swap anything"}
	switch op := rapid.SampledFrom(ops).Draw(rt, "op"); op {
	case "put":
		return m.put(id, u), d.users.Put(tx, uid(id), u)
	case "update":
		if want = backend.ErrNotFound; exists {
			want = m.put(id, u)
		}
		return want, d.users.Update(tx, uid(id), func(v *User) error {
			if !equalUsers(*v, old) {
				rt.Fatalf("Update(%s) gives %+v, want %+v", id, *v, old)
			}
			*v = u
			return nil
		})
	case "update a field":
		if want = backend.ErrNotFound; exists {
			old.Age++
			want = m.put(id, old)
		}
		return want, d.users.Update(tx, uid(id), func(v *User) error { v.Age++; return nil })
	case "upsert":
		return m.put(id, u), d.users.Upsert(tx, uid(id), func(v *User, existed bool) error {
			if existed != exists || !equalUsers(*v, old) {
				rt.Fatalf("Upsert(%s) gives %+v, %v, want %+v, %v", id, *v, existed, old, exists)
			}
			*v = u
			return nil
		})
	case "take":
		m.delete(id)
		v, existed, err := d.users.Take(tx, uid(id))
		if err == nil && (existed != exists || !equalUsers(v, old)) {
			rt.Fatalf("Take(%s) = %+v, %v, want %+v, %v", id, v, existed, old, exists)
		}
		return "", err
	case "delete range":
		return "", randomDeleteRange(rt, tx, d, m, id)
	default:
		revision := m.revisions[id]
		if op == "swap anything" {
			revision = rapid.SampledFrom([]uint64{0, 1, 2, 3, 4, math.MaxUint64}).Draw(rt, "revision")
		}
		if want = backend.ErrStale; exists && revision == m.revisions[id] {
			want = m.put(id, u)
		}
		return want, d.users.Swap(tx, uid(id), revision, u)
	}
}

// randomDeleteRange deletes a range that begins or ends at id.
func randomDeleteRange(rt *rapid.T, tx *entity.Tx, d schema, m revised, id string) error {
	r := keys.From(uid(id))
	in := func(other string) bool { return other >= id }
	if rapid.Bool().Draw(rt, "before") {
		r, in = keys.Before(uid(id)), func(other string) bool { return other < id }
	}
	var gone []string
	for other := range m.rows {
		if in(other) {
			gone = append(gone, other)
		}
	}
	slices.Sort(gone)
	if rapid.Bool().Draw(rt, "reverse") {
		r = r.Reverse()
		slices.SortFunc(gone, func(a, b string) int { return cmp.Compare(b, a) })
	}
	if limit := rapid.IntRange(0, 3).Draw(rt, "limit"); limit > 0 {
		r = r.Limit(limit)
		gone = gone[:min(limit, len(gone))]
	}
	for _, other := range gone {
		m.delete(other)
	}
	n, err := d.users.DeleteRange(tx, r)
	if err == nil && n != len(gone) {
		rt.Fatalf("DeleteRange = %d, want %v", n, gone)
	}
	return err
}

// compareRevisions compares each row's revision with the model, which learns
// those of the newest commit.
func compareRevisions(rt *rapid.T, db *entity.DB, d schema, m revised) {
	err := db.View(context.Background(), func(_ context.Context, tx *entity.Tx) error {
		for row, err := range d.users.Scan(tx, keys.All[keys.UserID]()) {
			if err != nil {
				return err
			}
			id := row.Key.String()
			want := m.revisions[id]
			if want == math.MaxUint64 {
				want = tx.ReadVersion()
				m.revisions[id] = want
			}
			if row.Revision != want {
				rt.Errorf("the revision of %s is %d, want %d", id, row.Revision, want)
			}
		}
		return nil
	})
	if err != nil {
		rt.Fatalf("View: %v", err)
	}
}
