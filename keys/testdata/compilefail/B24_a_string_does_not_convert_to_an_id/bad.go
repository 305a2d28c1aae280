package p

import "github.com/larderdb/larder/keys"

var id = keys.JobID("job_1") // want "cannot convert \"job_1\" (untyped string constant) to type keys.JobID"
