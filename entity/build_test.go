package entity_test

import (
	"context"
	"errors"
	"iter"
	"strconv"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/faults"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

// TestBuildLargeIndex builds an index that is far larger than its rows, in
// steps that are as small as those of any other.
func TestBuildLargeIndex(t *testing.T) {
	const rows, perRow = 200, 20
	long := strings.Repeat("x", 690)
	x := entity.NewMultiIndex("by_gram", func(_ keys.UserID, u *User) iter.Seq[keys.String] {
		return func(yield func(keys.String) bool) {
			for i := range perRow {
				if !yield(keys.String(long + strconv.Itoa(i))) {
					return
				}
			}
		}
	})
	onEngines(t, func(t *testing.T, s backend.Store) {
		old := withoutIndex()
		db, err := entity.Open(t.Context(), s, old.users)
		if err != nil {
			t.Fatal(err)
		}
		fill(t, db, old, rows)
		size, largest := 0, 0
		counted := faults.Inject(s, func(c faults.Call) error {
			switch c.Op {
			case "update":
				size = 0
			case "put":
				size += len(c.Key)
				largest = max(largest, size)
			}
			return nil
		})
		db = open(t, counted, entity.New[keys.UserID]("users", msgpack.Of[User](), x))
		if largest > 1<<20 {
			t.Errorf("a step wrote %d bytes of keys, want less than 1 MiB", largest)
		}
		view(t, db, func(tx *entity.Tx) error {
			if n, err := x.Count(tx, keys.All[keys.String]()); n != rows*perRow || err != nil {
				t.Errorf("the index has %d entries, %v, want %d", n, err, rows*perRow)
			}
			return nil
		})
	})
}

// killedOpen opens s with defs and dies at commit number n, as a program does in
// the middle of a build.
func killedOpen(t *testing.T, s backend.Store, n int, defs ...entity.Definition) {
	t.Helper()
	killed := errors.New("killed")
	dying := faults.Inject(s, func(c faults.Call) error {
		if c.Op == "commit" {
			if n--; n == 0 {
				return killed
			}
		}
		return nil
	})
	if _, err := entity.Open(t.Context(), dying, defs...); !errors.Is(err, killed) {
		t.Fatalf("Open = %v, want the injected error", err)
	}
}

// TestB27_WritesWhileAnIndexIsBuilt changes rows on both sides of what is built
// already, by code that knows the index. The build takes it from there.
func TestB27_WritesWhileAnIndexIsBuilt(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		old := withoutIndex()
		db, err := entity.Open(t.Context(), s, old.users)
		if err != nil {
			t.Fatal(err)
		}
		fill(t, db, old, 2000)
		next := withIndex(ageIndex())
		killedOpen(t, s, 4, next.users)
		half := dumpOf(t, s)
		writer := open(t, s, next.users)
		raw(t, s, func(tx backend.WriteTx) error { return restore(tx, half) })

		var ids []keys.UserID
		view(t, writer, func(tx *entity.Tx) (err error) {
			ids, err = collect(next.users.Scan(tx, keys.All[keys.UserID]()))
			return err
		})
		want := 2000
		update(t, writer, func(tx *entity.Tx) error {
			for i, id := range ids {
				var err error
				switch i % 7 {
				case 0:
					want--
					_, err = next.users.Delete(tx, id)
				case 1:
					err = next.users.Put(tx, id, User{Name: "changed", Age: -i})
				case 2:
					want++
					err = next.users.Insert(tx, uid(id.String()+"+"), User{Name: "new", Age: i})
				case 3:
					_, err = next.users.Delete(tx, id)
					err = errors.Join(err, next.users.Insert(tx, id, User{Name: "again", Age: i}))
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		db = open(t, s, next.users) // verified when the test is over
		view(t, db, func(tx *entity.Tx) error {
			if n, err := next.byAge.Count(tx, keys.All[keys.Int]()); n != want || err != nil {
				t.Errorf("the index has %d entries, %v, want one for each of %d rows", n, err, want)
			}
			return nil
		})
	})
}

// TestBuildReplaced has another handle take away the index that a handle is
// building, and begin it anew under another id. Open returns when that one can
// be used, not before.
func TestBuildReplaced(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		old := withoutIndex()
		db, err := entity.Open(t.Context(), s, old.users)
		if err != nil {
			t.Fatal(err)
		}
		fill(t, db, old, 2000)
		before := dumpOf(t, s)
		killedOpen(t, s, 3, withIndex(ageIndex()).users)
		first := dumpOf(t, s)
		// The same catalogue, with another index id and a higher epoch.
		raw(t, s, func(tx backend.WriteTx) error { return restore(tx, before) })
		open(t, s, entity.New[keys.UserID]("others", msgpack.Of[User](), ageIndex()))
		killedOpen(t, s, 2, withIndex(ageIndex()).users)
		second := dumpOf(t, s)
		raw(t, s, func(tx backend.WriteTx) error { return restore(tx, first) })

		next := withIndex(ageIndex())
		steps := 0
		stepping := replaceBefore(s, func(tx backend.WriteTx) error {
			if steps++; steps == 2 {
				return restore(tx, second)
			}
			return nil
		})
		replacing := open(t, stepping, next.users)
		view(t, replacing, func(tx *entity.Tx) error {
			if n, err := next.byAge.Count(tx, keys.All[keys.Int]()); n != 2000 || err != nil {
				t.Errorf("after Open the index has %d entries, %v, want 2000", n, err)
			}
			return nil
		})
	})
}

// replaceBefore returns a store each Update of which comes after one that
// runs fn.
func replaceBefore(s backend.Store, fn func(tx backend.WriteTx) error) backend.Store {
	return replacingStore{s, fn}
}

type replacingStore struct {
	backend.Store
	fn func(tx backend.WriteTx) error
}

func (r replacingStore) Update(ctx context.Context, fn func(context.Context, backend.WriteTx) error) error {
	err := r.Store.Update(ctx, func(_ context.Context, tx backend.WriteTx) error { return r.fn(tx) })
	if err != nil {
		return err
	}
	return r.Store.Update(ctx, fn)
}
