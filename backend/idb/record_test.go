package idb

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
)

// The golden record holds two commits, of which the second only drops a table.
func goldenRecord() (record, [][]mvcc.Op) {
	pending := "\xff\xff\xff\xff\xff\xff\xff\xff"
	ops := [][]mvcc.Op{
		{
			{Kind: mvcc.Put, Table: "todos", Pair: mvcc.Join([]byte("k1"), []byte("milk"))},
			{Kind: mvcc.Put, Table: "_index/1", Pair: mvcc.Join([]byte("mk1"), []byte{1})},
			{Kind: mvcc.Delete, Table: "todos", Pair: mvcc.Join([]byte("k0"), nil)},
			{
				Kind: mvcc.Put, Table: "log", Pair: mvcc.Join([]byte("a"+pending), []byte("v"+pending)),
				Stamps: []backend.Stamp{{InKey: true, Offset: 1}, {Offset: 1}},
			},
		},
		{{Kind: mvcc.Drop, Table: "_index/1"}},
	}
	r := record{db: sequence(0x10), context: sequence(0x40), serial: 5, commit: 8}
	for _, ops := range ops {
		r.commits = append(r.commits, encodeOps(ops))
	}
	return r, ops
}

func sameOps(a, b []mvcc.Op) bool {
	return slices.EqualFunc(a, b, func(a, b mvcc.Op) bool {
		return a.Kind == b.Kind && a.Table == b.Table && slices.Equal(a.Stamps, b.Stamps) &&
			bytes.Equal(a.Pair.Key(), b.Pair.Key()) && bytes.Equal(a.Pair.Value(), b.Pair.Value())
	})
}

// decodeCommits returns the operations of all commits of a record.
func decodeCommits(b []byte) (record, [][]mvcc.Op, error) {
	r, err := decodeRecord(b)
	var all [][]mvcc.Op
	for _, b := range r.commits {
		ops, opsErr := decodeOps(b)
		if opsErr != nil {
			return r, all, opsErr
		}
		all = append(all, ops)
	}
	return r, all, err
}

func TestRecordsKeepTheirCommits(t *testing.T) {
	want, wantOps := goldenRecord()
	got, ops, err := decodeCommits(want.encode())
	if err != nil {
		t.Fatalf("decodeRecord: %v", err)
	}
	if got.db != want.db || got.context != want.context || got.serial != want.serial || got.commit != want.commit {
		t.Errorf("decodeRecord = %+v, want the head of %+v", got, want)
	}
	if !slices.EqualFunc(ops, wantOps, sameOps) {
		t.Errorf("the record's operations are %+v, want %+v", ops, wantOps)
	}
}

// A commit may touch more tables than are looked through one by one.
func TestCommitsOfManyTables(t *testing.T) {
	var ops []mvcc.Op
	for i := range 3 * fewTables {
		for _, j := range []int{i, 0, i} {
			ops = append(ops, mvcc.Op{Kind: mvcc.Put, Table: strings.Repeat("t", 1+j), Pair: mvcc.Join([]byte{byte(1 + i)}, nil)})
		}
	}
	b := encodeOps(ops)
	if got, err := decodeOps(b); err != nil || !sameOps(got, ops) {
		t.Errorf("decodeOps = %+v, %v, want %+v", got, err, ops)
	}
	if want := byte(3 * fewTables); b[0] != want {
		t.Errorf("the commit lists %d tables, want %d", b[0], want)
	}
}

// Decoding must not copy what may be megabytes, also of a commit of many pairs.
func TestDecodingCopiesNoPairs(t *testing.T) {
	b := encodeOps([]mvcc.Op{{Kind: mvcc.Put, Table: "t", Pair: mvcc.Join([]byte("k"), make([]byte, 1<<20))}})
	ops, err := decodeOps(b)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-1] = 7
	if v := ops[0].Pair.Value(); v[len(v)-1] != 7 {
		t.Error("decodeOps has copied a value")
	}
}

