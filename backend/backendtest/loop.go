package backendtest

import (
	"fmt"
	"strings"

	"github.com/larderdb/larder/backend"
)

var loopCases = []testCase{
	{name: "delete while scanning", run: deleteWhileScanning,
		rule: "a loop that deletes each pair as it is yielded visits all of them"},
	{name: "D17 puts ahead of a loop", run: putsAhead,
		rule: "what the transaction puts while a loop runs doesn't show in it: neither new pairs nor new values"},
	{name: "D17 deletes ahead of a loop", run: deletesAhead,
		rule: "what the transaction deletes while a loop runs is not hidden from it"},
	{name: "changes behind a loop", run: changesBehind,
		rule: "what the transaction changes behind a loop doesn't bring the loop back or move it"},
	{name: "changes before the first pair", run: changesBeforeFirst,
		rule: "a loop sees the transaction as it stood when the loop began, not when Scan was called or the last loop ended"},
	{name: "drop while scanning", run: dropWhileScanning,
		rule: "a loop goes on over a table that is dropped meanwhile, and over one that is created anew in its place"},
	{name: "loops with views of their own", run: loopsDiffer,
		rule: "each of several loops sees the transaction as it stood when that loop began"},
	{name: "limits count what a loop saw", run: limitsInLoops,
		rule: "Limit counts the pairs of the state at the loop's beginning"},
	{name: "stamps while scanning", run: stampsInLoops,
		rule: "a stamped Put while a loop runs doesn't show in it"},
	{name: "rewrite while scanning", run: rewriteWhileScanning,
		rule: "a loop that writes a pair ahead of itself for each that it reads ends, with the pairs that it began with"},
}

func deleteWhileScanning(e *env) {
	for _, reverse := range []bool{false, true} {
		n := e.n(2500, 700)
		e.fillNumbers("t", n)
		e.update(func(tx backend.WriteTx) {
			seen := 0
			for kv, err := range tx.Scan("t", backend.Range{Reverse: reverse}) {
				if err != nil {
					e.Fatalf("Scan: %v", err)
				}
				e.del(tx, "t", string(kv.Key))
				seen++
			}
			if seen != n {
				e.Errorf("the loop (reverse %v) saw %d pairs, want %d", reverse, seen, n)
			}
			e.wantScan(tx, "t", backend.Range{}, "nothing")
		})
		e.wantState("t{nothing}")
	}
}

// loop fills a table with a=1 to e=5 and runs act at each pair of a loop over
// it, first ascending and then, from the start again, descending. What the
// loop yields is always the state at its beginning.
func (e *env) loop(act func(tx backend.WriteTx, key string), after string) {
	e.Helper()
	for _, reverse := range []bool{false, true} {
		e.update(func(tx backend.WriteTx) {
			if _, err := backend.DeleteRange(tx, "t", backend.Range{}); err != nil && !backend.IsNotFound(err) {
				e.Fatalf("DeleteRange = %v", err)
			}
			e.put(tx, "t", "a", "1", "c", "3", "e", "5")
		})
		e.update(func(tx backend.WriteTx) {
			e.put(tx, "t", "b", "2", "d", "4")
			want := "a=1 b=2 c=3 d=4 e=5"
			if reverse {
				want = "e=5 d=4 c=3 b=2 a=1"
			}
			var got []string
			for kv, err := range tx.Scan("t", backend.Range{Reverse: reverse}) {
				if err != nil {
					e.Fatalf("Scan: %v", err)
				}
				got = append(got, string(kv.Key)+"="+string(kv.Value))
				act(tx, string(kv.Key))
			}
			if got := strings.Join(got, " "); got != want {
				e.Errorf("the loop (reverse %v) yields %s, want %s", reverse, got, want)
			}
			e.wantScan(tx, "t", backend.Range{}, after)
		})
		e.wantState("t{" + after + "}")
	}
}

func putsAhead(e *env) {
	e.loop(func(tx backend.WriteTx, key string) {
		if key == "c" {
			e.put(tx, "t", "A", "new", "aa", "new", "b", "B", "bb", "new", "c", "C", "cc", "new", "d", "D", "dd", "new", "f", "new")
			e.put(tx, "t", "dd", "newer", "d", "DD", "b", "BB")
		}
	}, "A=new a=1 aa=new b=BB bb=new c=C cc=new d=DD dd=newer e=5 f=new")
}

func deletesAhead(e *env) {
	e.loop(func(tx backend.WriteTx, key string) {
		if key == "c" {
			e.del(tx, "t", "b", "d", "a", "e")
			e.put(tx, "t", "d", "again", "b", "again")
			e.del(tx, "t", "d")
		}
	}, "b=again c=3")
}

func changesBehind(e *env) {
	e.loop(func(tx backend.WriteTx, key string) {
		switch key {
		case "c":
			e.del(tx, "t", "c")
			e.put(tx, "t", "c", "C", "c\x00", "new", "bb", "new")
		case "b", "d":
			e.put(tx, "t", key+"1", "new")
			e.del(tx, "t", key+"1")
		}
	}, `a=1 b=2 bb=new c=C c\x00=new d=4 e=5`)
}

func changesBeforeFirst(e *env) {
	e.fill("t", "b", "2")
	e.update(func(tx backend.WriteTx) {
		seq := tx.Scan("t", backend.Range{})
		e.put(tx, "t", "a", "1")
		for range seq {
			e.put(tx, "t", "c", "3")
			e.del(tx, "t", "b")
			break
		}
		if got, want := show(seq), "a=1 c=3"; got != want {
			e.Errorf("the second loop yields %s, want %s", got, want)
		}
	})
	e.wantState("t{a=1 c=3}")
}

