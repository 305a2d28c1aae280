//go:build !wasip1

package larder_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"

	"github.com/larderdb/larder"
	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/memory"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/entity/entitytest"
	"github.com/larderdb/larder/keys"
)

// The code of docs/guides/moving.md about engines: definitions, a program that
// works on any, and how its data gets from one to another.

type visit struct{ Count int }

var (
	byCount = entity.NewIndex("by_count", func(_ keys.UserID, v *visit) keys.Int { return keys.Int(v.Count) })
	visits  = entity.New[keys.UserID]("visits", msgpack.Of[visit](), byCount)
)

func greet(ctx context.Context, db *larder.DB, user keys.UserID) (count int, err error) {
	err = db.Update(ctx, func(ctx context.Context, tx *larder.Tx) error {
		v, _, err := visits.Get(tx, user)
		if err != nil {
			return err
		}
		v.Count++
		count = v.Count
		return visits.Put(tx, user, v)
	})
	return count, err
}

// copyRows puts the rows that tx sees in a store into another database, a
// thousand in each transaction.
func copyRows[K keys.Key[K], V any](ctx context.Context, tx *larder.Tx, store *entity.Store[K, V], to *larder.DB) error {
	page := make(map[K]V)
	put := func() error {
		err := to.Update(ctx, func(_ context.Context, tx *larder.Tx) error {
			return store.PutMany(tx, maps.All(page))
		})
		clear(page)
		return err
	}
	for row, err := range store.Scan(tx, keys.All[K]()) {
		if err != nil {
			return err
		}
		page[row.Key] = row.Value
		if len(page) == 1000 {
			if err := put(); err != nil {
				return err
			}
		}
	}
	return put()
}

// copyAll copies one snapshot of a database, and checks what it made.
func copyAll(ctx context.Context, from, to *larder.DB) error {
	err := from.View(ctx, func(ctx context.Context, tx *larder.Tx) error {
		return errors.Join(
			copyRows(ctx, tx, visits, to),
			copyRows(ctx, tx, notes, to),
		)
	})
	if err != nil {
		return err
	}
	return entity.Verify(ctx, to)
}

func TestA31_MovingBetweenEngines(t *testing.T) {
	name := databaseName(t)
	stores := []entity.Definition{visits, notes}
	platform := open(t, name, &larder.Options{Stores: stores})
	first := entitytest.New(t, stores...)
	second := entitytest.New(t, stores...)

	ada := keys.Must(keys.NewUserID("ada"))
	t.Run("A31 the same program on every engine", func(t *testing.T) {
		for _, s := range []backend.Store{memory.New(), platform.Backend()} {
			db, err := entity.Open(t.Context(), s, visits)
			if err != nil {
				t.Fatal(err)
			}
			for want := 1; want < 3; want++ {
				if got, err := greet(t.Context(), db, ada); got != want || err != nil {
					t.Errorf("greet on %T = %d, %v, want %d", s, got, err, want)
				}
			}
		}
	})

	rows := map[keys.UserID]visit{}
	for i := range 2345 {
		rows[keys.Must(keys.NewUserID(fmt.Sprint("user-", i)))] = visit{i}
	}
	entitytest.Load(t, first, visits, rows)
	put(t, first, "1", "kept")
	want := entitytest.Dump(t, first, visits)
	if len(rows) != 2345 || len(want) < 50_000 {
		t.Fatalf("there are %d rows, dumped as %d bytes", len(rows), len(want))
	}
	err := platform.Update(t.Context(), func(_ context.Context, tx *larder.Tx) error {
		_, err := visits.Delete(tx, ada)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	for _, c := range []struct {
		name     string
		from, to *larder.DB
	}{
		{"A31 from memory to the platform's engine", first, platform},
		{"A31 from the platform's engine to memory", platform, second},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := copyAll(t.Context(), c.from, c.to); err != nil {
				t.Fatalf("copyAll: %v", err)
			}
			if got := entitytest.Dump(t, c.to, visits); got != want {
				t.Errorf("the copy has %d bytes as text, want the same %d", len(got), len(want))
			}
			if got, _ := get(t, c.to, "1"); got != "kept" {
				t.Errorf("the note is %q, want it as it was", got)
			}
		})
	}
}
