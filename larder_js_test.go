//go:build js && wasm

package larder_test

import (
	"context"
	"slices"
	"syscall/js"
	"testing"

	"github.com/larderdb/larder"
	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/idb"
	"github.com/larderdb/larder/backend/memory"
	"github.com/larderdb/larder/entity"
)

func databaseName(t *testing.T) string {
	name := t.Name()
	t.Cleanup(func() {
		if err := larder.Delete(context.Background(), name); err != nil {
			t.Errorf("Delete: %v", err)
		}
	})
	return name
}

func TestA30_EnginesAreStores(t *testing.T) {
	for name, s := range map[string]any{
		"memory": new(memory.Store),
		"idb":    new(idb.Store),
	} {
		t.Run("A30 "+name, func(t *testing.T) {
			if _, ok := s.(backend.Store); !ok {
				t.Errorf("%T is no backend.Store", s)
			}
		})
	}
}

func TestNames(t *testing.T) {
	name := databaseName(t)
	db := open(t, name, withNotes)
	names, err := larder.Names(t.Context())
	if err != nil || !slices.Contains(names, name) {
		t.Errorf("Names = %q, %v, want it to hold %q", names, err, name)
	}
	closeDB(t, db)
	if err := larder.Delete(t.Context(), name); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	names, err = larder.Names(t.Context())
	if err != nil || slices.Contains(names, name) {
		t.Errorf("Names = %q, %v after Delete, want it without %q", names, err, name)
	}
}

// TestWithoutIndexedDB hides the platform's IndexedDB.
func TestWithoutIndexedDB(t *testing.T) {
	global, object := js.Global(), js.Global().Get("Object")
	own := object.Call("getOwnPropertyDescriptor", global, "indexedDB")
	object.Call("defineProperty", global, "indexedDB", map[string]any{"value": js.Undefined(), "configurable": true, "writable": true})
	t.Cleanup(func() {
		global.Delete("indexedDB")
		if !own.IsUndefined() {
			object.Call("defineProperty", global, "indexedDB", own)
		}
	})
	_, err := larder.Open(t.Context(), "app", withNotes)
	wantClass(t, "Open", err, backend.ErrUnsupported)
	_, err = larder.Names(t.Context())
	wantClass(t, "Names", err, backend.ErrUnsupported)
	wantClass(t, "Delete", larder.Delete(t.Context(), "app"), backend.ErrUnsupported)
	db := open(t, "app", &larder.Options{Stores: []entity.Definition{notes}, Memory: true})
	put(t, db, "1", "one")
}
