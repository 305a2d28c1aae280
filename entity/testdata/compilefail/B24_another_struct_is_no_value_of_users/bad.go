package p

import (
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

type user struct{ Name string }

var byName = entity.NewUnique("by_name", func(_ keys.UserID, u *user) keys.String { return keys.String(u.Name) })

var users = entity.New[keys.UserID]("users", msgpack.Of[user](), byName)

func put(tx *entity.Tx, id keys.UserID) error {
	return users.Put(tx, id, struct{ Age int }{1}) // want "as user value in argument"
}
