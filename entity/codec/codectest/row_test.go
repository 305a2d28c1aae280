package codectest_test

import (
	"time"
)

//go:generate go run github.com/tinylib/msgp@v1.6.5 -io=false -tests=false -file row_test.go -o row_gen_test.go

// A Row has what rows have: eleven fields, one of them a struct.
type Row struct {
	ID       int64
	Title    string
	Body     string
	Done     bool
	Priority int
	Due      time.Time
	Tags     []string
	Score    float64
	Blob     []byte
	Attrs    map[string]string
	Home     Address
}

// An Address is a struct in a row.
type Address struct{ City, Zip string }
