package p

import "github.com/larderdb/larder/keys"

func g(user keys.UserID, ns keys.NamespaceID, table keys.TableName) (keys.TableID, error) {
	return keys.NewTableID(ns, user) // want "cannot use user (variable of struct type keys.UserID) as keys.TableName value"
}
