package entity_test

import (
	"context"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

// modelled is a codec with a model that a test gives it: "name:type" each.
type modelled[V any] struct {
	msgpack.Codec[V]
	fields string
}

func (c modelled[V]) Model() entity.Model {
	var model []entity.Field
	for _, f := range strings.Fields(c.fields) {
		name, typ, _ := strings.Cut(f, ":")
		model = append(model, entity.Field{Name: name, Type: typ})
	}
	return entity.ModelOf(model)
}

// silent is msgpack without a model.
type silent[V any] struct{ entity.Codec[V] }

// TestFields opens a database with values of other fields.
func TestFields(t *testing.T) {
	type M = map[string]string
	of := func(fields string) entity.Codec[M] { return modelled[M]{fields: fields} }
	store := func(fields string, version uint32, steps ...entity.Step) entity.Definition {
		return entity.New[keys.Int]("tasks", of(fields)).WithMigrations(version, steps...)
	}
	rename := func(from uint32, before, after string) entity.Step {
		return entity.Migrate(from, of(before), of(after), func(old *M) (M, error) { return *old, nil })
	}
	for _, c := range []struct {
		name  string
		def   entity.Definition
		class backend.Class // empty when it can be opened
		says  string
	}{
		{"the same fields", store("due:time title:string", 1), "", ""},
		{"a codec that says nothing", entity.New[keys.Int]("tasks", silent[M]{msgpack.Of[M]()}), "", ""},
		{"one more field", store("due:time owner:string title:string", 1), "", ""},
		{"one less", store("title:string", 1), backend.ErrSchemaNewer, `lacks the field "due"`},
		{"a renamed one", store("due:time name:string", 1), backend.ErrSchemaNewer, `lacks the field "title" that rows of version 1 have: newer code has added it; to remove or rename it, raise the store's version`},
		{"another type", store("due:string title:string", 1), backend.ErrInvalid, `has the field "due" as string, rows of version 1 have it as time: raise the store's version`},
		{"a higher version with one more", store("due:time owner:string title:string", 2), "", ""},
		{"a higher version that renames without a step", store("due:time name:string", 2), backend.ErrInvalid, `lacks the field "title" that rows of version 1 have: give a step by Migrate, or Keep if it is meant`},
		{"a higher version with another type and no step", store("due:string title:string", 2), backend.ErrInvalid, `give a step by Migrate`},
		{"a higher version that renames by a step", store("due:time name:string", 2, rename(1, "due:time title:string", "due:time name:string")), "", ""},
		{"a higher version that drops a field on purpose", store("title:string", 2, entity.Keep(1)), "", ""},
		{"a step that reads other rows", store("due:time name:string", 3, rename(2, "due:time label:string", "due:time name:string")), backend.ErrInvalid,
			`the migration step from version 2 lacks the field "title" that rows of version 1 have: open the database with the release that has the steps before it`},
		{"a field dropped on purpose before a step", store("name:string", 3, entity.Keep(1), rename(2, "title:string", "name:string")), "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			onEngines(t, func(t *testing.T, s backend.Store) {
				first := entity.New[keys.Int]("tasks", of("due:time title:string"))
				db, err := entity.Open(t.Context(), s, first)
				if err != nil {
					t.Fatal(err)
				}
				update(t, db, func(tx *entity.Tx) error { return first.Put(tx, 1, M{"title": "x"}) })
				before := dumpOf(t, s)
				if c.class != "" {
					_, err := entity.Open(t.Context(), s, c.def)
					wantClass(t, "Open", err, c.class)
					if err == nil || !strings.Contains(err.Error(), c.says) {
						t.Errorf("the error is %v, want it to say %q", err, c.says)
					}
					wantDump(t, "after the refused Open", s, before)
					return
				}
				open(t, s, c.def)
			})
		})
	}
	t.Run("code that lacks an added field can't change rows any more", func(t *testing.T) {
		onEngines(t, func(t *testing.T, s backend.Store) {
			old := entity.New[keys.Int]("tasks", of("title:string"))
			tab, err := entity.Open(t.Context(), s, old)
			if err != nil {
				t.Fatal(err)
			}
			open(t, s, store("due:time title:string", 1))
			err = tab.Update(t.Context(), func(_ context.Context, tx *entity.Tx) error { return old.Put(tx, 1, M{}) })
			wantClass(t, "Update of the open tab", err, backend.ErrSchemaNewer)
		})
	})
}

// TestDryRun asks what Open would do.
func TestDryRun(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		const n = 1300
		withTasks(t, s, n)
		before := dumpOf(t, s)
		changes, err := entity.DryRun(t.Context(), s, release3(step1, step2), withoutIndex().users)
		if err != nil {
			t.Errorf("DryRun: %v", err)
		}
		want := []entity.Change{
			{Kind: entity.NewVersion, Store: "tasks"},
			{Kind: entity.MigrateRows, Store: "tasks", Rows: n},
			{Kind: entity.BuildIndex, Store: "tasks", Index: "by_who", Rows: n},
			{Kind: entity.NewStore, Store: "users"},
		}
		wantChanges(t, changes, want)

		title := entity.NewUnique("title", func(_ keys.Int, v *task1) keys.String { return keys.String(v.Title[:min(len(v.Title), 8)]) })
		changes, err = entity.DryRun(t.Context(), s, entity.New[keys.Int]("tasks", msgpack.Of[task1](), title).WithMigrations(2, entity.Keep(1)))
		wantChanges(t, changes, []entity.Change{
			{Kind: entity.NewVersion, Store: "tasks"},
			{Kind: entity.BuildIndex, Store: "tasks", Index: "title", Rows: n},
			{Kind: entity.DropIndex, Store: "tasks", Index: "by_who"},
		})
		wantClass(t, "DryRun with a unique index that can't be", err, backend.ErrUnique)
		if says := `build tasks (100), index title: unique index violation: row (10) has the index key ("title 10")`; err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("DryRun = %v, want it to say %s", err, says)
		}
		_, err = entity.DryRun(t.Context(), s, release3())
		wantClass(t, "DryRun with what Open would refuse", err, backend.ErrSchemaNewer)
		wantDump(t, "after all of them", s, before)
	})
}

func wantChanges(t testing.TB, got, want []entity.Change) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("DryRun = %v, want %v", got, want)
		return
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("change %d is %v, want %v", i, got[i], want[i])
		}
	}
}
