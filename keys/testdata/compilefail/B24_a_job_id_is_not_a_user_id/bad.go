package p

import "github.com/larderdb/larder/keys"

func f(id keys.UserID) {}

func g(job keys.JobID, user keys.UserID) {
	f(job) // want "cannot use job (variable of struct type keys.JobID) as keys.UserID value"
}
