package mvcc_test

import (
	"errors"
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
)

// A step is one thing that a closure does. Closures made of steps are drawn
// first and run later, as often as a test wants.
type step struct {
	do         string
	table, key string
	value      string
	stamps     []backend.Stamp
	r          backend.Range
	stop       int    // pairs after which a loop ends; 0 is never
	inner      []step // what a loop does at its third pair
}

const pendingStamp = "\xff\xff\xff\xff\xff\xff\xff\xff"

var (
	tables = rapid.SampledFrom([]string{"a", "b", "c"})
	keys   = rapid.OneOf(
		rapid.Custom(func(t *rapid.T) string { return fmt.Sprintf("%03d", rapid.IntRange(0, 120).Draw(t, "key")) }),
		// What stamps make of keys, before and after the commit.
		rapid.SampledFrom([]string{pendingStamp, pendingStamp + "x", "\x00\x00\x00\x00\x00\x00\x00\x02x", "\x00\x00\x00\x00\x00\x00\x00\x03"}))
)

// script draws a closure of up to n steps, one of kinds each.
func script(t *rapid.T, n int, kinds ...string) []step {
	steps := make([]step, rapid.IntRange(0, n).Draw(t, "steps"))
	for i := range steps {
		s := step{do: rapid.SampledFrom(kinds).Draw(t, "do"), table: tables.Draw(t, "table"), key: keys.Draw(t, "key")}
		switch s.do {
		case "put":
			s.value = rapid.StringN(0, 3, -1).Draw(t, "value")
		case "stamp":
			s.key, s.value = "________"+rapid.SampledFrom([]string{"", "x"}).Draw(t, "suffix"), "s________"
			s.stamps = []backend.Stamp{{InKey: true}, {Offset: 1}}
			if rapid.Bool().Draw(t, "value only") {
				s.key, s.stamps = keys.Draw(t, "key"), s.stamps[1:]
			}
		case "scan", "count", "loop":
			s.r = drawRange(t)
			s.stop = rapid.SampledFrom([]int{0, 0, 1, 2, 5, 40}).Draw(t, "stop")
			if s.do == "loop" {
				s.inner = script(t, 4, "get", "put", "delete", "scan", "remove", "drop")
			}
		}
		steps[i] = s
	}
	return steps
}

func drawRange(t *rapid.T) backend.Range {
	r := backend.Range{Reverse: rapid.Bool().Draw(t, "reverse"), Limit: rapid.SampledFrom([]int{0, 0, 0, 1, 7}).Draw(t, "limit")}
	if rapid.Bool().Draw(t, "has start") {
		r.Start = []byte(keys.Draw(t, "start"))
	}
	if rapid.Bool().Draw(t, "has end") {
		r.End = []byte(keys.Draw(t, "end"))
	}
	return r
}

var (
	reading = []string{"get", "get", "scan", "count", "tables"}
	writing = []string{"put", "put", "put", "delete", "remove", "stamp", "drop", "loop"}
	any     = append(append([]string{}, reading...), writing...)
)

// run does steps and returns, in words, all that they read.
func run(tx *mvcc.WriteTx, steps []step) string {
	var b strings.Builder
	for _, s := range steps {
		fmt.Fprintf(&b, "%s %s/%q: ", s.do, s.table, s.key)
		s.run(tx, &b)
		b.WriteString("\n")
	}
	return b.String()
}

// run does the step again while it fails with ErrNotInMemory, which it may as
// long as it is cached, and checks what it read before that.
func (s *step) run(tx *mvcc.WriteTx, b *strings.Builder) {
	if s.do == "loop" {
		tx.SetCached(false) // what it writes it would write twice
		defer tx.SetCached(true)
	}
	var begun []string
	for {
		var seen strings.Builder
		err := s.try(tx, &seen)
		if !errors.Is(err, backend.ErrNotInMemory) {
			for _, part := range begun {
				if !strings.HasPrefix(seen.String(), part) {
					panic(fmt.Sprintf("before the error it read %s, after it %s", part, seen.String()))
				}
			}
			fmt.Fprint(b, seen.String(), err)
			return
		}
		begun = append(begun, seen.String())
	}
}

func (s *step) try(tx *mvcc.WriteTx, seen *strings.Builder) error {
	key := []byte(s.key)
	switch s.do {
	case "get":
		v, err := tx.Get(s.table, key)
		if err == nil {
			fmt.Fprintf(seen, "%q ", v)
		}
		return err
	case "scan", "loop":
		n := 0
		for kv, err := range tx.Scan(s.table, s.r) {
			if err != nil {
				return err
			}
			fmt.Fprintf(seen, "%q=%q ", kv.Key, kv.Value)
			if n++; n == 3 {
				seen.WriteString(run(tx, s.inner))
			}
			if n == s.stop {
				break
			}
		}
		return nil
	case "count":
		n, err := tx.Count(s.table, s.r)
		if err == nil {
			fmt.Fprint(seen, n, " ")
		}
		return err
	case "tables":
		names, err := tx.Tables()
		fmt.Fprint(seen, names, " ")
		return err
	case "version":
		fmt.Fprint(seen, tx.ReadVersion(), " ")
		return nil
	case "put", "stamp":
		return tx.Put(s.table, key, []byte(s.value), s.stamps...)
	case "delete":
		existed, err := tx.Delete(s.table, key)
		if err == nil {
			fmt.Fprint(seen, existed, " ")
		}
		return err
	case "remove":
		return tx.Remove(s.table, key)
	default:
		return tx.DropTable(s.table)
	}
}

// describe writes operations in words.
func describe(ops []mvcc.Op) string {
	var b strings.Builder
	for _, op := range ops {
		fmt.Fprintf(&b, "%d %s %q=%q %v\n", op.Kind, op.Table, op.Pair.Key(), op.Pair.Value(), op.Stamps)
	}
	return b.String()
}

// clone returns operations as a commit record would bring them elsewhere.
func clone(ops []mvcc.Op) []mvcc.Op {
	var there []mvcc.Op
	for _, op := range ops {
		op.Pair = mvcc.Join(op.Pair.Key(), op.Pair.Value())
		there = append(there, op)
	}
	return there
}
