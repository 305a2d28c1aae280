//go:build wasip1

package codectest_test

import (
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/memory"
)

// engines are those that every test here runs on.
var engines = []engine{
	{"memory", func(testing.TB) backend.Store { return memory.New() }},
}
