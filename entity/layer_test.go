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
	"github.com/larderdb/larder/keys"
)

// An Event is the row of the model's second store, under composite keys.
type Event struct {
	Level int
	Refs  []string
}

type eventKey = keys.T2[keys.String, keys.Int]

// A modelStore is a [modelTable] of any types.
type modelStore interface {
	define() entity.Definition
	describe() string
	change(rt *rapid.T)
	withdrawn(index string) bool
	begin()
	do(rt *rapid.T, tx *entity.Tx) (spoilt bool, err error)
	commit()
	compare(rt *rapid.T, tx *entity.Tx) error
}

func someOf[T any](all ...T) *rapid.Generator[T] { return rapid.SampledFrom(all) }

func stringKeys(all []string) []keys.String {
	var ks []keys.String
	for _, s := range all {
		ks = append(ks, keys.String(s))
	}
	return ks
}

// modelUsers and modelEvents return stores whose rows are few enough to meet.
func modelUsers() modelStore {
	values := rapid.Custom(func(t *rapid.T) User {
		return User{
			Name: someOf("", "n1", "n2", "n3", "n\x00", "ñ").Draw(t, "name"),
			Team: someOf("", "red", "blue").Draw(t, "team"),
			Tags: rapid.SliceOfN(someOf("x", "y", "z"), 0, 4).Draw(t, "tags"),
			Age:  rapid.IntRange(-2, 2).Draw(t, "age"),
		}
	})
	return newTable("users", someOf(uid("a"), uid("aa"), uid("b"), uid("c"), uid("d"), uid("é")), values,
		uniquely(func(_ keys.UserID, u *User) []keys.String { return []keys.String{keys.String(u.Name)} }),
		uniquely(func(_ keys.UserID, u *User) []keys.String { return stringKeys(u.Tags) }),
		indexed(func(_ keys.UserID, u *User) []keys.Int { return []keys.Int{keys.Int(u.Age)} }),
		indexed(func(_ keys.UserID, u *User) []keys.String { return stringKeys(u.Tags) }),
		indexed(func(_ keys.UserID, u *User) []keys.Desc[keys.String] {
			return []keys.Desc[keys.String]{{Value: keys.String(u.Name)}}
		}),
		indexed(func(_ keys.UserID, u *User) []keys.T2[keys.String, keys.Int] {
			if u.Team == "" {
				return nil
			}
			return []keys.T2[keys.String, keys.Int]{{A: keys.String(u.Team), B: keys.Int(u.Age)}}
		}),
	)
}

func modelEvents() modelStore {
	ids := rapid.Custom(func(t *rapid.T) eventKey {
		return eventKey{A: someOf[keys.String]("", "a", "a\x00", "b").Draw(t, "a"), B: someOf[keys.Int](-256, 0, 1).Draw(t, "b")}
	})
	values := rapid.Custom(func(t *rapid.T) Event {
		return Event{Level: rapid.IntRange(0, 2).Draw(t, "level"), Refs: rapid.SliceOfN(someOf("r", "s", "t", "u"), 0, 2).Draw(t, "refs")}
	})
	return newTable("events", ids, values,
		uniquely(func(_ eventKey, e *Event) []keys.String { return stringKeys(e.Refs) }),
		indexed(func(k eventKey, e *Event) []keys.Int { return []keys.Int{k.B, keys.Int(e.Level)} }),
		indexed(func(_ eventKey, e *Event) []keys.Bool { return []keys.Bool{e.Level > 0} }),
	)
}

var errInjected, errMine = errors.New("injected"), errors.New("mine")

// TestLayer does what programs do to a database, at random, and compares it
// with a model in Go maps after each step: transactions over two stores, some
// of which the engine or the program fails in the middle of, and releases that
// add, drop and change indexes, some of which die while they open it.
//
// LARDER_MODEL=10m, with go test -timeout 0, makes it go on for ten minutes on
// each engine, with longer programs. A failure prints the seed that repeats it.
func TestLayer(t *testing.T) {
	var long time.Duration
	steps := 6 // at most; each verifies all, which takes its time in wasm
	if s := os.Getenv("LARDER_MODEL"); s != "" {
		var err error
		if long, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
		steps = 20
	}
	onEngines(t, func(t *testing.T, s backend.Store) {
		t.Run("A27 A28 B26 B27 random programs do what the model does", func(t *testing.T) {
			for began := time.Now(); ; {
				rapid.Check(t, func(rt *rapid.T) { layerRun(rt, s, steps) })
				if t.Failed() || time.Since(began) >= long {
					return
				}
			}
		})
	})
}

// layers are a database, the engine under it, and what the model has of both.
type layers struct {
	db        *entity.DB
	engine    backend.Store // that fails
	countdown int           // how many calls until one fails
	stores    []modelStore
}

func layerRun(rt *rapid.T, s backend.Store, steps int) {
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
	m := &layers{stores: []modelStore{modelUsers(), modelEvents()}}
	m.engine = faults.Inject(s, func(faults.Call) error {
		if m.countdown--; m.countdown == 0 {
			return errInjected
		}
		return nil
	})
	m.open(rt)
	for range rapid.IntRange(1, steps).Draw(rt, "steps") {
		if rapid.IntRange(0, 4).Draw(rt, "step") == 0 {
			m.release(rt)
		} else {
			m.transaction(rt)
		}
		m.compare(rt)
	}
}

func (m *layers) someStore(rt *rapid.T) modelStore {
	return m.stores[rapid.IntRange(0, len(m.stores)-1).Draw(rt, "store")]
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
// opened again; an index that can't be built is left out then.
func (m *layers) open(rt *rapid.T) {
	m.countdown = rapid.IntRange(-40, 40).Draw(rt, "countdown of Open")
	for {
		var defs []entity.Definition
		for _, store := range m.stores {
			defs = append(defs, store.define())
		}
		db, err := entity.Open(rt.Context(), m.engine, defs...)
		if err == nil {
			m.countdown, m.db = 0, db
			return
		}
		var e *entity.Error
		switch {
		case errors.Is(err, errInjected):
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
	for range rapid.IntRange(0, 3).Draw(rt, "changes") {
		m.someStore(rt).change(rt)
	}
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
			if spoilt, err = m.someStore(rt).do(rt, tx); spoilt || err != nil {
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
	case err == errMine && fails, errors.Is(err, errInjected), spoilt && errors.Is(err, backend.ErrUnique):
	default:
		rt.Fatalf("Update: %v", err)
	}
}

// compare compares the whole database with the model.
func (m *layers) compare(rt *rapid.T) {
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
