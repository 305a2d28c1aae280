package entity_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

// TestCompositeKeys puts rows under keys that others have mistaken for one
// another.
func TestCompositeKeys(t *testing.T) {
	todos := entity.New[keys.UserRowID]("todos", msgpack.Of[string]())
	id := func(user, row string) keys.UserRowID {
		return keys.Must(keys.NewUserRowID(uid(user), keys.Must(keys.RowIDFromString(row))))
	}
	of := func(t *testing.T, db *entity.DB, user string) (got []string) {
		t.Helper()
		view(t, db, func(tx *entity.Tx) error {
			for row, err := range todos.Scan(tx, keys.Prefix[keys.UserRowID](uid(user))) {
				if err != nil {
					return err
				}
				got = append(got, row.Value)
			}
			return nil
		})
		return got
	}
	for _, c := range []struct {
		name string
		ids  []keys.UserRowID // each row's value is its id's text
		user string
		want string
	}{
		{"D1 two rows of one user are two", []keys.UserRowID{id("alice", "1"), id("alice", "2")}, "alice", "alice:1 alice:2"},
		{"D2 a separator in an id is none", []keys.UserRowID{id("a:b", "c"), id("a", "b:c")}, "a", "a:b:c"},
		{"D3 alice doesn't see alice2", []keys.UserRowID{id("alice", "1"), id("alice2", "1"), id("alic", "e")}, "alice", "alice:1"},
		{"D5 rows whose ids end in 0xFF are in the prefix", []keys.UserRowID{id("u", "\xff"), id("u", "\xff\xff"), id("u", "\x00"), id("v", "\x00")}, "u", "u:0x00 u:0xff u:0xffff"},
		{"D26 ids of any bytes come back", []keys.UserRowID{id("u", "\x00\xfe\xff"), id("u", "\xc3\x28")}, "u", "u:0x00feff u:0xc328"},
	} {
		onEngines(t, func(t *testing.T, s backend.Store) {
			t.Run(c.name, func(t *testing.T) {
				db := open(t, s, todos)
				update(t, db, func(tx *entity.Tx) error {
					for _, id := range c.ids {
						if err := todos.Insert(tx, id, id.String()); err != nil {
							return err
						}
					}
					return nil
				})
				if got := strings.Join(of(t, db, c.user), " "); got != c.want {
					t.Errorf("rows of %s are %s, want %s", c.user, got, c.want)
				}
				view(t, db, func(tx *entity.Tx) error {
					for row, err := range todos.Scan(tx, keys.All[keys.UserRowID]()) {
						if err != nil || row.Key.String() != row.Value || !slices.Contains(c.ids, row.Key) {
							t.Errorf("a row is %+v, %v, want one of those that were put", row, err)
							break
						}
					}
					return nil
				})
			})
		})
	}
}
