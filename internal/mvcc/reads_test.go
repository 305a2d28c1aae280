package mvcc_test

import (
	"errors"
	"fmt"
	"iter"
	"runtime"
	"testing"

	"pgregory.net/rapid"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
)

// What it means that there is no conflict: after the commits of others the
// closure reads and does the same.
func TestWithoutConflictAClosureDoesTheSame(t *testing.T) {
	conflicts, others := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		s := new(mvcc.Snapshot)
		for range rapid.IntRange(0, 3).Draw(t, "commits before") {
			tx := s.Write(t.Context())
			run(tx, script(t, 60, "put", "put", "put", "delete", "stamp"))
			s = committed(t, tx, s.Version()+1)
			if rapid.Bool().Draw(t, "fold") {
				s = fold(s, nil)
			}
		}
		steps := script(t, 12, append([]string{"version"}, any...)...)
		before := s.Write(t.Context())
		before.Record()
		read := run(before, steps)
		ops := describe(before.Ops())

		conflict := false
		for range rapid.IntRange(1, 2).Draw(t, "commits of others") {
			tx := s.Write(t.Context())
			tx.Record()
			run(tx, script(t, 4, writing...))
			foreign := clone(tx.Ops())
			s = committed(t, tx, s.Version()+1)
			if rapid.Bool().Draw(t, "stamps are filled in") {
				foreign = tx.Ops()
			}
			if tx.Changed() && before.Reads().Conflict(s.Version(), foreign) {
				conflict = true
			}
		}
		if conflict {
			conflicts++
			return
		}
		others++
		after := s.Write(t.Context())
		after.Record()
		if got := run(after, steps); got != read {
			t.Fatalf("without a conflict it reads\n%s, want\n%s", got, read)
		}
		if got := describe(after.Ops()); got != ops {
			t.Fatalf("without a conflict it does\n%s, want\n%s", got, ops)
		}
	})
	if conflicts == 0 || others == 0 {
		t.Errorf("%d scripts had conflicts and %d had none, want some of both", conflicts, others)
	}
}

// A conflict is no more than what was read: each case says what a transaction
// has done to the tables t, which has the keys from 00 to 98 that are even, and u,
// and which commits of others concern it.
func TestConflictsAreFine(t *testing.T) {
	s := commit(t, new(mvcc.Snapshot), func(tx *mvcc.WriteTx) {
		for i := 0; i < 100; i += 2 {
			put(t, tx, "t", fmt.Sprintf("%02d", i), "v")
		}
		put(t, tx, "u", "k", "v")
	})
	get := func(table, key string) step { return step{do: "get", table: table, key: key} }
	ranged := func(do, start, end string, limit, stop int, reverse bool) step {
		r := backend.Range{Start: []byte(start), Limit: limit, Reverse: reverse}
		if end != "" {
			r.End = []byte(end)
		}
		return step{do: do, table: "t", r: r, stop: stop}
	}
	write := func(do, table, key string) step { return step{do: do, table: table, key: key} }
	stamp := func(table, key string) step {
		return step{do: "stamp", table: table, key: key, value: "________", stamps: []backend.Stamp{{InKey: true}}}
	}
	const two = "\x00\x00\x00\x00\x00\x00\x00\x02" // the others' commit
	for _, c := range []struct {
		name string
		does []step
		yes  []step // each a commit of its own
		no   []step
	}{
		{
			name: "a key",
			does: []step{get("t", "10")},
			yes:  []step{write("put", "t", "10"), write("delete", "t", "10"), write("remove", "t", "10"), write("drop", "t", "")},
			no:   []step{write("put", "t", "1"), write("put", "t", "100"), write("delete", "t", "12"), write("put", "u", "10"), write("drop", "u", ""), write("put", "v", "10")},
		},
		{
			name: "a missing key",
			does: []step{get("t", "11")},
			yes:  []step{write("put", "t", "11"), write("drop", "t", "")},
			no:   []step{write("put", "t", "10"), write("put", "t", "12")},
		},
		{
			name: "a range",
			does: []step{ranged("scan", "10", "20", 0, 0, false)},
			yes:  []step{write("put", "t", "10"), write("put", "t", "19"), write("put", "t", "1000"), write("delete", "t", "14")},
			no:   []step{write("put", "t", "09"), write("put", "t", "20"), write("delete", "t", "08")},
		},
		{
			name: "a range that a loop left",
			does: []step{ranged("scan", "10", "", 0, 3, false)},
			yes:  []step{write("put", "t", "10"), write("put", "t", "11"), write("delete", "t", "14")},
			no:   []step{write("put", "t", "140"), write("put", "t", "15"), write("put", "t", "09")},
		},
		{
			name: "a range up to its limit, descending",
			does: []step{ranged("scan", "", "20", 3, 0, true)},
			yes:  []step{write("put", "t", "19"), write("put", "t", "140"), write("delete", "t", "14")},
			no:   []step{write("put", "t", "139"), write("delete", "t", "12"), write("put", "t", "20")},
		},
		{
			name: "a range that ended before its limit",
			does: []step{ranged("scan", "96", "", 3, 0, false)},
			yes:  []step{write("put", "t", "99"), write("put", "t", "96")},
			no:   []step{write("put", "t", "95")},
		},
		{
			name: "a long range that a loop left",
			does: []step{ranged("scan", "", "", 0, 40, false)},
			yes:  []step{write("put", "t", "78"), write("put", "t", "00")},
			no:   []step{write("put", "t", "79"), write("put", "t", "780")},
		},
		{
			name: "ranges that overlap, and one within another",
			does: []step{ranged("count", "30", "40", 0, 0, false), ranged("scan", "10", "32", 0, 0, true), ranged("scan", "12", "14", 0, 0, false), ranged("scan", "60", "50", 0, 0, false)},
			yes:  []step{write("put", "t", "10"), write("put", "t", "13"), write("put", "t", "20"), write("put", "t", "39")},
			no:   []step{write("put", "t", "40"), write("put", "t", "09"), write("put", "t", "55")},
		},
		{
			name: "a count",
			does: []step{ranged("count", "10", "20", 2, 0, false)},
			yes:  []step{write("put", "t", "11"), write("delete", "t", "18")},
			no:   []step{write("put", "t", "20")},
		},
		{
			name: "a missing table",
			does: []step{get("v", "10")},
			yes:  []step{write("put", "v", "77")},
			no:   []step{write("put", "t", "10"), write("put", "w", "10")},
		},
		{
			name: "the tables",
			does: []step{{do: "tables"}},
			yes:  []step{write("put", "v", "1"), write("drop", "u", "")},
			no:   []step{write("put", "u", "1"), write("delete", "t", "10")},
		},
		{
			name: "the version",
			does: []step{{do: "version"}},
			yes:  []step{write("put", "v", "1"), write("delete", "t", "10")},
		},
		{
			name: "a table that is dropped",
			does: []step{write("drop", "t", "")},
			yes:  []step{write("put", "t", "1"), write("drop", "t", "")},
			no:   []step{write("put", "u", "1")},
		},
		{
			name: "writes that don't look",
			does: []step{write("put", "t", "10"), write("put", "v", "1")},
			no:   []step{write("put", "t", "10"), write("drop", "t", ""), write("put", "v", "1"), write("put", "v", "2")},
		},
		{
			name: "a removed key",
			does: []step{write("remove", "t", "10")},
			yes:  []step{write("drop", "t", "")},
			no:   []step{write("put", "t", "10"), write("delete", "t", "10")},
		},
		{
			name: "a deleted key",
			does: []step{write("delete", "t", "10")},
			yes:  []step{write("put", "t", "10"), write("delete", "t", "10"), write("drop", "t", "")},
			no:   []step{write("put", "t", "12")},
		},
		{
			name: "what the transaction wrote itself",
			does: []step{write("put", "t", "10"), get("t", "10"), write("delete", "t", "10"), write("put", "t", "11"), get("t", "11")},
			no:   []step{write("put", "t", "10"), write("put", "t", "11")},
		},
		{
			name: "a key where a stamp leads",
			does: []step{get("t", two+"x"), get("u", pendingStamp)},
			yes:  []step{stamp("t", "________x"), stamp("u", "________")},
			no:   []step{stamp("t", "________y"), stamp("u", "________x"), stamp("t", "________")},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			check := func(others step, want bool) {
				tx := s.Write(t.Context())
				tx.Record()
				run(tx, c.does)
				foreign := s.Write(t.Context())
				foreign.Record()
				if run(foreign, []step{others}); !foreign.Changed() {
					t.Fatalf("%+v does nothing", others)
				}
				if got := tx.Reads().Conflict(2, foreign.Ops()); got != want {
					t.Errorf("Conflict with %s %s/%q = %v, want %v", others.do, others.table, others.key, got, want)
				}
			}
			for _, others := range c.yes {
				check(others, true)
			}
			for _, others := range c.no {
				check(others, false)
			}
		})
	}
}

