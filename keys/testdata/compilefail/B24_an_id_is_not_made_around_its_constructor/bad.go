package p

import "github.com/larderdb/larder/keys"

var id = keys.RowID{"row"} // want "unexported field b"
