package backendtest

import (
	"bytes"
	"strings"

	"github.com/larderdb/larder/backend"
)

var pairCases = []testCase{
	{name: "A6 put and get", run: putAndGet,
		rule: "Put sets key to value, over what was there; Get returns the value, in the same transaction and in later ones"},
	{name: "A6 B55 missing keys", run: missingKeys,
		rule: "Get of a missing key is ErrNotFound; Delete of a missing key is no error and reports that it did not exist"},
	{name: "A6 delete reports existence", run: deleteReports,
		rule: "Delete removes key and reports whether it existed, also for keys that the transaction itself put or deleted"},
	{name: "D16 delete then put", run: deleteThenPut,
		rule: "operations of a transaction act in the order in which they were called"},
	{name: "A8 D17 read your writes", run: readYourWrites,
		rule: "a WriteTx reads what it has written itself: by Get, Scan, Tables and Count"},
	{name: "nil and empty values", run: emptyValues,
		rule: "a nil value is the same as an empty one, and Get never returns nil when its error is nil"},
	{name: "A5 D15 emptiness", run: emptiness,
		rule: "a table is empty when a scan of it yields nothing: after its creation and the deletion of its last key as well"},
	{name: "put copies the key", run: putCopiesKey,
		rule: "Put copies key: the caller may write to its slice at once"},
	{name: "A14 slices stay until the end", run: slicesStay,
		rule: "slices handed out are valid until the transaction ends, whatever it writes, deletes or drops after it got them"},
	{name: "keys are unsigned bytes", run: keyOrder,
		rule: "keys are compared as unsigned bytes, and a key sorts before the keys that it is a prefix of"},
	{name: "large values", run: largeValues,
		rule: "values up to MaxValue are stored and read whole"},
}

func putAndGet(e *env) {
	e.update(func(tx backend.WriteTx) {
		e.put(tx, "t", "a", "1", "b", "2")
		e.wantGet(tx, "t", "a", "1")
		e.put(tx, "t", "a", "3")
		e.wantGet(tx, "t", "a", "3")
	})
	e.view(func(tx backend.ReadTx) {
		e.wantGet(tx, "t", "a", "3")
		e.wantGet(tx, "t", "b", "2")
	})
	e.fill("t", "b", "4")
	e.wantState("t{a=3 b=4}")
}

func missingKeys(e *env) {
	e.fill("t", "b", "1")
	for _, key := range []string{"a", "bb", "c", "\x00", "\xff"} {
		e.view(func(tx backend.ReadTx) { e.wantNone(tx, "t", key) })
		e.update(func(tx backend.WriteTx) {
			e.wantNone(tx, "t", key)
			if existed, err := tx.Delete("t", []byte(key)); existed || err != nil {
				e.Errorf("Delete(t, %q) = %v, %v, want false, nil", key, existed, err)
			}
		})
	}
	e.wantState("t{b=1}")
}

func deleteReports(e *env) {
	e.fill("t", "a", "1", "b", "2", "c", "3")
	e.update(func(tx backend.WriteTx) {
		e.del(tx, "t", "b")
		e.wantNone(tx, "t", "b")
		if existed, err := tx.Delete("t", []byte("b")); existed || err != nil {
			e.Errorf("second Delete = %v, %v, want false, nil", existed, err)
		}
		e.put(tx, "t", "d", "4")
		e.del(tx, "t", "d")
	})
	e.view(func(tx backend.ReadTx) { e.wantNone(tx, "t", "b") })
	e.wantState("t{a=1 c=3}")
}

func deleteThenPut(e *env) {
	e.fill("t", "a", "1", "b", "2")
	e.update(func(tx backend.WriteTx) {
		e.del(tx, "t", "a")
		e.put(tx, "t", "a", "new", "b", "new")
		e.del(tx, "t", "b")
		e.put(tx, "t", "c", "x", "c", "y")
		e.wantScan(tx, "t", backend.Range{}, "a=new c=y")
	})
	e.wantState("t{a=new c=y}")
}

func readYourWrites(e *env) {
	e.fill("t", "a", "1", "b", "2", "c", "3")
	e.update(func(tx backend.WriteTx) {
		e.put(tx, "t", "b", "two", "bb", "new")
		e.del(tx, "t", "a")
		e.put(tx, "u", "x", "1")
		e.wantGet(tx, "t", "b", "two")
		e.wantGet(tx, "u", "x", "1")
		e.wantScan(tx, "t", backend.Range{}, "b=two bb=new c=3")
		e.wantScan(tx, "t", backend.Range{Reverse: true, Limit: 2}, "c=3 bb=new")
		if n, err := backend.Count(tx, "t", backend.Range{}); n != 3 || err != nil {
			e.Errorf("Count = %d, %v, want 3, nil", n, err)
		}
		if got, want := state(tx), "t{b=two bb=new c=3} u{x=1}"; got != want {
			e.Errorf("the transaction reads %s, want %s", got, want)
		}
	})
}

