package memory_test

import (
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/backendtest"
	"github.com/larderdb/larder/backend/memory"
)

func TestConformance(t *testing.T) {
	backendtest.Run(t, backendtest.Config{
		Open: func(testing.TB, string) (backend.Store, error) { return memory.New(), nil },
	})
}
