package p

import "github.com/larderdb/larder/keys"

func f(id keys.UserID) {}

func g() {
	f("alice") // want "cannot use \"alice\" (untyped string constant) as keys.UserID value"
}
