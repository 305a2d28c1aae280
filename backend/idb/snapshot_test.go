package idb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
)

// dump returns what a snapshot holds, in words.
func dump(t interface{ Fatalf(string, ...any) }, s *mvcc.Snapshot) string {
	tx := s.Read(context.Background())
	defer tx.End()
	b := strconv.AppendUint(nil, s.Version(), 10)
	names, err := tx.Tables()
	if err != nil {
		t.Fatalf("Tables: %v", err)
	}
	for _, table := range names {
		b = append(b, " "+table+"{"...)
		for kv, err := range tx.Scan(table, backend.Range{}) {
			if err != nil {
				t.Fatalf("Scan: %v", err)
			}
			if len(kv.Value) > 40 {
				b = fmt.Appendf(b, " %q=%d bytes %x", kv.Key, len(kv.Value), bytes.TrimRight(kv.Value[:40], "\x00"))
			} else {
				b = fmt.Appendf(b, " %q=%q", kv.Key, kv.Value)
			}
		}
		b = append(b, "}"...)
	}
	return string(b)
}

// write does a few random writes.
func write(t *rapid.T, tx *mvcc.WriteTx) {
	table := rapid.SampledFrom([]string{"a", "b", "ü"})
	key := rapid.SliceOfN(rapid.ByteRange(0, 3), 1, 3)
	for range rapid.IntRange(0, 12).Draw(t, "writes") {
		var err error
		switch table, key := table.Draw(t, "table"), key.Draw(t, "key"); rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0:
			err = tx.DropTable(table)
		case 1, 2:
			_, err = tx.Delete(table, key)
		case 3:
			err = tx.Put(table, append(key, "12345678"...), make([]byte, 9), backend.Stamp{InKey: true, Offset: len(key)}, backend.Stamp{Offset: 1})
		case 4: // what the stamped put above wrote, while it is pending
			_, err = tx.Delete(table, append(key, "\xff\xff\xff\xff\xff\xff\xff\xff"...))
		case 5:
			err = tx.Put(table, key, make([]byte, rapid.IntRange(16<<10-1, 16<<10+2).Draw(t, "size")))
		default:
			err = tx.Put(table, key, rapid.SliceOfN(rapid.Byte(), 0, 4).Draw(t, "value"))
		}
		if err != nil && !errors.Is(err, backend.ErrTableNotFound) {
			t.Fatalf("write: %v", err)
		}
	}
}

// A record, applied to the snapshot that its commit began with, gives what the
// commit gave, whatever of it lies in pages; a checkpoint and reading it anew
// change nothing; and no page is lost or kept without need.
func TestRecordsAndCheckpointsKeepEverything(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := newDisk(rapid.IntRange(0, 200_000).Draw(rt, "budget"))
		there := d.state
		plain := new(mvcc.Snapshot) // all in memory
		kept := map[*state]string{}
		var garbage []uint64
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			kept[d.state] = dump(rt, d.snap)
			if rapid.IntRange(0, 2).Draw(rt, "checkpoint") == 0 {
				before := dump(rt, d.snap)
				garbage = append(garbage, d.checkpoint(rt)...)
				if got := dump(rt, d.snap); got != before {
					rt.Fatalf("the checkpoint made %s of %s", got, before)
				}
				if got, want := d.log, uint64(0); got != want || len(d.recent) != 0 {
					rt.Fatalf("after a checkpoint the log has %d bytes and %d commits, want none", got, len(d.recent))
				}
				// Others find the root moved.
				moved, err := there.onto(d.base, noRest)
				if err != nil {
					rt.Fatalf("onto: %v", err)
				}
				there = moved
				continue
			}
			before := len(d.recent)
			d.update(rt, func(tx *mvcc.WriteTx) { write(rt, tx) })
			for _, c := range d.recent[before:] {
				raw := (&record{db: d.base.root.db, context: c.context, serial: c.serial, commit: c.number, commits: [][]byte{c.ops}}).encode()
				var err error
				if there, err = there.withRecord(c.number, raw); err != nil {
					rt.Fatalf("withRecord: %v", err)
				}
				ops, err := decodeOps(bytes.Clone(c.ops))
				if err == nil {
					plain, err = plain.Apply(c.number, ops)
				}
				if err != nil {
					rt.Fatalf("Apply: %v", err)
				}
			}
			want := dump(rt, plain)
			for what, s := range map[string]*mvcc.Snapshot{"commit": d.snap, "record": there.snap} {
				if got := dump(rt, s); got != want {
					rt.Fatalf("the %s leads to %s, want %s", what, got, want)
				}
			}
		}
		garbage = append(garbage, d.checkpoint(rt)...)
		if got, want := d.base.serial(sequence(0x40)), d.snap.Version(); got != want {
			rt.Fatalf("the checkpoint knows commit %d of the context, want %d", got, want)
		}
		for st, want := range kept {
			if got := dump(rt, st.snap); got != want {
				rt.Fatalf("an old snapshot became %s, was %s", got, want)
			}
		}
		var all []uint64
		for id, b := range d.pages {
			if b[0] != kindGarbage {
				all = append(all, uint64(id))
			}
		}
		known := append(d.live(t), garbage...)
		slices.Sort(all)
		slices.Sort(known)
		if !slices.Equal(all, known) {
			rt.Fatalf("there are the pages %v, want those that are reachable or garbage, %v", all, known)
		}
	})
}

