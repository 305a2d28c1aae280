package p

import "github.com/larderdb/larder/keys"

func scan(r keys.Range[keys.UserRowID]) {}

func g(user keys.UserID, id keys.UserRowID) {
	scan(keys.Eq(id))
}
