package p

import "github.com/larderdb/larder/keys"

func g(user keys.UserID, ns keys.NamespaceID, table keys.TableName) (keys.TableID, error) {
	return keys.NewTableID(ns, table)
}
