//go:build !wasm

package main

import (
	"context"
	"errors"
	"testing"

	"github.com/larderdb/larder"
	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/memory"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/entity/entitytest"
	"github.com/larderdb/larder/keys"
)

// The code that docs/ENTITYSTORE_PATTERN.md calls wrong, and what is wrong with
// it, beside the code that it calls correct.

type Person struct {
	Name string
	Born int
}

var people = entity.New[keys.UserID]("people", msgpack.Of[Person]())

// WRONG: when this returns, the name may be taken.
func nameIsFree(ctx context.Context, db *larder.DB, name string) (free bool, err error) {
	free = true
	err = db.View(ctx, func(_ context.Context, tx *larder.Tx) error {
		for row, err := range people.Scan(tx, keys.All[keys.UserID]()) {
			if err != nil {
				return err
			}
			free = free && row.Value.Name != name
		}
		return nil
	})
	return free, err
}

func TestB50_ACheckIsInTheTransactionThatReliesOnIt(t *testing.T) {
	add := func(db *larder.DB, store *entity.Store[keys.UserID, Person], id keys.UserID) error {
		return db.Update(t.Context(), func(_ context.Context, tx *larder.Tx) error {
			return store.Put(tx, id, Person{Name: "Ada"})
		})
	}
	t.Run("B50 in a transaction before, both find that the name is free", func(t *testing.T) {
		db := entitytest.New(t, people)
		for range 2 {
			if free, err := nameIsFree(t.Context(), db, "Ada"); !free || err != nil {
				t.Fatalf("nameIsFree = %v, %v, want true", free, err)
			}
		}
		if err := errors.Join(add(db, people, u1), add(db, people, u2)); err != nil {
			t.Fatal(err)
		}
		if free, err := nameIsFree(t.Context(), db, "Ada"); free || err != nil {
			t.Errorf("nameIsFree = %v, %v after two have taken it", free, err)
		}
	})
	t.Run("B50 a unique index refuses the second", func(t *testing.T) {
		// CORRECT: Put checks it, in its own transaction.
		byName := entity.NewUnique("by_name", func(_ keys.UserID, p *Person) keys.String { return keys.String(p.Name) })
		people := entity.New[keys.UserID]("people", msgpack.Of[Person](), byName)

		db := entitytest.New(t, people)
		if err := add(db, people, u1); err != nil {
			t.Fatal(err)
		}
		if err := add(db, people, u2); !errors.Is(err, backend.ErrUnique) {
			t.Errorf("the second Put = %v, want ErrUnique", err)
		}
	})
}

func TestB50_AnIndexKeyDependsOnTheRowAlone(t *testing.T) {
	thisYear := 2026
	// WRONG: next year the entries are others than the function returns.
	byAge := entity.NewIndex("by_age", func(_ keys.UserID, p *Person) keys.Int { return keys.Int(thisYear - p.Born) })

	// CORRECT: the year of birth stays. Who asks for an age computes the year.
	byBorn := entity.NewIndex("by_born", func(_ keys.UserID, p *Person) keys.Int { return keys.Int(p.Born) })

	for name, c := range map[string]struct {
		index entity.IndexOf[keys.UserID, Person]
		want  error
	}{
		"B50 an index of ages is damaged as time goes by": {byAge, backend.ErrCorrupt},
		"B50 an index of years of birth is not":           {byBorn, nil},
	} {
		t.Run(name, func(t *testing.T) {
			thisYear = 2026
			people := entity.New[keys.UserID]("people", msgpack.Of[Person](), c.index)
			db, err := entity.Open(t.Context(), memory.New(), people)
			if err != nil {
				t.Fatal(err)
			}
			entitytest.Load(t, db, people, map[keys.UserID]Person{u1: {"Ada", 1815}})
			thisYear++
			if err := entity.Verify(t.Context(), db); !errors.Is(err, c.want) {
				t.Errorf("Verify in the next year = %v, want %v", err, c.want)
			}
		})
	}
}

func TestB50_WhatBelongsTogetherIsInOneTransaction(t *testing.T) {
	// WRONG: when the second fails, nobody is called Ada any more.
	apart := func(ctx context.Context, db *larder.DB) error {
		err := db.Update(ctx, func(_ context.Context, tx *larder.Tx) error {
			return people.Put(tx, u1, Person{Name: "Augusta"})
		})
		if err != nil {
			return err
		}
		return db.Update(ctx, func(_ context.Context, tx *larder.Tx) error {
			return people.Put(tx, u2, Person{Name: "Ada"})
		})
	}
	// CORRECT: both or neither.
	together := func(ctx context.Context, db *larder.DB) error {
		return db.Update(ctx, func(_ context.Context, tx *larder.Tx) error {
			return errors.Join(people.Put(tx, u1, Person{Name: "Augusta"}), people.Put(tx, u2, Person{Name: "Ada"}))
		})
	}
	fill := func(db *larder.DB) {
		entitytest.Load(t, db, people, map[keys.UserID]Person{u1: {Name: "Ada"}})
	}
	t.Run("B50 together", func(t *testing.T) {
		entitytest.EachFailure(t, fill, func(db *larder.DB) error { return together(t.Context(), db) }, people)
	})
	t.Run("B50 apart", func(t *testing.T) {
		s := failing{T: t}
		entitytest.EachFailure(&s, fill, func(db *larder.DB) error { return apart(t.Context(), db) }, people)
		if s.reports == 0 {
			t.Errorf("half of the work is done and no failure shows it")
		}
	})
}

// A failing test counts its failures.
type failing struct {
	*testing.T
	reports int
}

func (f *failing) Errorf(string, ...any) { f.reports++ }
