package entity_test

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"pgregory.net/rapid"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

// A modelTable is a store of TestLayer's: what the model holds of it, and the
// definition that the database was opened with last.
type modelTable[K keys.Key[K], V any] struct {
	rowKind[K, V]
	name    string
	version uint32
	codec   entity.Codec[V]
	indexes map[string]modelIndex[K, V] // by name
	history                             // of releases
	store   *entity.Store[K, V]
	rows    rowsModel[K, V] // that are committed
	work    rowsModel[K, V] // that the running transaction sees
	partial bool            // indexes are being built, and can't be read

	// What revisions rows have, 0 where they were written without, and which is
	// the highest of them. A row that a transaction has written has MaxUint64
	// until the model has seen which it got.
	revisions          bool
	revision, workings map[K]uint64
	highest            uint64
}

// A rowKind says how to draw what a store of some types has.
type rowKind[K keys.Key[K], V any] struct {
	ids    *rapid.Generator[K]
	values *rapid.Generator[V]
	pool   []maker[K, V] // what its indexes may be
	number func(K, *V) int
	// next returns the store that a release has which makes other values of these.
	next func(rt *rapid.T, m *modelTable[K, V]) modelStore
}

func newTable[K keys.Key[K], V any](name string, kind rowKind[K, V]) *modelTable[K, V] {
	return &modelTable[K, V]{
		rowKind: kind, name: name, version: 1, codec: msgpack.Of[V](),
		indexes: map[string]modelIndex[K, V]{}, history: newHistory(),
		rows: rowsModel[K, V]{}, revision: map[K]uint64{},
	}
}

// begin begins a transaction.
func (m *modelTable[K, V]) begin() { m.work, m.workings = maps.Clone(m.rows), maps.Clone(m.revision) }

func (m *modelTable[K, V]) commit() { m.rows, m.revision = m.work, m.workings }

// set writes a row of the model.
func (m *modelTable[K, V]) set(key K, value V) {
	m.work[key], m.workings[key] = value, 0
	if m.revisions {
		m.workings[key] = math.MaxUint64
	}
}

// conflicts reports whether another row has one of the row's unique keys.
func (m *modelTable[K, V]) conflicts(key K, value V) bool {
	for _, x := range m.indexes {
		if !x.isUnique() {
			continue
		}
		mine := x.keys(key, value)
		for other, v := range m.work {
			if other != key && slices.ContainsFunc(x.keys(other, v), func(k string) bool { return slices.Contains(mine, k) }) {
				return true
			}
		}
	}
	return false
}

// put puts a row into the model, or returns the class that it is refused with.
func (m *modelTable[K, V]) put(key K, value V, insert bool) backend.Class {
	if _, exists := m.work[key]; exists && insert {
		return backend.ErrExists
	}
	if m.conflicts(key, value) {
		return backend.ErrUnique
	}
	m.set(key, value)
	return ""
}

