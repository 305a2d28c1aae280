package entity_test

import (
	"errors"
	"fmt"
	"iter"
	"slices"

	"pgregory.net/rapid"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/keys"
)

// A modelIndex is an index of TestLayer's: the definition, and what the model
// knows about it.
type modelIndex[K keys.Key[K], V any] interface {
	of() entity.IndexOf[K, V]
	describe() string // name and version
	number() uint32   // the version

	// keys returns the encodings of the row's distinct keys, in order.
	keys(key K, value V) []string
	isUnique() bool

	// look reads a random part of the index by a random method, and compares it
	// with what the rows say. The bounds are keys of the given row, which needn't
	// be there.
	look(rt *rapid.T, tx *entity.Tx, rows map[K]V, key K, value V) error

	// pick returns a query of some ranges, whose bounds are keys of the given row.
	pick(rt *rapid.T, key K, value V) picked[K, V]

	// compare compares all of the index.
	compare(rt *rapid.T, tx *entity.Tx, rows map[K]V) error
}

// A maker makes an index of a name and a version.
type maker[K keys.Key[K], V any] func(name string, version uint32) modelIndex[K, V]

type keyFunc[I keys.Key[I], K keys.Key[K], V any] func(K, *V) []I

// indexed and uniquely return makers of indexes that have the function's keys.
func indexed[I keys.Key[I], K keys.Key[K], V any](all keyFunc[I, K, V]) maker[K, V] {
	return func(name string, version uint32) modelIndex[K, V] {
		x := entity.NewMultiIndex(name, all.seq).WithSchema(version, "")
		return &madeIndex[I, K, V]{index: x, def: x, all: all, name: name, version: version}
	}
}

func uniquely[I keys.Key[I], K keys.Key[K], V any](all keyFunc[I, K, V]) maker[K, V] {
	return func(name string, version uint32) modelIndex[K, V] {
		u := entity.NewMultiUnique(name, all.seq).WithSchema(version, "")
		return &madeIndex[I, K, V]{index: &u.Index, def: u, unique: u, all: all, name: name, version: version}
	}
}

func (f keyFunc[I, K, V]) seq(key K, v *V) iter.Seq[I] {
	all := f(key, v)
	if all == nil {
		return nil
	}
	return slices.Values(all)
}

type madeIndex[I keys.Key[I], K keys.Key[K], V any] struct {
	index   *entity.Index[I, K, V]
	def     entity.IndexOf[K, V]
	unique  *entity.Unique[I, K, V] // nil when it isn't
	all     keyFunc[I, K, V]
	name    string
	version uint32
}

func (x *madeIndex[I, K, V]) of() entity.IndexOf[K, V] { return x.def }
func (x *madeIndex[I, K, V]) number() uint32           { return x.version }
func (x *madeIndex[I, K, V]) isUnique() bool           { return x.unique != nil }
func (x *madeIndex[I, K, V]) describe() string         { return fmt.Sprintf("%s:%d", x.name, x.version) }

