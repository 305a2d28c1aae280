// Package entitytest is for tests of programs that keep entities: databases in
// memory that are verified when the test ends, rows to begin with, rows as
// text to compare, and failures of the engine on purpose.
//
//	func TestRename(t *testing.T) {
//		db := entitytest.New(t, Users)
//		entitytest.Load(t, db, Users, map[keys.UserID]User{alice: {Name: "Alice"}})
//		…
//	}
//
// Whatever goes wrong in its functions fails the test, and ends it where there
// is nothing to go on with; so they are called by the test's own goroutine. It
// works on every platform, also in wasm.
package entitytest

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"time"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/memory"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/keys"
)

// T is what the functions need of a test. It is a *testing.T, *testing.B or
// *testing.F, or a test of another package, such as a *rapid.T.
type T interface {
	Helper()
	Context() context.Context
	Cleanup(func())
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any) // doesn't return
}

// New returns a new database in memory with the given stores. When the test
// ends it is verified and closed; what [entity.Verify] finds fails the test.
func New(t T, defs ...entity.Definition) *entity.DB {
	t.Helper()
	return Open(t, memory.New(), defs...)
}

// Open is as [New] for a database of another engine, or one that is open
// already and whose definitions change. It takes over s and closes it.
//
// A database that newer definitions were opened on since is verified by those
// only. One that the test has closed itself can't be verified any more; such a
// test calls entity.Verify before.
func Open(t T, s backend.Store, defs ...entity.Definition) *entity.DB {
	t.Helper()
	db, err := entity.Open(t.Context(), s, defs...)
	if err != nil {
		_ = s.Close(context.Background()) // nothing runs in it
		t.Fatalf("entitytest: %v", err)
	}
	t.Cleanup(func() { finish(t, db) })
	return db
}

// patience is how long a test's end waits for transactions that are running
// still.
const patience = 20 * time.Second

// finish verifies and closes db.
func finish(t T, db *entity.DB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience) // t's own has ended
	defer cancel()
	err := entity.Verify(ctx, db)
	if err != nil && !errors.Is(err, backend.ErrSchemaNewer) && !errors.Is(err, backend.ErrClosed) {
		t.Errorf("entitytest: the database is not sound: %v", err)
	}
	if err := db.Close(ctx); err != nil {
		t.Errorf("entitytest: close: %v", err)
	}
}

// Load puts rows into a store, all in one transaction.
func Load[K keys.Key[K], V any](t T, db *entity.DB, store *entity.Store[K, V], rows map[K]V) {
	t.Helper()
	err := db.Update(t.Context(), func(_ context.Context, tx *entity.Tx) error {
		return store.PutMany(tx, maps.All(rows))
	})
	if err != nil {
		t.Fatalf("entitytest: load: %v", err)
	}
}

// Dump returns the rows of a store as text, to be compared with what a test
// wants or with a file: a line for each row in the order of the keys, with the
// key as [keys.Fmt] prints it and the value as JSON. A value that has no JSON
// ends the test.
func Dump[K keys.Key[K], V any](t T, db *entity.DB, store *entity.Store[K, V]) string {
	t.Helper()
	var b strings.Builder
	text := json.NewEncoder(&b)
	text.SetEscapeHTML(false)
	err := db.View(t.Context(), func(_ context.Context, tx *entity.Tx) error {
		for row, err := range store.Scan(tx, keys.All[K]()) {
			if err != nil {
				return err
			}
			key, err := row.Key.AppendKey(nil)
			if err != nil {
				return err
			}
			b.WriteString(keys.Fmt(key) + " ")
			if err := text.Encode(row.Value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("entitytest: dump %s: %v", store.Name(), err)
	}
	return b.String()
}