// do does something at random in tx and in the model. The transaction is
// spoilt when a batch was refused after its first row.
func (m *modelTable[K, V]) do(rt *rapid.T, tx *entity.Tx) (spoilt bool, err error) {
	key, value := m.ids.Draw(rt, "key"), m.values.Draw(rt, "value")
	ops := []string{"put", "put", "insert", "delete", "update", "upsert", "take", "delete range", "swap", "get", "scan", "delete many"}
	if !m.partial {
		ops = append(ops, "put many", "get many", "index", "index", "query", "query")
	} else if m.conflicts(key, value) {
		return false, nil // whether it is refused depends on how far the index is built
	}
	switch op := rapid.SampledFrom(ops).Draw(rt, "op"); op {
	case "update", "upsert", "take", "delete range", "swap":
		return false, m.modify(rt, tx, op, key, value)
	case "query":
		return false, m.query(rt, tx)
	case "put", "insert":
		want := m.put(key, value, op == "insert")
		if op == "put" {
			err = m.store.Put(tx, key, value)
		} else {
			err = m.store.Insert(tx, key, value)
		}
		return false, m.expect(rt, op, err, want)
	case "put many":
		ids := rapid.SliceOfN(m.ids, 1, 4).Draw(rt, "keys")
		values := rapid.SliceOfN(m.values, len(ids), len(ids)).Draw(rt, "values")
		var want backend.Class
		n := 0
		for ; n < len(ids) && want == ""; n++ {
			want = m.put(ids[n], values[n], false)
		}
		err = m.store.PutMany(tx, func(yield func(K, V) bool) {
			for i, id := range ids {
				if !yield(id, values[i]) {
					return
				}
			}
		})
		return want != "" && n > 1, m.expect(rt, op, err, want)
	case "delete":
		_, exists := m.work[key]
		delete(m.work, key)
		existed, err := m.store.Delete(tx, key)
		if err == nil && existed != exists {
			rt.Fatalf("Delete(%v) = %v, want %v", key, existed, exists)
		}
		return false, err
	case "delete many":
		ids := rapid.SliceOfN(m.ids, 1, 4).Draw(rt, "keys")
		before := len(m.work)
		for _, id := range ids {
			delete(m.work, id)
		}
		n, err := m.store.DeleteMany(tx, slices.Values(ids))
		if err == nil && n != before-len(m.work) {
			rt.Fatalf("DeleteMany(%v) = %d, want %d", ids, n, before-len(m.work))
		}
		return false, err
	case "get":
		got, found, err := m.store.Get(tx, key)
		want, exists := m.work[key]
		if err != nil {
			return false, err
		}
		row, found2, err := m.store.GetRow(tx, key)
		if err == nil && (found2 != exists || exists && row.Revision != m.workings[key]) {
			rt.Fatalf("GetRow(%v) = %+v, %v, want revision %d", key, row, found2, m.workings[key])
		}
		if err == nil && (found != exists || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want)) {
			rt.Fatalf("Get(%v) = %+v, %v, want %+v, %v", key, got, found, want, exists)
		}
		return false, err
	case "get many":
		ids := rapid.SliceOfN(m.ids, 1, 4).Draw(rt, "keys")
		var want []K
		for _, id := range ids {
			if _, exists := m.work[id]; exists {
				want = append(want, id)
			}
		}
		got, err := collect(m.store.GetMany(tx, slices.Values(ids)))
		if err == nil && !slices.Equal(got, want) {
			rt.Fatalf("GetMany(%v) yields %v, want %v", ids, got, want)
		}
		return false, err
	case "scan":
		return false, m.scan(rt, tx, someRange(rt, []K{key, m.ids.Draw(rt, "another")}))
	default:
		if len(m.indexes) == 0 {
			return false, nil
		}
		name := rapid.SampledFrom(slices.Sorted(maps.Keys(m.indexes))).Draw(rt, "name")
		return false, m.indexes[name].look(rt, tx, m.work, key, value)
	}
}

// expect returns an error that no refusal explains.
func (m *modelTable[K, V]) expect(rt *rapid.T, op string, err error, want backend.Class) error {
	if err != nil && refusedAs(err) == "" {
		return err
	}
	if got := refusedAs(err); got != want {
		rt.Fatalf("%s in %s = %v, want class %q", op, m.name, err, want)
	}
	return nil
}

// scan compares a part of the store with the rows that tx sees.
func (m *modelTable[K, V]) scan(rt *rapid.T, tx *entity.Tx, r keys.Range[K]) error {
	all := make(map[string]K)
	for key := range m.work {
		all[enc(key)] = key
	}
	b := bounds(rt, r)
	want := selected(all, b)
	n, err := m.store.Count(tx, r)
	if err != nil {
		return err
	}
	if n != len(want) {
		rt.Fatalf("Count of %s = %d, want %d", m.name, n, len(want))
	}
	var rest []string
	if b.Limit > 0 {
		b.Limit = 0
		rest = selected(all, b)
	}
	return checkRows(rt, "scan of "+m.name, func(r keys.Range[K]) rowSeq[K, V] { return m.store.Scan(tx, r) }, r, m.work, want, rest)
}

// compare compares all of the store and its indexes.
func (m *modelTable[K, V]) compare(rt *rapid.T, tx *entity.Tx) error {
	m.begin()
	if err := m.scan(rt, tx, keys.All[K]()); err != nil {
		return err
	}
	for _, x := range m.indexes {
		if err := x.compare(rt, tx, m.work); err != nil {
			return err
		}
	}
	return nil
}

// reread compares the rows' revisions, and learns those of what the commit
// before has written: one number, which no row had.
func (m *modelTable[K, V]) reread(rt *rapid.T, tx *entity.Tx) error {
	fresh := uint64(0)
	for row, err := range m.store.Scan(tx, keys.All[K]()) {
		if err != nil {
			return err
		}
		want := m.revision[row.Key]
		if want == math.MaxUint64 {
			if row.Revision <= m.highest || fresh != 0 && row.Revision != fresh {
				rt.Fatalf("row %v of %s has revision %d, want one number above %d for all that the commit wrote", row.Key, m.name, row.Revision, m.highest)
			}
			fresh, want = row.Revision, row.Revision
			m.revision[row.Key] = want
		}
		if row.Revision != want {
			rt.Fatalf("row %v of %s has revision %d, want %d", row.Key, m.name, row.Revision, want)
		}
	}
	m.highest = max(m.highest, fresh)
	return nil
}