func (x *madeIndex[I, K, V]) keys(key K, value V) []string {
	var all []string
	for _, k := range x.all(key, &value) {
		all = append(all, enc(k))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// A modelEntry is an entry of an index.
type modelEntry struct{ index, primary string }

// entries returns the entries that the rows should have in r, in r's order.
func (x *madeIndex[I, K, V]) entries(rows map[K]V, r backend.Range) []modelEntry {
	byKey := make(map[string]modelEntry)
	for key, value := range rows {
		for _, k := range x.keys(key, value) {
			byKey[k+enc(key)] = modelEntry{k, enc(key)}
		}
	}
	var found []modelEntry
	for _, k := range selected(byKey, r) {
		found = append(found, byKey[k])
	}
	return found
}

func (x *madeIndex[I, K, V]) look(rt *rapid.T, tx *entity.Tx, rows map[K]V, key K, value V) error {
	some := x.all(key, &value)
	r := someRange(rt, some)
	b := bounds(rt, r)
	want := x.entries(rows, b)
	switch op := rapid.SampledFrom([]string{"scan", "keys", "count", "get"}).Draw(rt, "of index"); {
	case op == "scan":
		var rest []modelEntry
		if b.Limit > 0 {
			b.Limit = 0
			rest = x.entries(rows, b)
		}
		return checkRows(rt, "scan of "+x.name, func(r keys.Range[I]) rowSeq[K, V] { return x.index.Scan(tx, r) }, r, rows, primaries(want), primaries(rest))
	case op == "keys":
		return x.checkKeys(rt, tx, r, want)
	case op == "get" && x.unique != nil && len(some) > 0:
		row, found, err := x.unique.Get(tx, some[0])
		if err != nil {
			return err
		}
		want := x.entries(rows, bounds(rt, keys.Eq(some[0])))
		if found != (len(want) == 1) || found && enc(row.Key) != want[0].primary {
			rt.Fatalf("Get(%v) of %s = %v, %v, want %v", some[0], x.name, row, found, want)
		}
	default:
		n, err := x.index.Count(tx, r)
		if err == nil && n != len(want) {
			rt.Fatalf("Count of %s = %d, want %d", x.name, n, len(want))
		}
		return err
	}
	return nil
}

func (x *madeIndex[I, K, V]) pick(rt *rapid.T, key K, value V) picked[K, V] {
	ranges, in, text := someRangesOf(rt, x.all(key, &value))
	return picked[K, V]{
		query: x.index.Query(ranges...),
		text:  x.name + text,
		in:    in,
		keys: func(key K, value V) (all []plainKey) {
			for _, k := range x.keys(key, value) {
				all = append(all, plainKey{s: k})
			}
			return all
		},
	}
}

func (x *madeIndex[I, K, V]) compare(rt *rapid.T, tx *entity.Tx, rows map[K]V) error {
	return x.checkKeys(rt, tx, keys.All[I](), x.entries(rows, backend.Range{}))
}

func (x *madeIndex[I, K, V]) checkKeys(rt *rapid.T, tx *entity.Tx, r keys.Range[I], want []modelEntry) error {
	var got []modelEntry
	for e, err := range x.index.Keys(tx, r) {
		if err != nil {
			return err
		}
		got = append(got, modelEntry{enc(e.IndexKey), enc(e.Key)})
	}
	if !slices.Equal(got, want) {
		rt.Fatalf("the entries of %s are %q, want %q", x.name, got, want)
	}
	return nil
}

func primaries(entries []modelEntry) []string {
	var all []string
	for _, e := range entries {
		all = append(all, e.primary)
	}
	return all
}

// enc returns the encoding of a key that has one.
func enc(k keys.Part) string {
	b, err := k.AppendKey(nil)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// selected returns the keys of m that lie in r, in r's order.
func selected[T any](m map[string]T, r backend.Range) []string {
	var found []string
	for k := range m {
		if k >= string(r.Start) && (r.End == nil || k < string(r.End)) {
			found = append(found, k)
		}
	}
	slices.Sort(found)
	if r.Reverse {
		slices.Reverse(found)
	}
	if r.Limit > 0 && len(found) > r.Limit {
		found = found[:r.Limit]
	}
	return found
}

// someRange returns a range, whose bounds are among some.
func someRange[K keys.Key[K]](rt *rapid.T, some []K) keys.Range[K] {
	r := someBounds(rt, some)
	if rapid.Bool().Draw(rt, "reverse") {
		r = r.Reverse()
	}
	return r.Limit(rapid.SampledFrom([]int{0, 0, 1, 2, 3}).Draw(rt, "limit"))
}

// someRangesOf returns ranges for a query, and what lies in them by its encoding.
func someRangesOf[K keys.Key[K]](rt *rapid.T, some []K) (all []keys.Range[K], in func(plainKey) bool, text string) {
	var parts []backend.Range
	for range rapid.IntRange(0, 3).Draw(rt, "ranges") {
		r := someBounds(rt, some)
		all, parts = append(all, r), append(parts, bounds(rt, r))
		text += fmt.Sprintf("%q to %q ", parts[len(parts)-1].Start, parts[len(parts)-1].End)
	}
	return all, func(k plainKey) bool {
		return len(parts) == 0 || slices.ContainsFunc(parts, func(r backend.Range) bool {
			return k.s >= string(r.Start) && (r.End == nil || k.s < string(r.End))
		})
	}, "(" + text + ")"
}

func someBounds[K keys.Key[K]](rt *rapid.T, some []K) keys.Range[K] {
	r := keys.All[K]()
	if len(some) > 0 {
		k := rapid.SampledFrom(some).Draw(rt, "bound")
		switch rapid.IntRange(0, 6).Draw(rt, "range") {
		case 1:
			r = keys.Eq(k)
		case 2:
			r = keys.From(k)
		case 3:
			r = keys.After(k)
		case 4:
			r = keys.Before(k)
		case 5:
			r = keys.UpTo(k)
		case 6:
			r = keys.Between(k, rapid.SampledFrom(some).Draw(rt, "end"))
		}
	}
	return r
}

func bounds[K keys.Key[K]](rt *rapid.T, r keys.Range[K]) backend.Range {
	b, err := r.Bounds()
	if err != nil {
		rt.Fatalf("Bounds: %v", err)
	}
	return b
}

type rowSeq[K keys.Key[K], V any] = iter.Seq2[*entity.Row[K, V], error]

// checkRows compares a scan of r with the primary keys that are wanted. When r
// has a limit, it goes on from the last row to the end of all.
func checkRows[R keys.Key[R], K keys.Key[K], V any](rt *rapid.T, what string, scan func(keys.Range[R]) rowSeq[K, V], r keys.Range[R], rows map[K]V, want, all []string) error {
	var got []string
	token := ""
	read := func(r keys.Range[R]) error {
		for row, err := range scan(r) {
			if err != nil {
				return err
			}
			got = append(got, enc(row.Key))
			if show, want := fmt.Sprintf("%+v", row.Value), fmt.Sprintf("%+v", rows[row.Key]); show != want {
				rt.Fatalf("%s: the row %v is %s, want %s", what, row.Key, show, want)
			}
			if token, err = row.Token(); err != nil {
				return err
			}
		}
		return nil
	}
	if err := read(r); err != nil {
		return err
	}
	if !slices.Equal(got, want) {
		rt.Fatalf("%s yields %q, want %q", what, got, want)
	}
	if token == "" || len(all) == 0 {
		return nil
	}
	if err := read(r.Limit(0).Resume(token)); err != nil {
		return err
	}
	if !slices.Equal(got, all) {
		rt.Fatalf("%s, gone on with, yields %q, want %q", what, got, all)
	}
	return nil
}

// refusedAs returns the class of err among those that a row may be refused with.
func refusedAs(err error) backend.Class {
	for _, class := range []backend.Class{backend.ErrUnique, backend.ErrExists, backend.ErrNotFound, backend.ErrStale, backend.ErrInvalid} {
		if errors.Is(err, class) {
			return class
		}
	}
	return ""
}
