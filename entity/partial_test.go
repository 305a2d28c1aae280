package entity_test

import (
	"context"
	"fmt"
	"log"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/memory"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

func ExampleIndex_Where() {
	type Task struct {
		Title string
		Due   int
		Done  bool
	}
	open := entity.NewIndex("open_by_due", func(_ keys.Int, t *Task) keys.Int { return keys.Int(t.Due) }).
		Where(func(_ keys.Int, t *Task) bool { return !t.Done })
	tasks := entity.New[keys.Int]("tasks", msgpack.Of[Task](), open)
	ctx := context.Background()
	db, err := entity.Open(ctx, memory.New(), tasks)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close(ctx)
	err = db.Update(ctx, func(ctx context.Context, tx *entity.Tx) error {
		for i, t := range []Task{{"write", 3, false}, {"rest", 1, true}, {"read", 2, false}} {
			if err := tasks.Put(tx, keys.Int(i), t); err != nil {
				return err
			}
		}
		for row, err := range open.Scan(tx, keys.All[keys.Int]()) {
			if err != nil {
				return err
			}
			fmt.Println(row.Value.Due, row.Value.Title)
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// 2 read
	// 3 write
}

func TestPartialIndexes(t *testing.T) {
	adult := func(_ keys.UserID, u *User) bool { return u.Age >= 18 }
	named := func(_ keys.UserID, u *User) bool { return u.Name != "" }
	name := func(_ keys.UserID, u *User) keys.String { return keys.String(u.Name) }
	onEngines(t, func(t *testing.T, s backend.Store) {
		base := entity.New[keys.UserID]("users", msgpack.Of[User]())
		db := open(t, s, base)
		update(t, db, func(tx *entity.Tx) error {
			for id, u := range map[string]User{"a": {Name: "Ada", Age: 36}, "b": {Age: 20}, "c": {Age: 30}, "d": {Name: "Dan", Age: 3}} {
				if err := base.Put(tx, uid(id), u); err != nil {
					return err
				}
			}
			return nil
		})
		byName := entity.NewUnique("by_name", name).Where(named)
		byAdult := entity.NewIndex("by_adult", name).Where(named).WithSchema(1, "named adults").Where(adult)
		users := entity.New[keys.UserID]("users", msgpack.Of[User](), byName, byAdult).WithSchema(2, "")
		db = open(t, s, users)
		entries := func(tx *entity.Tx) string {
			var all []string
			for _, x := range []*entity.Index[keys.String, keys.UserID, User]{&byName.Index, byAdult} {
				for e, err := range x.Keys(tx, keys.All[keys.String]()) {
					if err != nil {
						t.Fatalf("Keys: %v", err)
					}
					all = append(all, fmt.Sprintf("%s:%s=%s", x.Name(), e.IndexKey, e.Key))
				}
			}
			return strings.Join(all, " ")
		}
		want := func(t *testing.T, tx *entity.Tx, want string) {
			t.Helper()
			if got := entries(tx); got != want {
				t.Errorf("entries are %s, want %s", got, want)
			}
		}
		t.Run("an index is built of the rows that it doesn't leave out", func(t *testing.T) {
			view(t, db, func(tx *entity.Tx) error {
				want(t, tx, "by_name:Ada=a by_name:Dan=d by_adult:Ada=a")
				return nil
			})
		})
		t.Run("A28 a row enters and leaves the index as it changes", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				if err := users.Put(tx, uid("d"), User{Name: "Dan", Age: 18}); err != nil {
					return err
				}
				want(t, tx, "by_name:Ada=a by_name:Dan=d by_adult:Ada=a by_adult:Dan=d")
				if err := users.Put(tx, uid("a"), User{Age: 36}); err != nil {
					return err
				}
				want(t, tx, "by_name:Dan=d by_adult:Dan=d")
				if _, err := users.Delete(tx, uid("b")); err != nil {
					return err
				}
				want(t, tx, "by_name:Dan=d by_adult:Dan=d")
				return nil
			})
		})
		t.Run("B25 a unique index holds only for the rows that are in it", func(t *testing.T) {
			update(t, db, func(tx *entity.Tx) error {
				if err := users.Insert(tx, uid("e"), User{}); err != nil {
					t.Errorf("Insert of another row without a name: %v", err)
				}
				wantClass(t, "Insert of a name that exists", users.Insert(tx, uid("f"), User{Name: "Dan"}), backend.ErrUnique)
				return nil
			})
		})
		t.Run("a nil function is refused", func(t *testing.T) {
			x := entity.NewIndex("by_name", name).Where(nil)
			_, err := entity.Open(t.Context(), s, entity.New[keys.UserID]("others", msgpack.Of[User](), x))
			wantClass(t, "Open", err, backend.ErrInvalid)
		})
	})
}
