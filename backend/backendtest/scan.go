package backendtest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"

	"github.com/larderdb/larder/backend"
)

var scanCases = []testCase{
	{name: "A5 scan", run: scanPlain,
		rule: "a scan yields the pairs of one table in ascending order of keys, or descending when Reverse is set"},
	{name: "limits of scans", run: scanLimits,
		rule: "a scan yields at most Limit pairs when Limit is positive, all when it is 0; a negative limit is ErrInvalid"},
	{name: "bounds of scans", run: scanBounds,
		rule: "Start is included and End is not; a nil or empty Start is the first key, a nil End no bound; an empty range yields nothing"},
	{name: "break and return", run: scanBreak,
		rule: "a loop may be left at any pair, by break, return or panic, and the transaction goes on"},
	{name: "an iterator is used again", run: scanReuse,
		rule: "the iterator may be used more than once; each loop sees the transaction as it stood when that loop began"},
	{name: "nested loops", run: scanNested,
		rule: "the iterator may be nested in itself and in others, in either direction"},
	{name: "pairs outlive their turn", run: scanHeld,
		rule: "a pair that a loop yielded stays as it was while the loop goes on"},
	{name: "D18 scan errors", run: scanErrors,
		rule: "an error ends the loop after it was yielded once, with a zero KV"},
	{name: "long scans", run: scanLong,
		rule: "a scan over many pairs yields each once, in order, in both directions"},
}

func (e *env) fillNumbers(table string, n int) {
	e.Helper()
	e.update(func(tx backend.WriteTx) {
		for i := range n {
			e.put(tx, table, fmt.Sprintf("%06d", i), fmt.Sprint(i))
		}
	})
}

// both runs fn on the store's pairs as a View reads them, and as an Update
// that has written half of them does.
func (e *env) both(fn func(tx backend.ReadTx), pairs ...string) {
	e.Helper()
	half := len(pairs) / 4 * 2
	e.fill("t", pairs[:half]...)
	e.update(func(tx backend.WriteTx) {
		e.put(tx, "t", pairs[half:]...)
		fn(tx)
	})
	e.view(fn)
}

func scanPlain(e *env) {
	e.fill("s", "x", "of another table")
	e.fill("u", "x", "of another table")
	e.both(func(tx backend.ReadTx) {
		e.wantScan(tx, "t", backend.Range{}, "a=1 b=2 c=3 d=4 e=5")
		e.wantScan(tx, "t", backend.Range{Reverse: true}, "e=5 d=4 c=3 b=2 a=1")
	}, "e", "5", "a", "1", "c", "3", "b", "2", "d", "4")
}

func scanLimits(e *env) {
	e.both(func(tx backend.ReadTx) {
		e.wantScan(tx, "t", backend.Range{Limit: 1}, "a=1")
		e.wantScan(tx, "t", backend.Range{Limit: 2, Reverse: true}, "c=3 b=2")
		e.wantScan(tx, "t", backend.Range{Limit: 3}, "a=1 b=2 c=3")
		e.wantScan(tx, "t", backend.Range{Limit: math.MaxInt}, "a=1 b=2 c=3")
		e.wantScan(tx, "t", backend.Range{Start: []byte("b"), Limit: 1}, "b=2")
		e.wantScan(tx, "t", backend.Range{Limit: -1}, "error(invalid argument)")
		_, err := backend.Count(tx, "t", backend.Range{Limit: -1})
		e.wantClass("Count with a negative limit", err, backend.ErrInvalid)
	}, "a", "1", "b", "2", "c", "3")
	e.update(func(tx backend.WriteTx) {
		_, err := backend.DeleteRange(tx, "t", backend.Range{Limit: -1})
		e.wantClass("DeleteRange with a negative limit", err, backend.ErrInvalid)
	})
	e.wantState("t{a=1 b=2 c=3}")
}

func scanBounds(e *env) {
	e.both(func(tx backend.ReadTx) {
		for _, c := range []struct {
			start, end []byte
			up, down   string
		}{
			{nil, nil, "b=1 d=2 f=3", "f=3 d=2 b=1"},
			{[]byte{}, nil, "b=1 d=2 f=3", "f=3 d=2 b=1"},
			{nil, []byte{}, "nothing", "nothing"},
			{[]byte("b"), []byte("f"), "b=1 d=2", "d=2 b=1"},
			{[]byte("a"), []byte("g"), "b=1 d=2 f=3", "f=3 d=2 b=1"},
			{[]byte("c"), []byte("e"), "d=2", "d=2"},
			{[]byte("b\x00"), []byte("f\x00"), "d=2 f=3", "f=3 d=2"},
			{[]byte("d"), []byte("d"), "nothing", "nothing"},
			{[]byte("f"), []byte("b"), "nothing", "nothing"},
			{[]byte("g"), nil, "nothing", "nothing"},
			{nil, []byte("b"), "nothing", "nothing"},
			{nil, []byte("\xff"), "b=1 d=2 f=3", "f=3 d=2 b=1"},
		} {
			e.wantScan(tx, "t", backend.Range{Start: c.start, End: c.end}, c.up)
			e.wantScan(tx, "t", backend.Range{Start: c.start, End: c.end, Reverse: true}, c.down)
		}
	}, "b", "1", "d", "2", "f", "3")
}

