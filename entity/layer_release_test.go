package entity_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/cbor"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

// A history is what a store's releases were, whatever its values are.
type history struct {
	last map[string]uint32 // the versions that indexes have had
	made map[string]int    // which of the pool they are

	steps    []entity.Step
	settled  bool              // no row is of an older version
	migrates bool              // steps since the last Open change rows
	was      map[string]uint32 // versions at the last Open: by index, the store's under ""
}

func newHistory() history { return history{last: map[string]uint32{}, made: map[string]int{}} }

// define makes the store anew, as another release of a program has it.
func (m *modelTable[K, V]) define() entity.Definition {
	var all []entity.IndexOf[K, V]
	for _, name := range slices.Sorted(maps.Keys(m.indexes)) {
		all = append(all, m.indexes[name].of())
	}
	m.store = entity.New[K](m.name, m.codec, all...).WithMigrations(m.version, m.steps...)
	if m.revisions {
		m.store = m.store.WithRevisions()
	}
	return m.store
}

// describe returns what the database says about the store.
func (m *modelTable[K, V]) describe() string {
	s := []string{fmt.Sprintf("%s:%d", m.name, m.version)}
	for _, name := range slices.Sorted(maps.Keys(m.indexes)) {
		s = append(s, m.indexes[name].describe())
	}
	return strings.Join(s, " ")
}

// change returns the store as the next release has it: with other values, with
// revisions, or an index comes, goes, or becomes another.
func (m *modelTable[K, V]) change(rt *rapid.T) modelStore {
	if m.settled && rapid.Bool().Draw(rt, "forget the steps") {
		m.steps = nil
	}
	m.settled = false
	switch rapid.SampledFrom([]string{"index", "index", "index", "values", "values", "keep", "revisions"}).Draw(rt, "change") {
	case "values":
		return m.next(rt, m)
	case "keep":
		m.steps = append(m.steps, entity.Keep(m.version))
		m.version++
		return m
	case "revisions":
		m.revisions = true
		m.version++
		return m
	}
	name := rapid.SampledFrom([]string{"i", "j", "k"}).Draw(rt, "index")
	if _, exists := m.indexes[name]; exists && rapid.Bool().Draw(rt, "drop") {
		delete(m.indexes, name)
		m.version++
		return m
	}
	m.last[name]++
	m.made[name] = rapid.IntRange(0, len(m.pool)-1).Draw(rt, "made as")
	m.indexes[name] = m.pool[m.made[name]](name, m.last[name])
	return m
}

// becoming returns what makes a store into one of another kind, whose pool has
// indexes for the same things in the same places.
func becoming[K keys.Key[K], V, W any](kind func() rowKind[K, W], fn func(*V) W) func(*rapid.T, *modelTable[K, V]) modelStore {
	return func(rt *rapid.T, m *modelTable[K, V]) modelStore {
		n := newTable(m.name, kind())
		n.codec = rapid.SampledFrom([]entity.Codec[W]{msgpack.Of[W](), cbor.Of[W]()}).Draw(rt, "codec")
		n.history, n.version = m.history, m.version+1
		n.revisions, n.revision, n.highest = m.revisions, m.revision, m.highest
		n.migrates = true
		n.steps = append(n.steps, entity.Migrate(m.version, m.codec, n.codec, func(old *V) (W, error) { return fn(old), nil }))
		for name, x := range m.indexes {
			n.indexes[name] = n.pool[m.made[name]](name, x.number())
		}
		for key, v := range m.rows {
			n.rows[key] = fn(&v)
		}
		return n
	}
}

// opened notes that the database was opened with the definition.
func (m *modelTable[K, V]) opened() {
	m.settled, m.migrates = true, false
	m.was = map[string]uint32{"": m.version}
	for name, x := range m.indexes {
		m.was[name] = x.number()
	}
}

func (m *modelTable[K, V]) setPartial(partial bool) { m.partial = partial }

