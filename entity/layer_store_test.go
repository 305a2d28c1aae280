package entity_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

// A modelTable is a store of TestLayer's: what the model holds of it, and the
// definition that the database was opened with last.
type modelTable[K keys.Key[K], V any] struct {
	name    string
	ids     *rapid.Generator[K]
	values  *rapid.Generator[V]
	pool    []maker[K, V] // what its indexes may be
	version uint32
	indexes map[string]modelIndex[K, V] // by name
	last    map[string]uint32           // the versions that indexes have had
	store   *entity.Store[K, V]
	rows    map[K]V // that are committed
	work    map[K]V // that the running transaction sees
}

func newTable[K keys.Key[K], V any](name string, ids *rapid.Generator[K], values *rapid.Generator[V], pool ...maker[K, V]) *modelTable[K, V] {
	return &modelTable[K, V]{
		name: name, ids: ids, values: values, pool: pool, version: 1,
		indexes: map[string]modelIndex[K, V]{}, last: map[string]uint32{}, rows: map[K]V{},
	}
}

// define makes the store anew, as another release of a program has it.
func (m *modelTable[K, V]) define() entity.Definition {
	var all []entity.IndexOf[K, V]
	for _, name := range slices.Sorted(maps.Keys(m.indexes)) {
		all = append(all, m.indexes[name].of())
	}
	m.store = entity.New[K](m.name, msgpack.Of[V](), all...).WithSchema(m.version, "")
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

// change changes the definition: an index comes, goes, or becomes another.
func (m *modelTable[K, V]) change(rt *rapid.T) {
	name := rapid.SampledFrom([]string{"i", "j", "k"}).Draw(rt, "index")
	if _, exists := m.indexes[name]; exists && rapid.Bool().Draw(rt, "drop") {
		delete(m.indexes, name)
		m.version++
		return
	}
	m.last[name]++
	m.indexes[name] = m.pool[rapid.IntRange(0, len(m.pool)-1).Draw(rt, "made as")](name, m.last[name])
}

// withdrawn takes an index out that could not be built, and reports whether
// there was a reason.
func (m *modelTable[K, V]) withdrawn(index string) bool {
	x := m.indexes[index]
	if x == nil || !x.isUnique() {
		return false
	}
	delete(m.indexes, index)
	n, all := 0, map[string]bool{}
	for key, value := range m.rows {
		for _, k := range x.keys(key, value) {
			n++
			all[k] = true
		}
	}
	return len(all) < n
}

func (m *modelTable[K, V]) begin() { m.work = maps.Clone(m.rows) }

func (m *modelTable[K, V]) commit() { m.rows = m.work }

// put puts a row into the model, or returns the class that it is refused with.
func (m *modelTable[K, V]) put(key K, value V, insert bool) backend.Class {
	if _, exists := m.work[key]; exists && insert {
		return backend.ErrExists
	}
	for _, x := range m.indexes {
		if !x.isUnique() {
			continue
		}
		mine := x.keys(key, value)
		for other, v := range m.work {
			if other != key && slices.ContainsFunc(x.keys(other, v), func(k string) bool { return slices.Contains(mine, k) }) {
				return backend.ErrUnique
			}
		}
	}
	m.work[key] = value
	return ""
}

// do does something at random in tx and in the model. The transaction is
// spoilt when a batch was refused after its first row.
func (m *modelTable[K, V]) do(rt *rapid.T, tx *entity.Tx) (spoilt bool, err error) {
	key, value := m.ids.Draw(rt, "key"), m.values.Draw(rt, "value")
	switch op := rapid.SampledFrom([]string{"put", "put", "insert", "delete", "put many", "delete many", "get", "get many", "scan", "index", "index"}).Draw(rt, "op"); op {
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
