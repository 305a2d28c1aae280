package backendtest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/larderdb/larder/backend"
)

var keyCases = []testCase{
	{name: "awkward keys", run: awkwardKeys,
		rule: "any 1 to 1,024 bytes are a key: zeros, 0xFF, prefixes of each other, text in no encoding; each keeps its own value"},
	{name: "D5 ranges over awkward keys", run: awkwardRanges,
		rule: "a scan yields the keys k with Start <= k < End in order, in both directions and with each limit; a bound may be any bytes"},
	{name: "D5 prefixes over awkward keys", run: awkwardPrefixes,
		rule: "the range of a prefix yields the keys that begin with it and no others, also when it ends in 0xFF"},
	{name: "B55 keys that are refused", run: refusedKeys,
		rule: "a key of zero bytes is ErrInvalid, a key over MaxKey bytes is ErrTooLarge, and nothing is changed"},
	{name: "B55 arguments before tables", run: argumentsFirst,
		rule: "checks of arguments come before the table is looked up"},
	{name: "names of tables that are refused", run: refusedNames,
		rule: "a table name over MaxTableName bytes is ErrTooLarge; one that is empty or not valid UTF-8 is ErrInvalid"},
}

// awkward are keys that have broken a store somewhere.
var awkward = []string{
	"\x00", "\x00\x00", "\x00\x00\x00", "\x00\x01", "\x00\xff", "\x01", "\x01\x00",
	strings.Repeat("\x01", 1023), strings.Repeat("\x01", 1024), "\x1f", " ", "\"", "0", "a", "a\x00", "a\x00a", "a\x00\xff",
	"aa", "aaa", strings.Repeat("a", 255), strings.Repeat("a", 256), strings.Repeat("a", 1023), strings.Repeat("a", 1024),
	"a\xff", "b", "\u00e9", "e\u0301", "\x7f", "\x80", "\xc3\x28", "\xed\xa0\x80", "\xfe", "\xff", "\xff\x00", "\xff\xff", strings.Repeat("\xff", 1024),
}

func (e *env) fillAwkward() []string {
	keys := slices.Clone(awkward)
	slices.Sort(keys)
	e.update(func(tx backend.WriteTx) {
		for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(len(keys)) {
			e.put(tx, "t", keys[i], fmt.Sprint(i))
		}
	})
	return keys
}

func awkwardKeys(e *env) {
	keys := e.fillAwkward()
	e.view(func(tx backend.ReadTx) {
		i := 0
		for kv, err := range tx.Scan("t", backend.Range{}) {
			if err != nil || string(kv.Key) != keys[i] {
				e.Fatalf("pair %d of the scan has key %q, %v, want %q, nil", i, kv.Key, err, keys[i])
			}
			e.wantGet(tx, "t", keys[i], fmt.Sprint(i))
			i++
		}
		if i != len(keys) {
			e.Errorf("the scan ended after %d pairs, want %d", i, len(keys))
		}
	})
	e.update(func(tx backend.WriteTx) {
		for _, key := range keys {
			e.del(tx, "t", key)
		}
	})
	e.wantState("t{nothing}")
}

func awkwardRanges(e *env) {
	keys := e.fillAwkward()
	bounds := append(slices.Clone(keys), "", "a\x00\x00", strings.Repeat("a", 5000), strings.Repeat("\xff", 2000))
	check := func(tx backend.ReadTx, start, end []byte) {
		for _, r := range []backend.Range{
			{Start: start, End: end}, {Start: start, End: end, Reverse: true},
			{Start: start, End: end, Limit: 3}, {Start: start, End: end, Limit: 2, Reverse: true},
		} {
			e.wantScan(tx, "t", r, wantRange(keys, r))
		}
	}
	step := e.n(1, 5)
	e.view(func(tx backend.ReadTx) {
		for i, start := range bounds {
			check(tx, []byte(start), nil)
			check(tx, nil, []byte(start))
			for j := i % step; j < len(bounds); j += step {
				check(tx, []byte(start), []byte(bounds[j]))
			}
		}
	})
}

// wantRange says in [show]'s words what r selects of keys, which are in order
// and each have their position as value.
func wantRange(keys []string, r backend.Range) string {
	var parts []string
	for i, key := range keys {
		if bytes.Compare([]byte(key), r.Start) >= 0 && (r.End == nil || bytes.Compare([]byte(key), r.End) < 0) {
			parts = append(parts, quote([]byte(key))+"="+fmt.Sprint(i))
		}
	}
	if r.Reverse {
		slices.Reverse(parts)
	}
	if r.Limit > 0 && len(parts) > r.Limit {
		parts = parts[:r.Limit]
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, " ")
}