func TestImpossibleRecordsAreCorrupt(t *testing.T) {
	commits := func(r record, ops ...[]mvcc.Op) []byte {
		for _, ops := range ops {
			r.commits = append(r.commits, encodeOps(ops))
		}
		return r.encode()
	}
	first := record{commit: 1, serial: 1}
	op := func(ops ...mvcc.Op) []byte { return commits(first, ops) }
	put := func(table, key, value string, stamps ...backend.Stamp) mvcc.Op {
		return mvcc.Op{Kind: mvcc.Put, Table: table, Pair: mvcc.Join([]byte(key), []byte(value)), Stamps: stamps}
	}
	body := headerSize + 2*16 + 2*8 // where the count of commits stands, then their length, then the count of tables
	for _, c := range []struct {
		name string
		b    []byte
	}{
		{"an empty key", op(put("t", "", "v"))},
		{"a key too long", op(put("t", strings.Repeat("k", backend.MaxKey+1), "v"))},
		{"a value too long", op(put("t", "k", strings.Repeat("v", backend.MaxValue+1)))},
		{"a table without a name", op(put("", "k", "v"))},
		{"a table whose name is no text", op(put("\xff", "k", "v"))},
		{"a stamp outside of its slice", op(put("t", "k", "short", backend.Stamp{}))},
		{"a stamp far outside", op(put("t", "k", "value of some length", backend.Stamp{Offset: 1 << 40}))},
		{"no commit", commits(first)},
		{"commit number 0", commits(record{serial: 1}, nil)},
		{"a commit number that no key can be", commits(record{commit: 1 << 53, serial: 1}, nil)},
		{"a second commit whose number no key can be", commits(record{commit: 1<<53 - 1, serial: 1}, nil, nil)},
		{"serial 0", commits(record{commit: 1}, nil)},
		{"a serial that no number can be", commits(record{commit: 1, serial: 1 << 53}, nil)},
		{"more commits than bytes", resealed(op(), func(b []byte) { b[body] = 0x7f })},
		{"a commit longer than the record", resealed(op(), func(b []byte) { b[body+1] = 0x7f })},
		{"bytes after the last commit", resealed(op(put("t", "k", "v")), func(b []byte) { b[body+1]-- })},
		{"more tables than bytes", resealed(op(), func(b []byte) { b[body+2] = 0x7f })},
		{"an unknown operation", resealed(op(put("t", "k", "v")), func(b []byte) { b[body+5] = 9 })},
		{"a table that isn't listed", resealed(op(put("t", "k", "v")), func(b []byte) { b[body+6] = 1 })},
	} {
		if _, _, err := decodeCommits(c.b); !errors.Is(err, backend.ErrCorrupt) {
			t.Errorf("a record with %s: %v, want ErrCorrupt", c.name, err)
		}
	}
}

func FuzzDecodeRecord(f *testing.F) {
	r, _ := goldenRecord()
	whole := r.encode()
	f.Add(whole[headerSize : len(whole)-sumSize])
	f.Fuzz(func(t *testing.T, b []byte) {
		r, all, err := decodeCommits(sealed(kindRecord, b))
		if err != nil {
			wantTyped(t, err)
			return
		}
		again := record{db: r.db, context: r.context, serial: r.serial, commit: r.commit}
		for _, ops := range all {
			again.commits = append(again.commits, encodeOps(ops))
		}
		if _, ops, err := decodeCommits(again.encode()); err != nil || !slices.EqualFunc(ops, all, sameOps) {
			t.Errorf("decoding what was encoded again = %+v, %v, want %+v", ops, err, all)
		}
		snap := new(mvcc.Snapshot)
		for i, ops := range all {
			if snap, err = snap.Apply(uint64(i+1), ops); err != nil {
				wantTyped(t, err)
				return
			}
		}
	})
}