func emptyValues(e *env) {
	check := func(tx backend.ReadTx) {
		e.wantGet(tx, "t", "nil", "")
		e.wantGet(tx, "t", "empty", "")
		e.wantScan(tx, "t", backend.Range{}, "empty= nil=")
	}
	e.update(func(tx backend.WriteTx) {
		for key, value := range map[string][]byte{"nil": nil, "empty": {}} {
			if err := tx.Put("t", []byte(key), value); err != nil {
				e.Fatalf("Put(%s) = %v, want nil", key, err)
			}
		}
		check(tx)
	})
	e.view(check)
	e.update(func(tx backend.WriteTx) {
		check(tx)
		e.del(tx, "t", "nil", "empty")
	})
}

func emptiness(e *env) {
	empty := func(tx backend.ReadTx, want bool) {
		e.Helper()
		n, err := backend.Count(tx, "t", backend.Range{Limit: 1})
		if (n == 0) != want || err != nil {
			e.Errorf("Count with limit 1 = %d, %v; is the table empty? want %v", n, err, want)
		}
	}
	e.fill("t", "a", "1")
	e.view(func(tx backend.ReadTx) { empty(tx, false) })
	e.update(func(tx backend.WriteTx) {
		e.del(tx, "t", "a")
		empty(tx, true)
		e.wantScan(tx, "t", backend.Range{Reverse: true}, "nothing")
	})
	e.view(func(tx backend.ReadTx) { empty(tx, true) })
	e.wantState("t{nothing}")
}

func putCopiesKey(e *env) {
	e.update(func(tx backend.WriteTx) {
		key := []byte("0")
		for i := range byte(5) {
			key[0] = '0' + i
			if err := tx.Put("t", key, []byte{'a' + i}); err != nil {
				e.Fatalf("Put = %v, want nil", err)
			}
		}
		key[0] = 'x'
	})
	e.wantState("t{0=a 1=b 2=c 3=d 4=e}")
}

func slicesStay(e *env) {
	e.update(func(tx backend.WriteTx) {
		for i := range 50 {
			e.put(tx, "t", string(rune('A'+i)), strings.Repeat("old", 40))
		}
	})
	e.update(func(tx backend.WriteTx) {
		e.put(tx, "t", "own", "own")
		var held []backend.KV
		var copies []backend.KV
		hold := func(kv backend.KV) {
			held = append(held, kv)
			copies = append(copies, backend.KV{Key: bytes.Clone(kv.Key), Value: bytes.Clone(kv.Value)})
		}
		for kv, err := range tx.Scan("t", backend.Range{}) {
			if err != nil {
				e.Fatalf("Scan: %v", err)
			}
			hold(kv)
			v, err := tx.Get("t", kv.Key)
			if err != nil {
				e.Fatalf("Get: %v", err)
			}
			hold(backend.KV{Key: kv.Key, Value: v})
		}
		for i, kv := range copies {
			if i%4 == 0 {
				e.put(tx, "t", string(kv.Key), strings.Repeat("NEW", 40))
			} else if i%4 == 2 {
				e.del(tx, "t", string(kv.Key))
			}
		}
		e.drop(tx, "t")
		e.put(tx, "t", "a", strings.Repeat("x", 5000))
		for i := range held {
			if !bytes.Equal(held[i].Key, copies[i].Key) || !bytes.Equal(held[i].Value, copies[i].Value) {
				e.Fatalf("slice %d changed to %q=%q, want %q=%q", i, held[i].Key, held[i].Value, copies[i].Key, copies[i].Value)
			}
		}
	})
}

func keyOrder(e *env) {
	e.fill("t", "\xff\xff", "9", "\x80", "7", "a", "3", "\x00", "1", "\x7f", "6", "aa", "5", "a\x00", "4", "\xff", "8", "\x00\x00", "2")
	want := `\x00=1 \x00\x00=2 a=3 a\x00=4 aa=5 \x7f=6 \x80=7 \xff=8 \xff\xff=9`
	e.view(func(tx backend.ReadTx) { e.wantScan(tx, "t", backend.Range{}, want) })
}

func largeValues(e *env) {
	sizes := []int{4095, 4096, 4097, 65535, 65536, 1 << 20, e.n(backend.MaxValue, 1<<20+1)}
	value := func(size int) string {
		return strings.Repeat("0123456789abcdef", size/16+1)[:size]
	}
	for i, size := range sizes {
		e.fill("t", string(rune('a'+i)), value(size))
	}
	e.view(func(tx backend.ReadTx) {
		for i, size := range sizes {
			e.wantGet(tx, "t", string(rune('a'+i)), value(size))
		}
	})
}
