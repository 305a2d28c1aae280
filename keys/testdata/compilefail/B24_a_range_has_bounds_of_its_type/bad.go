package p

import "github.com/larderdb/larder/keys"

func g(a, b keys.TableID, ns keys.NamespaceID) keys.Range[keys.TableID] {
	return keys.Between(a, ns) // want "type keys.NamespaceID of ns does not match inferred type keys.TableID"
}
