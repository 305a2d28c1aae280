package p

import "github.com/larderdb/larder/keys"

type pair = keys.T2[keys.String, keys.Bytes]