// foreseen returns what Open has to do to a database that was opened with the
// definition before.
func (m *modelTable[K, V]) foreseen() (all []entity.Change) {
	add := func(kind entity.ChangeKind, index string, rows int) {
		all = append(all, entity.Change{Kind: kind, Store: m.name, Index: index, Rows: rows})
	}
	if m.was == nil {
		add(entity.NewStore, "", 0)
		return all
	}
	if m.version > m.was[""] {
		add(entity.NewVersion, "", 0)
	}
	if m.migrates && len(m.rows) > 0 {
		add(entity.MigrateRows, "", len(m.rows))
	}
	for name, x := range m.indexes {
		if len(m.rows) > 0 && (m.migrates || x.number() != m.was[name]) {
			add(entity.BuildIndex, name, len(m.rows))
		}
	}
	for name := range m.was {
		if name != "" && m.indexes[name] == nil {
			add(entity.DropIndex, name, 0)
		}
	}
	return all
}

// withdrawn takes an index out that could not be built, and reports whether
// there was a reason.
func (m *modelTable[K, V]) withdrawn(index string) bool {
	x := m.indexes[index]
	delete(m.indexes, index)
	return x != nil && m.doubled(x)
}

// buildable reports whether the rows can have all the indexes.
func (m *modelTable[K, V]) buildable() bool {
	for _, x := range m.indexes {
		if m.doubled(x) {
			return false
		}
	}
	return true
}

// doubled reports whether rows have the same key in a unique index.
func (m *modelTable[K, V]) doubled(x modelIndex[K, V]) bool {
	n, all := 0, map[string]bool{}
	for key, value := range m.rows {
		for _, k := range x.keys(key, value) {
			n++
			all[k] = true
		}
	}
	return x.isUnique() && len(all) < n
}

// attempt opens the database, and makes transactions while rows are migrated
// and indexes built behind it: one in each pause that it makes.
func (m *layers) attempt(rt *rapid.T, defs []entity.Definition) (*entity.DB, error) {
	reached, goOn := make(chan bool), make(chan bool)
	o := entity.OpenOptions{Background: rapid.Bool().Draw(rt, "background")}
	o.Progress = func(entity.Progress) {
		if m.pauses++; o.Background {
			reached <- true
			<-goOn
		}
	}
	db, err := entity.Open(entity.WithOpenOptions(rt.Context(), o), m.engine, defs...)
	if err != nil {
		return nil, err
	}
	ready := make(chan error, 1)
	ctx := rt.Context()
	go func() { ready <- db.Ready(ctx) }()
	for {
		select {
		case <-reached:
			m.beside(rt, db)
			goOn <- true
		case err := <-ready:
			return db, err
		}
	}
}

// beside makes a transaction in a database whose indexes aren't all built.
func (m *layers) beside(rt *rapid.T, db *entity.DB) {
	before, countdown := m.db, m.countdown
	for _, store := range m.stores {
		store.setPartial(true)
	}
	m.db = db
	m.transaction(rt)
	m.db, m.countdown = before, countdown
	for _, store := range m.stores {
		store.setPartial(false)
	}
}

// dryRun compares what DryRun foresees with what there is to do, if that is
// known, shows that it writes nothing, and reports whether there is nothing.
func (m *layers) dryRun(rt *rapid.T, defs []entity.Definition, known bool) (idle bool) {
	before := dumpOf(m.t, m.plain)
	changes, err := entity.DryRun(rt.Context(), m.plain, defs...)
	if after := dumpOf(m.t, m.plain); fmt.Sprint(after) != fmt.Sprint(before) {
		rt.Fatalf("DryRun has written: %v, was %v", after, before)
	}
	buildable := true
	var want []entity.Change
	for _, store := range m.stores {
		buildable = buildable && store.buildable()
		want = append(want, store.foreseen()...)
	}
	if (err == nil) != buildable || err != nil && refusedAs(err) != backend.ErrUnique {
		rt.Fatalf("DryRun = %v, rows can have all indexes is %v", err, buildable)
	}
	order := func(a, b entity.Change) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) }
	slices.SortFunc(changes, order)
	slices.SortFunc(want, order)
	if known && !slices.Equal(changes, want) {
		rt.Fatalf("DryRun foresees %v, want %v", changes, want)
	}
	return err == nil && len(changes) == 0
}
