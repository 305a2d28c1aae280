package stringstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/memory"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/entity/entitytest"
	"github.com/larderdb/larder/entity/stringstore"
	"github.com/larderdb/larder/keys"
)

// kept is a database that stays open when its DB is closed.
type kept struct{ backend.Store }

func (kept) Close(context.Context) error { return nil }

// TestB49_Moving is the code of docs/guides/moving.md: releases of one program,
// each on the database that the one before has left.
func TestB49_Moving(t *testing.T) {
	s := kept{memory.New()}

	t.Run("B49 the program as it was", func(t *testing.T) {
		var (
			userRows   = entity.New[keys.String]("users", msgpack.Of[User]())
			users      = stringstore.Of(userRows)
			memberRows = entity.New[keys.String]("members", msgpack.Of[User]())
			members    = stringstore.Of(memberRows)
		)
		rename := func(tx *entity.Tx, id, name string) error {
			user, _, err := users.Get(tx, id)
			if err != nil {
				return err
			}
			user.Name = name
			return users.Put(tx, id, user)
		}
		update(t, entitytest.Open(t, s, userRows, memberRows), func(tx *entity.Tx) error {
			return errors.Join(
				rename(tx, "ada", "Ada"),
				rename(tx, "bob", "Bob"),
				members.Put(tx, "red/ada", User{"Ada", 36}),
				members.Put(tx, "blue/bob", User{"Bob", 20}),
			)
		})
	})

	t.Run("B48 B49 the release in which both are used", func(t *testing.T) {
		var (
			users    = entity.New[keys.UserID]("users", msgpack.Of[User]())
			oldUsers = stringstore.Of(users)
		)
		rename := func(tx *entity.Tx, id keys.UserID, name string) error {
			user, _, err := users.Get(tx, id)
			if err != nil {
				return err
			}
			user.Name = name
			return users.Put(tx, id, user)
		}
		db := entitytest.Open(t, s, users)
		if err := entity.Verify(t.Context(), db); err != nil {
			t.Errorf("a key is no id: %v", err)
		}
		update(t, db, func(tx *entity.Tx) error {
			if err := rename(tx, keys.Must(keys.NewUserID("ada")), "Augusta"); err != nil {
				return err
			}
			rows, err := oldUsers.ScanPrefix(tx, "a")
			if got := show(rows); got != "ada=Augusta,0" {
				t.Errorf("the rows are %s, %v", got, err)
			}
			return err
		})
	})

	t.Run("B49 the release without strings, with an index", func(t *testing.T) {
		var (
			byName = entity.NewUnique("by_name", func(_ keys.UserID, u *User) keys.String { return keys.String(u.Name) })
			users  = entity.New[keys.UserID]("users", msgpack.Of[User](), byName)
		)
		update(t, entitytest.Open(t, s, users), func(tx *entity.Tx) error {
			row, found, err := byName.Get(tx, "Augusta")
			if !found || row.Key.String() != "ada" {
				t.Errorf("Get(Augusta) = %v, %v, %v, want ada", row, found, err)
			}
			return err
		})
	})

	t.Run("B49 a key that held two things becomes a tuple", func(t *testing.T) {
		var (
			memberRows = entity.New[keys.String]("members", msgpack.Of[User]())
			oldMembers = stringstore.Of(memberRows)
			teamUsers  = entity.New[keys.T2[keys.String, keys.UserID]]("team_users", msgpack.Of[User]())
		)
		move := func(tx *entity.Tx) error {
			rows, err := oldMembers.ScanAll(tx)
			if err != nil {
				return err
			}
			for _, row := range rows {
				team, user, _ := strings.Cut(row.Key, "/")
				id, err := keys.NewUserID(user)
				if err != nil {
					return fmt.Errorf("member %q: %w", row.Key, err)
				}
				key := keys.T2[keys.String, keys.UserID]{A: keys.String(team), B: id}
				if err := teamUsers.Put(tx, key, row.Value); err != nil {
					return err
				}
				if err := oldMembers.Delete(tx, row.Key); err != nil {
					return err
				}
			}
			return nil
		}
		db := entitytest.Open(t, s, memberRows, teamUsers)
		update(t, db, move)
		update(t, db, move) // has nothing left to do
		want := `("blue", "bob") {"Name":"Bob","Age":20}` + "\n" + `("red", "ada") {"Name":"Ada","Age":36}` + "\n"
		if got := entitytest.Dump(t, db, teamUsers); got != want {
			t.Errorf("the rows are\n%swant\n%s", got, want)
		}
		if got := entitytest.Dump(t, db, memberRows); got != "" {
			t.Errorf("the old rows are still there:\n%s", got)
		}
	})
}
