package p

import "github.com/larderdb/larder/keys"

func f(id keys.UserID) {}

func g(job keys.JobID, user keys.UserID) {
	f(user)
}
