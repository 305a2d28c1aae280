package p

import "github.com/larderdb/larder/keys"

var (
	job  = keys.Must(keys.NewJobID("job_1"))
	user = keys.Must(keys.NewUserID(job.String()))
)
