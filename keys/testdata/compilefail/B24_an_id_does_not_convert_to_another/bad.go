package p

import "github.com/larderdb/larder/keys"

var (
	job  = keys.Must(keys.NewJobID("job_1"))
	user = keys.UserID(job) // want "cannot convert job (variable of struct type keys.JobID) to type keys.UserID"
)
