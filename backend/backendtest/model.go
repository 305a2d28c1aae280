package backendtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/larderdb/larder/backend"
)

var modelCases = []testCase{
	{name: "A10 D13 D17 model", run: modelTest,
		rule: "any sequence of transactions, commits, rollbacks, scans that write, and reopenings agrees with a plain sorted map"},
}

// A model is what a store should hold: tables of keys and values.
type model map[string]map[string]string

func (m model) clone() model {
	c := model{}
	for name, table := range m {
		c[name] = maps.Clone(table)
	}
	return c
}

// pairs are those of one table that r selects, in r's order.
func (m model) pairs(table string, r backend.Range) (out []backend.KV) {
	for _, key := range slices.Sorted(maps.Keys(m[table])) {
		if key >= string(r.Start) && (r.End == nil || key < string(r.End)) {
			out = append(out, backend.KV{Key: []byte(key), Value: []byte(m[table][key])})
		}
	}
	if r.Reverse {
		slices.Reverse(out)
	}
	if r.Limit > 0 && len(out) > r.Limit {
		out = out[:r.Limit]
	}
	return out
}

// state is what [state] says of a store that holds m.
func (m model) state() string {
	if len(m) == 0 {
		return "no table"
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, name+"{"+m.show(name, backend.Range{})+"}")
	}
	return strings.Join(parts, " ")
}

func (m model) show(table string, r backend.Range) string {
	if m[table] == nil {
		return "error(table not found)"
	}
	return show(func(yield func(backend.KV, error) bool) {
		for _, kv := range m.pairs(table, r) {
			if !yield(kv, nil) {
				return
			}
		}
	})
}

// Few tables and short keys from few letters, so that operations meet.
var (
	drawTable = rapid.SampledFrom([]string{"t", "u", "v"})
	drawKey   = rapid.Custom(func(t *rapid.T) string {
		return string(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 'a', 'b', 0xFE, 0xFF}), 1, 3).Draw(t, "key"))
	})
	drawValue = rapid.Custom(func(t *rapid.T) string {
		return strings.Repeat(rapid.StringN(0, 3, -1).Draw(t, "value"), rapid.SampledFrom([]int{1, 1, 1, 700}).Draw(t, "times"))
	})
	drawBound = rapid.Custom(func(t *rapid.T) []byte {
		if rapid.IntRange(0, 2).Draw(t, "unbounded") == 0 {
			return nil
		}
		return []byte(drawKey.Draw(t, "bound"))
	})
	drawRange = rapid.Custom(func(t *rapid.T) backend.Range {
		return backend.Range{
			Start: drawBound.Draw(t, "start"), End: drawBound.Draw(t, "end"),
			Reverse: rapid.Bool().Draw(t, "reverse"), Limit: rapid.SampledFrom([]int{0, 0, 1, 2, 5}).Draw(t, "limit"),
		}
	})
)

var errRollback = errors.New("rolled back")

func modelTest(e *env) {
	databases := 0
	rapid.Check(e.T, func(t *rapid.T) {
		databases++
		name := fmt.Sprintf("%s-%d", e.name, databases)
		open := func() backend.Store {
			s, err := e.cfg.Open(e.T, name)
			if err != nil {
				t.Fatalf("Open = %v, want a store", err)
			}
			return s
		}
		s := open()
		defer func() { s.Close(e.ctx) }()
		m := model{}
		for range rapid.IntRange(1, 10).Draw(t, "transactions") {
			next := m.clone()
			rollback := rapid.IntRange(0, 4).Draw(t, "rollback") == 0
			err := s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
				next = m.clone() // of this run
				for range rapid.IntRange(1, 12).Draw(t, "operations") {
					modelStep(t, tx, next, 2)
				}
				if got, want := state(tx), next.state(); got != want {
					t.Fatalf("the transaction reads %s, want %s", got, want)
				}
				if rollback {
					return errRollback
				}
				return nil
			})
			if rollback != (err == errRollback) || !rollback && err != nil {
				t.Fatalf("Update = %v, rolled back: %v", err, rollback)
			}
			if !rollback {
				m = next
			}
			if e.cfg.Persists && rapid.IntRange(0, 5).Draw(t, "reopen") == 0 {
				if err := s.Close(e.ctx); err != nil {
					t.Fatalf("Close = %v, want nil", err)
				}
				s = open()
			}
			err = s.View(e.ctx, func(_ context.Context, tx backend.ReadTx) error {
				if got, want := state(tx), m.state(); got != want {
					t.Fatalf("the store holds %s, want %s", got, want)
				}
				modelRead(t, tx, m)
				return nil
			})
			if err != nil {
				t.Fatalf("View = %v, want nil", err)
			}
		}
	})
}

