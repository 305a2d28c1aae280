package entity_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/faults"
	"github.com/larderdb/larder/entity"
)

// A modelStore is a [modelTable] of any types.
type modelStore interface {
	define() entity.Definition
	describe() string
	change(rt *rapid.T) modelStore
	foreseen() []entity.Change
	buildable() bool
	withdrawn(index string) bool
	opened()
	setPartial(partial bool)
	begin()
	do(rt *rapid.T, tx *entity.Tx) (spoilt bool, err error)
	commit()
	reread(rt *rapid.T, tx *entity.Tx) error
	compare(rt *rapid.T, tx *entity.Tx) error
}

var errInjected, errMine = errors.New("injected"), errors.New("mine")

// TestLayer does what programs do to a database, at random, and compares it
// with a model in Go maps after each step: transactions over two stores, with
// all kinds of writes, scans and queries, some of which the engine or the
// program fails in the middle of, and releases that migrate rows to another type
// or codec and add, drop and change indexes. A release may run DryRun before,
// may work behind the database while transactions go on, and may die at any
// call while it opens it; the next to open it may be a later release.
//
// The long form goes on for ten minutes on each engine, with longer programs,
// and as long with processes that are killed. A failure prints the seed that
// repeats it:
//
//	LARDER_MODEL=10m go test -timeout 0 -run 'TestLayer' ./entity
func TestLayer(t *testing.T) {
	long := modelTime(t)
	steps := 6 // at most; each verifies all, which takes its time in wasm
	if long > 0 {
		steps = 20
	}
	onEngines(t, func(t *testing.T, s backend.Store) {
		t.Run("A27 A28 B26 B27 B41 random programs do what the model does", func(t *testing.T) {
			for began := time.Now(); ; {
				rapid.Check(t, func(rt *rapid.T) { layerRun(t, rt, s, steps) })
				if t.Failed() || time.Since(began) >= long {
					return
				}
			}
		})
	})
}

// modelTime returns how long the tests of the layer are to go on, 0 for a run or
// a few.
func modelTime(t *testing.T) time.Duration {
	s := os.Getenv("LARDER_MODEL")
	if s == "" {
		return 0
	}
	long, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return long
}

// layers are a database, the engine under it, and what the model has of both.
type layers struct {
	t         *testing.T
	db        *entity.DB
	plain     backend.Store
	engine    backend.Store // is plain, and fails
	countdown int           // how many calls until one fails
	stores    []modelStore
	pauses    int // of the last Open's work on rows
}

func layerRun(t *testing.T, rt *rapid.T, s backend.Store, steps int) {
	err := s.Update(rt.Context(), func(_ context.Context, tx backend.WriteTx) error {
		names, err := tx.Tables()
		for _, name := range names {
			err = errors.Join(err, tx.DropTable(name))
		}
		return err
	})
	if err != nil {
		rt.Fatalf("emptying the database: %v", err)
	}
	m := &layers{t: t, plain: s, stores: []modelStore{modelUsers(), modelEvents()}}
	m.engine = faults.Inject(s, func(faults.Call) error {
		if m.countdown--; m.countdown == 0 {
			return errInjected
		}
		return nil
	})
	m.change(rt) // so that there are indexes from the beginning
	m.open(rt)
	for range rapid.IntRange(2, steps).Draw(rt, "steps") {
		if rapid.SampledFrom([]string{"transaction", "transaction", "release"}).Draw(rt, "step") == "release" {
			m.release(rt)
		} else {
			m.transaction(rt)
		}
		m.compare(rt)
	}
}

func (m *layers) someStore(rt *rapid.T) *modelStore {
	return &m.stores[rapid.IntRange(0, len(m.stores)-1).Draw(rt, "store")]
}

// change makes the stores what they are in the program's next release.
func (m *layers) change(rt *rapid.T) {
	for range rapid.IntRange(0, 3).Draw(rt, "changes") {
		store := m.someStore(rt)
		*store = (*store).change(rt)
	}
}

// describe returns what the database says about its stores.
func (m *layers) describe() string {
	var s []string
	for _, store := range m.stores {
		s = append(s, store.describe())
	}
	return strings.Join(s, ", ")
}

