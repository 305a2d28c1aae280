package msgp_test

import "time"

//go:generate go run github.com/tinylib/msgp@v1.6.5 -io=false -tests=false -file row_test.go -o row_gen_test.go

// A Todo has generated methods.
type Todo struct {
	Title string    `msg:"title"`
	Due   time.Time `msg:"due"`
	Tags  []string  `msg:"tags"`
	Any   any       `msg:"any"`
	Next  *Todo     `msg:"next"`
}

// An OlderTodo is a Todo before Tags came, and Gone went.
type OlderTodo struct {
	Title string `msg:"title"`
	Gone  []int  `msg:"gone"`
}

// A Narrow is a field that was wider before.
type Narrow struct {
	N int8 `msg:"n"`
}

// A Wide has the same field.
type Wide struct {
	N int64 `msg:"n"`
}