func TestCheckpointOfManyPages(t *testing.T) {
	d := newDisk(minCacheSize)
	for part := range 4 {
		d.update(t, func(tx *mvcc.WriteTx) {
			for i := range 5000 {
				value := make([]byte, i%300)
				if i%997 == 0 {
					value = make([]byte, 17<<10+i)
				}
				if err := tx.Put("table "+strconv.Itoa(i%3), fmt.Appendf(nil, "key %d", i*(part+3)%15_000), value); err != nil {
					t.Fatal(err)
				}
			}
			for i := range 500 { // tables without pairs take room too
				name := fmt.Sprintf("empty %d-%d%s", part, i, strings.Repeat("x", 100))
				if err := tx.Put(name, []byte("k"), nil); err != nil {
					t.Fatal(err)
				}
				if _, err := tx.Delete(name, []byte("k")); err != nil {
					t.Fatal(err)
				}
			}
		})
		want := dump(t, d.snap)
		d.checkpoint(t)
		if got := dump(t, d.snap); got != want {
			t.Fatalf("checkpoint %d holds something else than the snapshot", part+1)
		}
		raw := d.pages[d.base.root.head]
		h, err := decodeHead(d.base.root.head, raw)
		if err != nil || !reflect.DeepEqual(h.tables, d.base.head.tables) {
			t.Fatalf("the head has %d tables, %v, want %d", len(h.tables), err, len(d.base.head.tables))
		}
	}
	if got := d.cache.bytes(); got > minCacheSize {
		t.Errorf("%d bytes of pages are in memory, want at most %d", got, minCacheSize)
	}
	// What didn't change is not written again.
	before := len(d.written)
	d.update(t, func(tx *mvcc.WriteTx) { _ = tx.Put("table 1", []byte("key 1"), []byte("new")) })
	d.checkpoint(t)
	if n := len(d.written) - before; n > 6 {
		t.Errorf("a checkpoint of one change wrote %d pages, want a leaf, its way to the root, the head twice and the garbage", n)
	}
}

// A checkpoint is given back when its context is done, also between the pages.
func TestCheckpointStopsAtErrors(t *testing.T) {
	d := newDisk(minCacheSize)
	d.update(t, func(tx *mvcc.WriteTx) {
		for i := range 5000 {
			if err := tx.Put("t", fmt.Appendf(nil, "key %04d", i), make([]byte, 1000)); err != nil {
				t.Fatal(err)
			}
		}
	})
	stop := errors.New("stop")
	failing := func(context.Context, []written) error { return stop }
	w := &pageWriter{ordinal: 1, rest: noRest, store: failing}
	if _, err := fold(t.Context(), d.state, w, noRest); err != stop {
		t.Errorf("when pages can't be stored: %v, want the error", err)
	}
	w = &pageWriter{ordinal: 1, rest: noRest, store: d.store}
	if _, err := fold(t.Context(), d.state, w, func() error { return stop }); err != stop {
		t.Errorf("when the turn can't be given back: %v, want the error", err)
	}
	w = &pageWriter{ordinal: 1, rest: func() error { return stop }, store: d.store}
	if _, err := fold(t.Context(), d.state, w, noRest); err != stop {
		t.Errorf("when the turn can't be given back after a page: %v, want the error", err)
	}
	if _, err := d.onto(d.base, func() error { return stop }); err != stop {
		t.Errorf("when the turn can't be given back between commits: %v, want the error", err)
	}
	w = &pageWriter{ordinal: 1, rest: noRest, store: d.store, count: 1<<pageBits - 1}
	if _, err := fold(t.Context(), d.state, w, noRest); !errors.Is(err, backend.ErrTooLarge) {
		t.Errorf("a checkpoint of more than 2^24 pages: %v, want ErrTooLarge", err)
	}
}

// What a state says to records and roots that don't fit it names the place.
func TestStateRefuses(t *testing.T) {
	db := sequence(1)
	put := func(db id, number uint64, ops ...mvcc.Op) []byte {
		return (&record{db: db, serial: 1, commit: number, commits: [][]byte{encodeOps(ops)}}).encode()
	}
	st := newDisk(0).state
	st, err := st.withRecord(1, put(db, 1, mvcc.Op{Kind: mvcc.Put, Table: "t", Pair: mvcc.Join([]byte("k"), nil)}))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := st.withRecord(1, nil); err != nil || again != st {
		t.Errorf("a record that the state has: %v, %v, want the same state", again, err)
	}
	drop := mvcc.Op{Kind: mvcc.Drop, Table: "missing"}
	for _, c := range []struct {
		number uint64
		b      []byte
		want   string
	}{
		{3, put(db, 3), "corrupt data: log record 2 is missing"},
		{2, put(db, 3), "corrupt data: log record 2 belongs to another place"},
		{2, put(sequence(2), 2), "corrupt data: log record 2 belongs to another database"},
		{2, []byte("garbage"), "corrupt data: log record 2 checksum doesn't match"},
		{2, nil, "corrupt data: log record 2 is shorter than a header"},
		{2, put(db, 2, drop), "apply missing: corrupt data: log record 2 drops a table that doesn't exist"},
	} {
		_, err := st.withRecord(c.number, c.b)
		if !errors.Is(err, backend.ErrCorrupt) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("withRecord(%d) = %v, want %s", c.number, err, c.want)
		}
	}
	r := root{db: db, ordinal: 1, commit: 2, head: firstPage(1)}
	if _, err := st.onto(newBase(r, r.encode(), head{}, nil), noRest); err != errBehind {
		t.Errorf("a checkpoint ahead: %v, want errBehind", err)
	}
	r.commit = 1
	next, err := st.onto(newBase(r, r.encode(), head{}, nil), noRest)
	if err != nil || next.base.root != r || next.snap.Version() != 1 || len(next.recent) != 0 {
		t.Errorf("a checkpoint of what the state has: %+v, %v, want the checkpoint alone", next, err)
	}
}
