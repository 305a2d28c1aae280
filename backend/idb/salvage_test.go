package idb

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
	"github.com/larderdb/larder/internal/pagetree"
)

// A wreck is a database in memory, to be damaged.
type wreck struct {
	*disk
	root, copy, janitor []byte
	log                 []logEntry
	want                map[string]string // all pairs, by table and key
}

// newWreck makes a database of three tables, three checkpoints and two log
// records.
func newWreck(t *testing.T) *wreck {
	w := &wreck{disk: newDisk(minCacheSize)}
	var j janitor
	for part := range 3 {
		w.update(t, func(tx *mvcc.WriteTx) {
			for i := range 3000 {
				if i%3 == part || part == 0 {
					put(t, tx, "many", fmt.Sprintf("%05d", i), fmt.Sprintf("%d of %d %0100d", part, i, i))
				}
				if part == 2 && i%100 == 0 {
					if _, err := tx.Delete("many", fmt.Appendf(nil, "%05d", i)); err != nil {
						t.Fatal(err)
					}
				}
			}
			put(t, tx, "big", fmt.Sprint(part), strings.Repeat("x", 20_000+part))
			put(t, tx, "few", "k", fmt.Sprint(part))
		})
		w.checkpoint(t)
		for _, id := range slices.Sorted(maps.Keys(w.pages)) {
			if b := w.pages[id]; b[0] == kindGarbage && ordinalOf(id) == w.ordinal {
				j.garbage = append(j.garbage, dated{uint64(id), 1})
			}
		}
	}
	w.root = w.base.raw
	w.copy = w.root
	j.last = w.ordinal
	w.janitor = j.encode()
	for i := range 2 {
		w.update(t, func(tx *mvcc.WriteTx) {
			put(t, tx, "few", "log", fmt.Sprint(i))
			put(t, tx, "many", fmt.Sprintf("%05d", 7+i), "from the log")
			put(t, tx, "new", fmt.Sprint(i), "")
			if _, err := tx.Delete("many", []byte("00010")); err != nil {
				t.Fatal(err)
			}
		})
		c := w.recent[i]
		r := record{db: w.base.root.db, context: c.context, serial: c.serial, commit: c.number, commits: [][]byte{c.ops}}
		w.log = append(w.log, logEntry{c.number, r.encode()})
	}
	w.want = map[string]string{}
	err := handOut(t.Context(), w.snap, func(table string, kv backend.KV) error {
		w.want[table+"/"+string(kv.Key)] = string(kv.Value)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func put(t *testing.T, tx *mvcc.WriteTx, table, key, value string) {
	t.Helper()
	if err := tx.Put(table, []byte(key), []byte(value)); err != nil {
		t.Fatal(err)
	}
}

// salvage returns all pairs that are found, and the damage.
func (w *wreck) salvage(t *testing.T) (found map[string]string, damage []*backend.Error) {
	t.Helper()
	s := &salvager{
		ids: slices.Sorted(maps.Keys(w.pages)), root: w.root, copy: w.copy, janitor: w.janitor,
		pages: func(_ context.Context, ids []pagetree.ID) ([][]byte, error) {
			pages, _ := w.fetch(ids)
			return pages, nil
		},
		log: func(_ context.Context, after uint64) iter.Seq2[logEntry, error] {
			return func(yield func(logEntry, error) bool) {
				for _, e := range w.log {
					if e.key > after && !yield(e, nil) {
						return
					}
				}
			}
		},
	}
	found = map[string]string{}
	last := ""
	err := s.salvage(t.Context(), func(table string, kv backend.KV) error {
		place := table + "/" + string(kv.Key)
		if place <= last {
			t.Errorf("%s comes after %s", place, last)
		}
		last = place
		found[place] = string(kv.Value)
		return nil
	})
	if err != nil {
		t.Fatalf("salvage: %v", err)
	}
	return found, s.damage.list
}

// pagesOf returns the pages of a table in the newest checkpoint: inner nodes,
// leaves and values.
func (w *wreck) pagesOf(t *testing.T, table string, kind byte) (ids []pagetree.ID) {
	t.Helper()
	for _, b := range w.base.tables {
		if b.Name != table {
			continue
		}
		err := b.Base.(*pagetree.Tree).Walk(t.Context(), func(id pagetree.ID, _ uint8) error {
			if w.pages[id][0] == kind {
				ids = append(ids, id)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return ids
}

func (w *wreck) harm(ids ...pagetree.ID) {
	for _, id := range ids {
		b := bytes.Clone(w.pages[id])
		b[len(b)/2] ^= 1
		w.pages[id] = b
	}
}

// Of a sound database Salvage hands out everything, and of one whose directory
// is damaged as well, whatever is damaged of it.
func TestSalvageNeedsNoDirectory(t *testing.T) {
	bad := func(b []byte) []byte { b = bytes.Clone(b); b[20] ^= 1; return b }
	heads := func(w *wreck) []pagetree.ID { return []pagetree.ID{w.base.root.head, w.base.root.head + 1} }
	for _, c := range []struct {
		name   string
		damage int
		harm   func(t *testing.T, w *wreck)
	}{
		{"nothing", 0, func(*testing.T, *wreck) {}},
		{"the root", 1, func(_ *testing.T, w *wreck) { w.root = bad(w.root) }},
		{"the root's copy", 1, func(_ *testing.T, w *wreck) { w.copy = nil }},
		{"both roots", 2, func(_ *testing.T, w *wreck) { w.root, w.copy = bad(w.root), bad(w.copy) }},
		{"no roots", 2, func(_ *testing.T, w *wreck) { w.root, w.copy = nil, nil }},
		{"a head", 1, func(_ *testing.T, w *wreck) { w.harm(heads(w)[0]) }},
		{"inner nodes", 1, func(t *testing.T, w *wreck) { w.harm(w.pagesOf(t, "many", 'N')...) }},
		{"inner nodes and both roots", 3, func(t *testing.T, w *wreck) {
			w.harm(w.pagesOf(t, "many", 'N')...)
			w.root, w.copy = nil, nil
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWreck(t)
			if n := len(w.pagesOf(t, "many", 'N')); n != 1 {
				t.Fatalf("the table has %d inner nodes, want 1", n)
			}
			c.harm(t, w)
			found, damage := w.salvage(t)
			if !maps.Equal(found, w.want) {
				t.Errorf("%d pairs were found, want the %d that there are", len(found), len(w.want))
			}
			if len(damage) != c.damage {
				t.Errorf("damage: %v, want %d", damage, c.damage)
			}
		})
	}
}

// Without any head, tables and all their leaves are found; what is only known
// from heads isn't: which leaves count is known from the lists of garbage.
func TestSalvageWithoutAnyHead(t *testing.T) {
	w := newWreck(t)
	for id, b := range w.pages {
		if b[0] == kindHead {
			w.harm(id)
		}
	}
	found, _ := w.salvage(t)
	if !maps.Equal(found, w.want) {
		t.Errorf("%d pairs were found, want the %d that there are", len(found), len(w.want))
	}
	w.janitor = nil // then some that were deleted come back
	found, _ = w.salvage(t)
	for place, want := range w.want {
		if found[place] != want {
			t.Errorf("%s is %q, want %q", place, found[place], want)
		}
	}
}

// What is lost with a leaf is its pairs alone; the damage names it, its table and
// its first key.
func TestSalvageOfALostLeaf(t *testing.T) {
	w := newWreck(t)
	leaves := w.pagesOf(t, "many", 'P')
	lost := leaves[1]
	_, pairs, err := pagetree.Salvage(lost, w.pages[lost])
	if err != nil {
		t.Fatal(err)
	}
	want, n, first := maps.Clone(w.want), 0, ""
	for p := range pairs {
		if first == "" {
			first = string(p.Key)
		}
		if v := want["many/"+string(p.Key)]; v == string(p.Value) {
			delete(want, "many/"+string(p.Key))
			n++
		}
	}
	value := w.pagesOf(t, "big", 'V')[0]
	delete(want, "big/0")
	w.harm(lost, value)
	found, damage := w.salvage(t)
	if n == 0 || !maps.Equal(found, want) {
		t.Errorf("%d pairs were found, want %d, all but %d", len(found), len(want), n+1)
	}
	if len(damage) != 2 || damage[1].Table != "many" || string(damage[1].Key) > first || len(damage[1].Key) == 0 || !strings.Contains(damage[1].Error(), fmt.Sprint(lost)) ||
		damage[0].Table != "big" || string(damage[0].Key) != "0" || !strings.Contains(damage[0].Error(), fmt.Sprint(value)) {
		t.Errorf("damage: %v, want that the value %d of 0 and leaf %d from %s on are lost", damage, value, lost, first)
	}
}

// A damaged log counts up to the damage.
func TestSalvageOfADamagedLog(t *testing.T) {
	w := newWreck(t)
	w.log[1].b = bytes.Clone(w.log[1].b)
	w.log[1].b[30] ^= 1
	found, damage := w.salvage(t)
	if got := found["few/log"]; got != "0" {
		t.Errorf("the log leads to %s, want its first record's 0", got)
	}
	if len(damage) != 1 || !strings.Contains(damage[0].Error(), "log record 5 checksum") {
		t.Errorf("damage: %v, want log record 5", damage)
	}
}
