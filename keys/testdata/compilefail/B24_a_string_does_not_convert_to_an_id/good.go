package p

import "github.com/larderdb/larder/keys"

var id = keys.Must(keys.NewJobID("job_1"))