// open opens the database with the model's definitions. When it dies it is
// opened again, by the same release or by the next; an index that can't be built
// is left out then.
func (m *layers) open(rt *rapid.T) {
	m.countdown = rapid.IntRange(-40, 40).Draw(rt, "countdown of Open")
	for known := true; ; known = false {
		var defs []entity.Definition
		for _, store := range m.stores {
			defs = append(defs, store.define())
		}
		idle := rapid.Bool().Draw(rt, "dry run") && m.dryRun(rt, defs, known)
		m.pauses = 0
		db, err := m.attempt(rt, defs)
		if idle && m.pauses > 0 {
			rt.Fatalf("Open has migrated rows or built an index, where DryRun foresaw nothing to do")
		}
		if err == nil {
			m.countdown, m.db = 0, db
			for _, store := range m.stores {
				store.opened()
			}
			return
		}
		var e *entity.Error
		switch {
		case errors.Is(err, errInjected):
			if rapid.Bool().Draw(rt, "next release") {
				m.change(rt)
			}
		case errors.Is(err, backend.ErrUnique) && errors.As(err, &e):
			for i, store := range m.stores {
				if defs[i].(interface{ Name() string }).Name() == e.Store && !store.withdrawn(e.Index) {
					rt.Fatalf("Open: %v, where no two rows have the same key", err)
				}
			}
		default:
			rt.Fatalf("Open: %v", err)
		}
	}
}

// release opens the database as the program's next release does, beside the
// one before, which is fenced when anything has changed.
func (m *layers) release(rt *rapid.T) {
	old, before := m.db, m.describe()
	m.change(rt)
	m.open(rt)
	nothing := func(context.Context, *entity.Tx) error { return nil }
	for _, err := range []error{old.View(rt.Context(), nothing), old.Update(rt.Context(), nothing)} {
		if changed := m.describe() != before; changed != errors.Is(err, backend.ErrSchemaNewer) || !changed && err != nil {
			rt.Fatalf("the release with %s gets %v beside that with %s", before, err, m.describe())
		}
	}
}

// transaction runs an Update that does a few things.
func (m *layers) transaction(rt *rapid.T) {
	m.countdown = rapid.IntRange(-20, 60).Draw(rt, "countdown")
	fails := rapid.IntRange(0, 9).Draw(rt, "fails") == 0
	spoilt := false
	err := m.db.Update(rt.Context(), func(_ context.Context, tx *entity.Tx) (err error) {
		for _, store := range m.stores {
			store.begin()
		}
		spoilt = false
		for range rapid.IntRange(0, 8).Draw(rt, "calls") {
			if spoilt, err = (*m.someStore(rt)).do(rt, tx); spoilt || err != nil {
				return err
			}
		}
		if fails {
			return errMine
		}
		return nil
	})
	m.countdown = 0
	switch {
	case err == nil:
		if fails || spoilt {
			rt.Fatalf("Update = nil: the closure fails is %v, a batch was refused is %v", fails, spoilt)
		}
		for _, store := range m.stores {
			store.commit()
		}
		m.reread(rt)
	case err == errMine && fails, errors.Is(err, errInjected), spoilt && errors.Is(err, backend.ErrUnique):
	default:
		rt.Fatalf("Update: %v", err)
	}
}

// reread has the model learn the revisions that a commit gave to rows.
func (m *layers) reread(rt *rapid.T) {
	err := m.db.View(rt.Context(), func(_ context.Context, tx *entity.Tx) error {
		for _, store := range m.stores {
			if err := store.reread(rt, tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		rt.Fatalf("View: %v", err)
	}
}

// compare compares the whole database with the model.
func (m *layers) compare(rt *rapid.T) {
	m.reread(rt)
	if err := entity.Verify(rt.Context(), m.db); err != nil {
		rt.Fatalf("Verify: %v", err)
	}
	err := m.db.View(rt.Context(), func(_ context.Context, tx *entity.Tx) error {
		for _, store := range m.stores {
			if err := store.compare(rt, tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		rt.Fatalf("View: %v", err)
	}
}
