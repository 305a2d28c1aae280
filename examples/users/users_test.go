//go:build !wasm

package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/larderdb/larder"
	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity/entitytest"
	"github.com/larderdb/larder/keys"
)

var (
	u1, u2   = keys.Must(keys.NewUserID("u1")), keys.Must(keys.NewUserID("u2"))
	ada, bob = keys.Must(keys.NewUserName("Ada")), keys.Must(keys.NewUserName("Bob"))
	eve      = keys.Must(keys.NewUserName("Eve"))
	someday  = time.Unix(1_800_000_000, 0)
)

func newUsers(t *testing.T) (*Users, *larder.DB) {
	users := NewUsers()
	db := entitytest.New(t, users.Definition())
	entitytest.Load(t, db, users.store, map[keys.UserID]User{u1: {Name: ada}, u2: {Name: bob}})
	return users, db
}

func TestB28_TheRulesAboutUsers(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(users *Users, tx *larder.Tx) error
		want error
	}{
		"B28 an id that exists is refused": {
			func(users *Users, tx *larder.Tx) error { return users.Create(tx, u1, User{Name: eve}) }, backend.ErrExists},
		"B28 a name that is taken is refused, whatever its case": {
			func(users *Users, tx *larder.Tx) error {
				return users.Create(tx, keys.Must(keys.NewUserID("u3")), User{Name: keys.Must(keys.NewUserName("ADA"))})
			}, backend.ErrUnique},
		"B28 so is a name to rename to": {
			func(users *Users, tx *larder.Tx) error { return users.Rename(tx, u2, ada) }, backend.ErrUnique},
		"B28 a name may change its case": {
			func(users *Users, tx *larder.Tx) error {
				return users.Rename(tx, u1, keys.Must(keys.NewUserName("ADA")))
			}, nil},
		"B28 who is missing can't be renamed": {
			func(users *Users, tx *larder.Tx) error { return users.Rename(tx, keys.Must(keys.NewUserID("u3")), eve) }, backend.ErrNotFound},
		"B28 who is deleted is not found by id": {
			func(users *Users, tx *larder.Tx) error {
				err := users.Delete(tx, u1, someday)
				_, getErr := users.Get(tx, u1)
				return errors.Join(err, getErr)
			}, backend.ErrNotFound},
		"B28 who is deleted is not found by name": {
			func(users *Users, tx *larder.Tx) error {
				err := users.Delete(tx, u1, someday)
				_, _, findErr := users.Find(tx, ada)
				return errors.Join(err, findErr)
			}, backend.ErrNotFound},
		"B28 who is deleted can't be deleted again": {
			func(users *Users, tx *larder.Tx) error {
				return errors.Join(users.Delete(tx, u1, someday), users.Delete(tx, u1, someday))
			}, backend.ErrNotFound},
		"B28 who is deleted keeps the name": {
			func(users *Users, tx *larder.Tx) error {
				return errors.Join(users.Delete(tx, u1, someday), users.Rename(tx, u2, ada))
			}, backend.ErrUnique},
		"B28 a name that was given up is free": {
			func(users *Users, tx *larder.Tx) error {
				return errors.Join(users.Rename(tx, u1, eve), users.Rename(tx, u2, ada))
			}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			users, db := newUsers(t)
			before := entitytest.Dump(t, db, users.store)
			err := db.Update(t.Context(), func(_ context.Context, tx *larder.Tx) error { return c.do(users, tx) })
			if !errors.Is(err, c.want) {
				t.Errorf("the error is %v, want %v", err, c.want)
			}
			if changed := entitytest.Dump(t, db, users.store) != before; changed != (c.want == nil) {
				t.Errorf("the users have changed: %v, want %v", changed, c.want == nil)
			}
		})
	}
}

func TestB28_FindAndList(t *testing.T) {
	users, db := newUsers(t)
	err := db.Update(t.Context(), func(_ context.Context, tx *larder.Tx) error {
		id, user, err := users.Find(tx, keys.Must(keys.NewUserName("bob")))
		if id != u2 || user.Name != bob || err != nil {
			t.Errorf("Find(bob) = %v, %v, %v, want u2, Bob", id, user, err)
		}
		if err := users.Delete(tx, u1, someday); err != nil {
			return err
		}
		list := ""
		for row, err := range users.List(tx) {
			if err != nil {
				return err
			}
			list += row.Key.String() + " "
		}
		if list != "u2 " {
			t.Errorf("List yields %s, want u2", list)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestB28_WhateverFails(t *testing.T) {
	users := NewUsers()
	fill := func(db *larder.DB) {
		entitytest.Load(t, db, users.store, map[keys.UserID]User{u1: {Name: ada}, u2: {Name: bob}})
	}
	entitytest.EachFailure(t, fill, func(db *larder.DB) error {
		return db.Update(t.Context(), func(_ context.Context, tx *larder.Tx) error {
			return errors.Join(users.Rename(tx, u1, eve), users.Delete(tx, u2, someday))
		})
	}, users.Definition())
}
