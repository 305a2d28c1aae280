package p

import "github.com/larderdb/larder/keys"

func g(user keys.UserID) keys.Range[keys.UserRowID] {
	return keys.Prefix[keys.UserRowID](user)
}