func scanBreak(e *env) {
	first := func(tx backend.ReadTx, r backend.Range) string {
		for kv, err := range tx.Scan("t", r) {
			if err != nil {
				return err.Error()
			}
			return string(kv.Key)
		}
		return ""
	}
	e.both(func(tx backend.ReadTx) {
		for range 3 {
			if got := first(tx, backend.Range{}); got != "a" {
				e.Errorf("the first key = %q, want a", got)
			}
			if got := first(tx, backend.Range{Reverse: true}); got != "c" {
				e.Errorf("the last key = %q, want c", got)
			}
		}
		func() {
			defer func() { recover() }()
			for range tx.Scan("t", backend.Range{}) {
				panic("out of the loop")
			}
		}()
		e.wantScan(tx, "t", backend.Range{}, "a=1 b=2 c=3")
	}, "a", "1", "b", "2", "c", "3")
	e.update(func(tx backend.WriteTx) {
		for range tx.Scan("t", backend.Range{}) {
			break
		}
		e.put(tx, "t", "d", "4")
	})
	e.wantState("t{a=1 b=2 c=3 d=4}")
}

func scanReuse(e *env) {
	e.fill("t", "a", "1", "b", "2")
	e.update(func(tx backend.WriteTx) {
		seq := tx.Scan("t", backend.Range{Limit: 3})
		later := tx.Scan("new", backend.Range{})
		for i, want := range []string{"a=1 b=2", "a=1 b=2"} {
			if got := show(seq); got != want {
				e.Errorf("loop %d yields %s, want %s", i, got, want)
			}
		}
		e.put(tx, "t", "aa", "new", "c", "3", "d", "4")
		e.put(tx, "new", "x", "1")
		if got, want := show(seq), "a=1 aa=new b=2"; got != want {
			e.Errorf("the loop after the Puts yields %s, want %s", got, want)
		}
		if got, want := show(later), "x=1"; got != want {
			e.Errorf("a loop over a table created after Scan was called yields %s, want %s", got, want)
		}
	})
}

func scanNested(e *env) {
	e.both(func(tx backend.ReadTx) {
		for _, reverse := range []bool{false, true} {
			seq := tx.Scan("t", backend.Range{})
			inner := seq
			if reverse {
				inner = tx.Scan("t", backend.Range{Reverse: true})
			}
			var got string
			for a := range seq {
				for b := range inner {
					for c := range tx.Scan("t", backend.Range{Limit: 1}) {
						got += string(a.Key) + string(b.Key) + string(c.Key) + " "
					}
				}
			}
			want := "aaa aba aca baa bba bca caa cba cca "
			if reverse {
				want = "aca aba aaa bca bba baa cca cba caa "
			}
			if got != want {
				e.Errorf("three loops in one another yield %q, want %q", got, want)
			}
		}
	}, "a", "1", "b", "2", "c", "3")
}

func scanHeld(e *env) {
	n := e.n(2000, 500)
	e.fillNumbers("t", n)
	e.view(func(tx backend.ReadTx) {
		var held []backend.KV
		for kv, err := range tx.Scan("t", backend.Range{}) {
			if err != nil {
				e.Fatalf("Scan: %v", err)
			}
			held = append(held, kv)
		}
		for i, kv := range held {
			if string(kv.Key) != fmt.Sprintf("%06d", i) || string(kv.Value) != fmt.Sprint(i) {
				e.Fatalf("pair %d reads %q=%q after the loop", i, kv.Key, kv.Value)
			}
		}
	})
}

func scanErrors(e *env) {
	e.fillNumbers("t", 3000)
	check := func(what string, seq iter.Seq2[backend.KV, error], want error) {
		e.Helper()
		n := 0
		for kv, err := range seq {
			if n > 0 {
				e.Errorf("%s: the loop went on after its error, with %q, %v", what, kv.Key, err)
			}
			if err == nil {
				continue
			}
			n++
			e.wantErr(what, err, want)
			if kv.Key != nil || kv.Value != nil {
				e.Errorf("%s: beside the error comes %q=%q, want a zero KV", what, kv.Key, kv.Value)
			}
		}
		if n == 0 {
			e.Errorf("%s: the loop ended without an error, want %v", what, want)
		}
	}
	inner, cancel := context.WithCancel(e.ctx)
	var after iter.Seq2[backend.KV, error]
	err := e.s.View(inner, func(_ context.Context, tx backend.ReadTx) error {
		check("missing table", tx.Scan("missing", backend.Range{}), backend.ErrTableNotFound)
		check("negative limit", tx.Scan("t", backend.Range{Limit: -5}), backend.ErrInvalid)
		after = tx.Scan("t", backend.Range{})
		cancel()
		check("context is done", tx.Scan("t", backend.Range{}), context.Canceled)
		check("context is done, reverse", tx.Scan("t", backend.Range{Reverse: true}), context.Canceled)
		return errors.New("enough")
	})
	if err == nil || err.Error() != "enough" {
		e.Errorf("View = %v, want the closure's error", err)
	}
	check("transaction has ended", after, backend.ErrTxDone)
}

func scanLong(e *env) {
	n := e.n(20000, 3000)
	e.fillNumbers("t", n)
	e.view(func(tx backend.ReadTx) {
		for _, reverse := range []bool{false, true} {
			i := 0
			for kv, err := range tx.Scan("t", backend.Range{Reverse: reverse}) {
				want := i
				if reverse {
					want = n - 1 - i
				}
				if err != nil || string(kv.Value) != fmt.Sprint(want) {
					e.Fatalf("pair %d (reverse %v) = %q, %v, want %d, nil", i, reverse, kv.Value, err, want)
				}
				i++
			}
			if i != n {
				e.Errorf("the scan (reverse %v) yields %d pairs, want %d", reverse, i, n)
			}
		}
	})
}
