//go:build js && wasm

package entity_test

import (
	"context"
	"syscall/js"
	"testing"
	"time"

	"github.com/larderdb/larder/backend/memory"
	"github.com/larderdb/larder/entity"
)

// TestVerifyGivesTheTurn counts the tasks that a page has done while Verify
// runs.
func TestVerifyGivesTheTurn(t *testing.T) {
	s := memory.New()
	r := withIndex(ageIndex())
	db := open(t, s, r.users)
	fill(t, db, r, 10_000)

	tasks, running := 0, true
	var task js.Func
	task = js.FuncOf(func(js.Value, []js.Value) any {
		if tasks++; running {
			js.Global().Call("setTimeout", task, 0)
		}
		return nil
	})
	js.Global().Call("setTimeout", task, 0)
	began := time.Now()
	if err := entity.Verify(context.Background(), db); err != nil {
		t.Errorf("Verify: %v", err)
	}
	took, done := time.Since(began), tasks
	running = false
	// It can't be more often than every 8 ms, and needn't be as often.
	if least := int(took / (100 * time.Millisecond)); done < max(least, 2) {
		t.Errorf("the page did %d tasks in the %v of Verify, want at least %d", done, took, max(least, 2))
	}
}