func dropWhileScanning(e *env) {
	for _, anew := range []bool{false, true} {
		n := e.n(1200, 400)
		e.fillNumbers("t", n)
		e.update(func(tx backend.WriteTx) {
			seen := 0
			for kv, err := range tx.Scan("t", backend.Range{}) {
				if err != nil || string(kv.Value) != fmt.Sprint(seen) {
					e.Fatalf("pair %d = %q, %v, want %d, nil", seen, kv.Value, err, seen)
				}
				seen++
				if seen == 5 {
					e.drop(tx, "t")
				}
				if seen > 5 && anew {
					e.put(tx, "t", fmt.Sprintf("%06d", 2*seen), "new")
				}
			}
			if seen != n {
				e.Errorf("the loop saw %d pairs, want %d", seen, n)
			}
			want := "error(table not found)"
			if anew {
				want = "000012=new"
			}
			e.wantScan(tx, "t", backend.Range{Limit: 1}, want)
		})
	}
}

func loopsDiffer(e *env) {
	e.fill("t", "a", "1", "b", "2", "c", "3")
	e.update(func(tx backend.WriteTx) {
		var outer, inner []string
		for kv := range tx.Scan("t", backend.Range{}) {
			outer = append(outer, string(kv.Key)+"="+string(kv.Value))
			e.put(tx, "t", "b", "after "+string(kv.Key), "z"+string(kv.Key), "new")
			for kv := range tx.Scan("t", backend.Range{Reverse: true}) {
				inner = append(inner, string(kv.Key)+"="+string(kv.Value))
				if string(kv.Key) == "b" {
					e.put(tx, "t", "a", "changed", "b", "changed")
				}
			}
			inner = append(inner, ";")
		}
		if got, want := strings.Join(outer, " "), "a=1 b=2 c=3"; got != want {
			e.Errorf("the outer loop yields %s, want %s", got, want)
		}
		want := "za=new c=3 b=after a a=1 ; zb=new za=new c=3 b=after b a=changed ; zc=new zb=new za=new c=3 b=after c a=changed ;"
		if got := strings.Join(inner, " "); got != want {
			e.Errorf("the inner loops yield %s, want %s", got, want)
		}
	})
	e.wantState("t{a=changed b=changed c=3 za=new zb=new zc=new}")
}

func limitsInLoops(e *env) {
	for _, reverse := range []bool{false, true} {
		e.fill("t", "a", "1", "b", "2", "c", "3", "d", "4", "e", "5")
		e.update(func(tx backend.WriteTx) {
			var got string
			for kv, err := range tx.Scan("t", backend.Range{Reverse: reverse, Limit: 4}) {
				got += string(kv.Key)
				if err != nil {
					e.Fatalf("Scan: %v", err)
				}
				e.put(tx, "t", string(kv.Key)+"x", "", "X"+string(kv.Key), "")
				if string(kv.Key) == "b" {
					e.del(tx, "t", "c", "b")
				}
				if string(kv.Key) == "d" && reverse {
					e.del(tx, "t", "c")
					e.put(tx, "t", "c", "again")
				}
			}
			want := "abcd"
			if reverse {
				want = "edcb"
			}
			if got != want {
				e.Errorf("the loop with limit 4 (reverse %v) yields %s, want %s", reverse, got, want)
			}
			e.drop(tx, "t")
		})
	}
}

func stampsInLoops(e *env) {
	e.fill("t", "a", "1", "b", "2", "c", "3")
	e.update(func(tx backend.WriteTx) {
		var got []string
		for kv, err := range tx.Scan("t", backend.Range{}) {
			if err != nil {
				e.Fatalf("Scan: %v", err)
			}
			got = append(got, string(kv.Key)+"="+string(kv.Value))
			if string(kv.Key) == "a" {
				e.stamp(tx, "t", []byte("b________"), []byte("x"), backend.Stamp{InKey: true, Offset: 1})
				e.stamp(tx, "t", []byte("c"), make([]byte, 8), backend.Stamp{})
			}
		}
		if got, want := strings.Join(got, " "), "a=1 b=2 c=3"; got != want {
			e.Errorf("the loop yields %s, want %s", got, want)
		}
	})
	e.view(func(tx backend.ReadTx) {
		if n, err := backend.Count(tx, "t", backend.Range{}); n != 4 || err != nil {
			e.Errorf("Count = %d, %v, want 4, nil", n, err)
		}
	})
}

func rewriteWhileScanning(e *env) {
	n := e.n(1500, 400)
	e.fillNumbers("t", n)
	e.update(func(tx backend.WriteTx) {
		seen := 0
		for kv, err := range tx.Scan("t", backend.Range{}) {
			if err != nil || string(kv.Value) != fmt.Sprint(seen) {
				e.Fatalf("pair %d = %q, %v, want %d, nil", seen, kv.Value, err, seen)
			}
			e.put(tx, "t", string(kv.Key)+"+", "copy", fmt.Sprintf("%06d", n-1-seen), "changed")
			if seen++; seen > n {
				e.Fatal("the loop yields pairs that were put while it ran")
			}
		}
	})
	e.view(func(tx backend.ReadTx) {
		if got, err := backend.Count(tx, "t", backend.Range{}); got != 2*n || err != nil {
			e.Errorf("Count = %d, %v, want %d, nil", got, err, 2*n)
		}
	})
}