// A loop counts as read also when it ends in other ways than by its end.
func TestLoopsThatEndBadlyCount(t *testing.T) {
	s := commit(t, new(mvcc.Snapshot), func(tx *mvcc.WriteTx) {
		for i := range 10 {
			put(t, tx, "t", fmt.Sprint(i), "v")
		}
	})
	for name, loop := range map[string]func(tx *mvcc.WriteTx){
		"a panic": func(tx *mvcc.WriteTx) {
			defer func() { recover() }()
			for range tx.Scan("t", backend.Range{}) {
				panic("recovered")
			}
		},
		"never": func(tx *mvcc.WriteTx) {
			next, _ := iter.Pull2(tx.Scan("t", backend.Range{}))
			next()
		},
	} {
		tx := s.Write(t.Context())
		tx.Record()
		loop(tx)
		if !tx.Reads().Conflict(2, []mvcc.Op{{Kind: mvcc.Put, Table: "t", Pair: mvcc.Join([]byte("0"), nil)}}) {
			t.Errorf("a loop that ends by %s has read nothing", name)
		}
	}
}

// However much a transaction reads, what is kept of it has a bound.
func TestReadsAreBounded(t *testing.T) {
	s := commit(t, new(mvcc.Snapshot), func(tx *mvcc.WriteTx) { put(t, tx, "t", "k", "v") })
	tx := s.Write(t.Context())
	tx.Record()
	far := []mvcc.Op{{Kind: mvcc.Put, Table: "t", Pair: mvcc.Join([]byte("z"), nil)}}
	read := func(n int) {
		for i := range n {
			if _, err := tx.Get("t", fmt.Appendf(nil, "%06d", i)); !errors.Is(err, backend.ErrNotFound) {
				t.Fatal(err)
			}
		}
	}
	if read(1000); tx.Reads().Conflict(2, far) {
		t.Error("after 1,000 reads a key that wasn't read is a conflict")
	}
	before := heap()
	if read(200_000); !tx.Reads().Conflict(2, far) {
		t.Error("after 200,000 reads not the whole table counts as read")
	}
	if grown := heap() - before; grown > 4<<20 {
		t.Errorf("200,000 reads keep %d bytes, want at most 4 MiB", grown)
	}
	runtime.KeepAlive(tx)
}
