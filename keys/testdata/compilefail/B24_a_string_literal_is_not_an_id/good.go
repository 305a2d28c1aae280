package p

import "github.com/larderdb/larder/keys"

func f(id keys.UserID) {}

func g() {
	f(keys.Must(keys.NewUserID("alice")))
}