// modelStep does one operation to the transaction and the model; a scan does
// more of them at its pairs, down to depth loops in one another.
func modelStep(t *rapid.T, tx backend.WriteTx, m model, depth int) {
	table, key := drawTable.Draw(t, "table"), drawKey.Draw(t, "key")
	switch op := rapid.SampledFrom([]string{"put", "put", "put", "delete", "delete", "remove", "drop", "scan", "scan", "read", "range"}).Draw(t, "op"); op {
	case "put":
		value := drawValue.Draw(t, "value")
		written := []byte(value)
		if err := tx.Put(table, []byte(key), written); err != nil {
			t.Fatalf("Put(%s, %q) = %v, want nil", table, key, err)
		}
		if _, ok := tx.(backend.Copier); ok {
			clear(written)
		}
		if m[table] == nil {
			m[table] = map[string]string{}
		}
		m[table][key] = value
	case "remove":
		err := backend.Remove(tx, table, []byte(key))
		if missing := m[table] == nil; missing != errors.Is(err, backend.ErrTableNotFound) || !missing && err != nil {
			t.Fatalf("Remove(%s, %q) = %v; the table is missing: %v", table, key, err, missing)
		}
		delete(m[table], key)
	case "delete":
		existed, err := tx.Delete(table, []byte(key))
		_, want := m[table][key]
		if existed != want || (err != nil) != (m[table] == nil) {
			t.Fatalf("Delete(%s, %q) = %v, %v, want %v", table, key, existed, err, want)
		}
		delete(m[table], key)
	case "drop":
		if err := tx.DropTable(table); (err != nil) != (m[table] == nil) {
			t.Fatalf("DropTable(%s) = %v; the table exists: %v", table, err, m[table] != nil)
		}
		delete(m, table)
	case "range":
		r := drawRange.Draw(t, "range")
		want := m.pairs(table, r)
		n, err := backend.DeleteRange(tx, table, r)
		if n != len(want) || (err != nil) != (m[table] == nil) {
			t.Fatalf("DeleteRange(%s, %s) = %d, %v, want %d", table, showRange(r), n, err, len(want))
		}
		for _, kv := range want {
			delete(m[table], string(kv.Key))
		}
	case "scan":
		modelScan(t, tx, m, table, depth)
	default:
		modelRead(t, tx, m)
	}
}

func modelScan(t *rapid.T, tx backend.WriteTx, m model, table string, depth int) {
	r := drawRange.Draw(t, "range")
	exists, want := m[table] != nil, m.pairs(table, r)
	leave := rapid.IntRange(0, 20).Draw(t, "leave after")
	seen := 0
	for kv, err := range tx.Scan(table, r) {
		if err != nil {
			if exists || !errors.Is(err, backend.ErrTableNotFound) {
				t.Fatalf("Scan(%s, %s): %v", table, showRange(r), err)
			}
			return
		}
		if seen >= len(want) || string(kv.Key) != string(want[seen].Key) || string(kv.Value) != string(want[seen].Value) {
			t.Fatalf("Scan(%s, %s) yields %q=%.20q as pair %d of %d", table, showRange(r), kv.Key, kv.Value, seen, len(want))
		}
		if depth > 0 && rapid.Bool().Draw(t, "act") {
			modelStep(t, tx, m, depth-1)
		}
		if seen++; seen == leave {
			return
		}
	}
	if !exists || seen != len(want) {
		t.Fatalf("Scan(%s, %s) yields %d pairs, want %d; the table exists: %v", table, showRange(r), seen, len(want), exists)
	}
}

// modelRead compares one Get, one Scan and one Count.
func modelRead(t *rapid.T, tx backend.ReadTx, m model) {
	table, key, r := drawTable.Draw(t, "table"), drawKey.Draw(t, "key"), drawRange.Draw(t, "range")
	got, err := tx.Get(table, []byte(key))
	want, ok := m[table][key]
	if (err == nil) != ok || string(got) != want || ok && got == nil {
		t.Fatalf("Get(%s, %q) = %.20q, %v, want %.20q, %v", table, key, got, err, want, ok)
	}
	if got, want := show(tx.Scan(table, r)), m.show(table, r); got != want {
		t.Fatalf("Scan(%s, %s) yields %s, want %s", table, showRange(r), got, want)
	}
	n, err := backend.Count(tx, table, r)
	if n != len(m.pairs(table, r)) || (err != nil) != (m[table] == nil) {
		t.Fatalf("Count(%s, %s) = %d, %v, want %d", table, showRange(r), n, err, len(m.pairs(table, r)))
	}
}
