package p

import "github.com/larderdb/larder/keys"

type pair = keys.T2[keys.String, string] // want "string does not satisfy keys.Key[string]"
