package entity

import (
	"context"
	"errors"

	"github.com/larderdb/larder/backend"
)

// A ChangeKind is one kind of what [Open] does to a database.
type ChangeKind string

// What Open does to a database.
const (
	NewStore    ChangeKind = "new store"    // a store is registered
	NewVersion  ChangeKind = "new version"  // a store's version is raised, which ends what older code can do
	NewFields   ChangeKind = "new fields"   // a store's values have fields that they hadn't, which does the same
	MigrateRows ChangeKind = "migrate rows" // rows of older versions are written anew
	BuildIndex  ChangeKind = "build index"  // all rows are read, and get their entries
	DropIndex   ChangeKind = "drop index"
)

// A Change is one thing that [Open] would do to a database.
type Change struct {
	Kind  ChangeKind
	Store string
	Index string // of BuildIndex and DropIndex
	Rows  int    // how many rows there are to read, for MigrateRows and BuildIndex
}

// DryRun returns what [Open] would do to s, in the order in which it would, and
// writes nothing. Rows that are to be migrated or indexed are read, migrated
// and their index keys made: those that can't be are returned as an error, the first 100
// joined, each an [Error] that names store, index and key, beside the changes. The keys of a
// unique index that is to be built are held in memory meanwhile.
//
// A database that Open would refuse is that error, without changes.
func DryRun(ctx context.Context, s backend.Store, defs ...Definition) ([]Change, error) {
	if err := checkDefinitions(defs); err != nil {
		return nil, err
	}
	db := &DB{backend: s, defs: defs}
	var changes []Change
	var found []error
	err := s.View(ctx, func(ctx context.Context, r backend.ReadTx) error {
		c, err := db.merged(r)
		if err != nil {
			return err
		}
		changes, found = c.todo, nil // the closure may run again
		b := newBinding(c, defs)
		for _, d := range defs {
			t := trial{r: r, store: b.stores[d.schema()], held: make(map[int]map[string]string)}
			rows, err := t.run()
			if err != nil {
				return err
			}
			found = append(found, t.findings...)
			for i := range changes {
				if ch := &changes[i]; ch.Store == t.store.def.name && (ch.Kind == MigrateRows || ch.Kind == BuildIndex) {
					ch.Rows = rows
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return changes, errors.Join(found[:min(len(found), maxFindings)]...)
}

// A trial does to the rows of one store what Open would, without writing.
type trial struct {
	r        backend.ReadTx
	store    *boundStore
	list     keyList
	held     map[int]map[string]string // by unique index: which row has a key
	findings []error
}

// run returns how many rows the store has when there is something to do to them.
func (t *trial) run() (rows int, err error) {
	s := t.store
	idle := !s.migrating
	for i := range s.indexes {
		idle = idle && !s.indexes[i].building
		if s.indexes[i].building && s.indexes[i].def.unique {
			t.held[i] = make(map[string]string)
		}
	}
	if idle {
		return 0, nil
	}
	rows, err = backend.Count(t.r, s.def.name, backend.Range{})
	if err != nil {
		return 0, ignoreNotFound(err)
	}
	for kv, err := range t.r.Scan(s.def.name, backend.Range{}) {
		if err != nil {
			return 0, err
		}
		if _, err := s.definition.upgradeRow(kv.Value); err != nil {
			t.found("migrate", "", kv.Key, err)
			continue
		}
		for i := range s.indexes {
			if s.indexes[i].building {
				t.index(i, kv)
			}
		}
		if len(t.findings) >= maxFindings {
			break
		}
	}
	return rows, nil
}

// index makes the row's keys in index i.
func (t *trial) index(i int, row backend.KV) {
	name := t.store.indexes[i].def.name
	if err := t.store.definition.indexRow(i, row.Key, row.Value, &t.list); err != nil {
		t.found("build", name, row.Key, err)
		return
	}
	held := t.held[i]
	if held == nil {
		return
	}
	for _, key := range t.list.sorted() {
		if other, taken := held[string(key)]; taken {
			t.found("build", name, row.Key, errHeld([]byte(other), key))
			continue
		}
		held[string(key)] = string(row.Key)
	}
}

func (t *trial) found(op, index string, key []byte, err error) {
	t.findings = append(t.findings, rowError(op, t.store.def.name, index, key, err))
}
