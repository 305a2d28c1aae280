package backendtest

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/larderdb/larder/backend"
)

// A Config tells the suite how to open databases of an engine and what the
// engine promises beyond the contract. The suite tests what is promised.
type Config struct {
	// Open opens the database called name, which is new when the suite uses
	// the name for the first time. Names are letters, digits and hyphens, and
	// differ between cases and between runs. The suite closes every store that
	// it opened; what else there is to clean up, Open leaves to tb.Cleanup.
	// It may be called by several goroutines. Required.
	Open func(tb testing.TB, name string) (backend.Store, error)

	// Persists says that the data is still there when a name is opened again
	// after Close.
	Persists bool

	// Shares says that a name may be opened again while it is open, as another
	// tab or process would, and that both stores then work on the same data.
	// An engine that persists and doesn't share refuses the second with
	// [backend.ErrLocked].
	Shares bool
}

// Run runs every case of the suite as a subtest of t. Under -short the cases
// move less data and repeat less; the rules are the same.
func Run(t *testing.T, cfg Config) {
	for _, group := range [][]testCase{
		pairCases, keyCases, tableCases, scanCases, loopCases, stampCases, limitCases,
		txCases, nestedCases, closeCases, cancelCases, snapshotCases, concurrentCases,
		optionalCases, storageCases, faultCases, modelCases, persistCases, shareCases,
	} {
		for _, c := range group {
			if c.needs != nil && !c.needs(cfg) {
				continue
			}
			t.Run(c.name, func(t *testing.T) { c.start(t, cfg) })
		}
	}
}

// A testCase is one rule and the test of it.
type testCase struct {
	name  string // the rows of the capabilities that it shows, and a few words
	rule  string // in words, for the author of an engine
	run   func(e *env)
	needs func(Config) bool // nil when every engine has to pass
}

func (c testCase) start(t *testing.T, cfg Config) {
	t.Logf("the rule: %s", c.rule)
	// The deadline turns a deadlock into a failure that names its case.
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	e := &env{T: t, ctx: ctx, cfg: cfg, name: "case-" + rand.Text()}
	e.s = e.open(e.name)
	c.run(e)
}

// An env is what a case runs in: a test, and a store on a new database.
type env struct {
	*testing.T
	ctx  context.Context
	cfg  Config
	name string
	s    backend.Store
}

// open opens a database that is closed when the case ends, if not before.
func (e *env) open(name string) backend.Store {
	e.Helper()
	s, err := e.cfg.Open(e.T, name)
	if err != nil {
		e.Fatalf("Open(%s) = %v, want a store", name, err)
	}
	e.Cleanup(func() {
		// t.Context is done by now, so the last Close has a deadline of its own.
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			e.Errorf("Close after the case = %v, want nil", err)
		}
	})
	return s
}

// n returns full, or short where the test is to move less.
func (e *env) n(full, short int) int {
	if testing.Short() {
		return short
	}
	return full
}

// update runs fn in an Update of the store that has to succeed.
func (e *env) update(fn func(tx backend.WriteTx)) {
	e.Helper()
	e.updateOn(e.s, fn)
}

func (e *env) updateOn(s backend.Store, fn func(tx backend.WriteTx)) {
	e.Helper()
	err := s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
		fn(tx)
		return nil
	})
	if err != nil {
		e.Fatalf("Update = %v, want nil", err)
	}
}

// view runs fn in a View of the store that has to succeed.
func (e *env) view(fn func(tx backend.ReadTx)) {
	e.Helper()
	e.viewOn(e.s, fn)
}

func (e *env) viewOn(s backend.Store, fn func(tx backend.ReadTx)) {
	e.Helper()
	err := s.View(e.ctx, func(_ context.Context, tx backend.ReadTx) error {
		fn(tx)
		return nil
	})
	if err != nil {
		e.Fatalf("View = %v, want nil", err)
	}
}

// put puts pairs that are written as key, value, key, value.
func (e *env) put(tx backend.WriteTx, table string, pairs ...string) {
	e.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if err := tx.Put(table, []byte(pairs[i]), []byte(pairs[i+1])); err != nil {
			e.Fatalf("Put(%s, %q) = %v, want nil", table, pairs[i], err)
		}
	}
}

// fill commits pairs to table.
func (e *env) fill(table string, pairs ...string) {
	e.Helper()
	e.update(func(tx backend.WriteTx) { e.put(tx, table, pairs...) })
}

// del deletes keys that have to exist.
func (e *env) del(tx backend.WriteTx, table string, keys ...string) {
	e.Helper()
	for _, k := range keys {
		if existed, err := tx.Delete(table, []byte(k)); !existed || err != nil {
			e.Fatalf("Delete(%s, %q) = %v, %v, want true, nil", table, k, existed, err)
		}
	}
}

// drop drops a table that has to exist.
func (e *env) drop(tx backend.WriteTx, table string) {
	e.Helper()
	if err := tx.DropTable(table); err != nil {
		e.Fatalf("DropTable(%s) = %v, want nil", table, err)
	}
}
