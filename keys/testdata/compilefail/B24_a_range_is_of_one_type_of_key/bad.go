package p

import "github.com/larderdb/larder/keys"

func scan(r keys.Range[keys.UserRowID]) {}

func g(user keys.UserID, id keys.UserRowID) {
	scan(keys.Eq(user)) // want "cannot use keys.Eq(user) (value of struct type keys.Range[keys.UserID]) as keys.Range[keys.UserRowID] value"
}