func awkwardPrefixes(e *env) {
	keys := e.fillAwkward()
	e.view(func(tx backend.ReadTx) {
		for _, prefix := range append(slices.Clone(keys), "", "A", "\xfe\xff", "a\x00") {
			n := 0
			for kv, err := range tx.Scan("t", backend.Prefix([]byte(prefix))) {
				if err != nil || !bytes.HasPrefix(kv.Key, []byte(prefix)) {
					e.Errorf("Scan(Prefix(%q)) yields %q, %v", prefix, kv.Key, err)
				}
				n++
			}
			want := 0
			for _, key := range keys {
				if strings.HasPrefix(key, prefix) {
					want++
				}
			}
			if n != want {
				e.Errorf("Scan(Prefix(%q)) yields %d pairs, want %d", prefix, n, want)
			}
		}
	})
}

func refusedKeys(e *env) {
	e.fill("t", "a", "1")
	long := bytes.Repeat([]byte("k"), backend.MaxKey+1)
	refuse := func(what string, get func(key []byte) error) {
		for _, key := range [][]byte{nil, {}} {
			e.wantClass(what+" of an empty key", get(key), backend.ErrInvalid)
		}
		e.wantClass(what+" of a key of 1,025 bytes", get(long), backend.ErrTooLarge)
	}
	get := func(tx backend.ReadTx) {
		refuse("Get", func(key []byte) error {
			v, err := tx.Get("t", key)
			if v != nil {
				e.Errorf("Get of a refused key = %q, want nil", v)
			}
			return err
		})
	}
	e.view(get)
	e.update(func(tx backend.WriteTx) {
		get(tx)
		refuse("Put", func(key []byte) error { return tx.Put("t", key, []byte("x")) })
		refuse("Put in a new table", func(key []byte) error { return tx.Put("new", key, []byte("x")) })
		refuse("Delete", func(key []byte) error { _, err := tx.Delete("t", key); return err })
		e.put(tx, "t", "b", "2")
	})
	e.wantState("t{a=1 b=2}")
}

func argumentsFirst(e *env) {
	long := bytes.Repeat([]byte("k"), backend.MaxKey+1)
	e.update(func(tx backend.WriteTx) {
		_, err := tx.Get("missing", nil)
		e.wantClass("Get(missing, empty key)", err, backend.ErrInvalid)
		_, err = tx.Get("missing", long)
		e.wantClass("Get(missing, long key)", err, backend.ErrTooLarge)
		_, err = tx.Delete("missing", nil)
		e.wantClass("Delete(missing, empty key)", err, backend.ErrInvalid)
		e.wantScan(tx, "missing", backend.Range{Limit: -1}, "error(invalid argument)")
	})
	e.wantState("no table")
}

func refusedNames(e *env) {
	for name, class := range map[string]backend.Class{
		"":                        backend.ErrInvalid,
		"\xff":                    backend.ErrInvalid,
		"a\xc3":                   backend.ErrInvalid,
		"\xed\xa0\x80":            backend.ErrInvalid,
		strings.Repeat("t", 129):  backend.ErrTooLarge,
		strings.Repeat("é", 65):   backend.ErrTooLarge,
		strings.Repeat("t", 5000): backend.ErrTooLarge,
	} {
		what := func(op string) string { return fmt.Sprintf("%s on a table named %.20q", op, name) }
		read := func(tx backend.ReadTx) {
			_, err := tx.Get(name, []byte("k"))
			e.wantClass(what("Get"), err, class)
			for _, err := range tx.Scan(name, backend.Range{}) {
				e.wantClass(what("Scan"), err, class)
			}
			_, err = backend.Count(tx, name, backend.Range{})
			e.wantClass(what("Count"), err, class)
		}
		e.view(read)
		e.update(func(tx backend.WriteTx) {
			read(tx)
			e.wantClass(what("Put"), tx.Put(name, []byte("k"), nil), class)
			_, err := tx.Delete(name, []byte("k"))
			e.wantClass(what("Delete"), err, class)
			e.wantClass(what("DropTable"), tx.DropTable(name), class)
			_, err = backend.DeleteRange(tx, name, backend.Range{})
			e.wantClass(what("DeleteRange"), err, class)
		})
	}
	e.wantState("no table")
}
