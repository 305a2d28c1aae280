//go:build wasip1

package larder_test

import (
	"testing"

	"github.com/larderdb/larder"
	"github.com/larderdb/larder/backend"
)

func TestNoEngine(t *testing.T) {
	_, err := larder.Open(t.Context(), "app", withNotes)
	wantClass(t, "Open", err, backend.ErrUnsupported)
	_, err = larder.Names(t.Context())
	wantClass(t, "Names", err, backend.ErrUnsupported)
	wantClass(t, "Delete", larder.Delete(t.Context(), "app"), backend.ErrUnsupported)
}
