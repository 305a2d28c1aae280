package backendtest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/larderdb/larder/backend"
)

var stampCases = []testCase{
	{name: "stamp in the value", run: stampValue,
		rule: "the zero Stamp names the first eight bytes of the value, which receive the commit's number, big-endian"},
	{name: "stamp in the key", run: stampKey,
		rule: "a Stamp with InKey names eight bytes of the key; pairs so keyed sort in the order of their commits"},
	{name: "several stamps", run: stampSeveral,
		rule: "each stamp of a pair, and of all pairs of a transaction, receives the same number"},
	{name: "stamps read as 0xFF", run: stampPending,
		rule: "until the commit the stamped bytes read as 0xFF, which sorts after every commit"},
	{name: "stamps that are refused", run: stampRefused,
		rule: "a stamp that doesn't lie within its slice is ErrInvalid"},
	{name: "a stamped key that exists", run: stampReplaces,
		rule: "when the stamped key exists already, the pair is replaced"},
	{name: "stamped pairs replaced", run: stampReplaced,
		rule: "a pair that is put again, deleted or dropped before the commit takes its stamps with it"},
	{name: "stamps leave the key's slice alone", run: stampCopiesKey,
		rule: "Put copies a stamped key: the caller's slice is not written to"},
	{name: "stamps in slices that were handed out", run: stampHandedOut,
		rule: "a value that the transaction has handed out may be put, stamped too, and no other pair changes with it"},
	{name: "stamped keys that meet", run: stampsMeet,
		rule: "a pair that receives its number replaces what has that key, and no other pair of the transaction is lost"},
	{name: "commit numbers", run: commitNumbers,
		rule: "commit numbers ascend, ReadVersion is the newest commit's in the snapshot, and 0 in a database that was never written to"},
}

// ff is what a stamp reads as before the commit.
const ff = "\xff\xff\xff\xff\xff\xff\xff\xff"

func (e *env) stamp(tx backend.WriteTx, table string, key, value []byte, stamps ...backend.Stamp) {
	e.Helper()
	if err := tx.Put(table, key, value, stamps...); err != nil {
		e.Fatalf("Put(%s, %q, stamps %v) = %v, want nil", table, key, stamps, err)
	}
}

// version returns the number of the newest commit.
func (e *env) version() (v uint64) {
	e.Helper()
	e.view(func(tx backend.ReadTx) { v = tx.ReadVersion() })
	return v
}

func number(v uint64) string { return string(binary.BigEndian.AppendUint64(nil, v)) }

func stampValue(e *env) {
	e.update(func(tx backend.WriteTx) {
		e.stamp(tx, "t", []byte("only"), []byte("01234567"), backend.Stamp{})
		e.stamp(tx, "t", []byte("front"), []byte("01234567rest"), backend.Stamp{})
		e.stamp(tx, "t", []byte("middle"), []byte("ab01234567cd"), backend.Stamp{Offset: 2})
		e.stamp(tx, "t", []byte("end"), []byte("abcd01234567"), backend.Stamp{Offset: 4})
	})
	n := number(e.version())
	e.view(func(tx backend.ReadTx) {
		e.wantGet(tx, "t", "only", n)
		e.wantGet(tx, "t", "front", n+"rest")
		e.wantGet(tx, "t", "middle", "ab"+n+"cd")
		e.wantGet(tx, "t", "end", "abcd"+n)
	})
}

func stampKey(e *env) {
	var want []string
	for i := range 20 {
		e.update(func(tx backend.WriteTx) {
			e.stamp(tx, "log", []byte("p________"+fmt.Sprint(i)), []byte{byte(i)}, backend.Stamp{InKey: true, Offset: 1})
			e.stamp(tx, "front", []byte("________"), nil, backend.Stamp{InKey: true})
		})
		want = append(want, "p"+number(e.version())+fmt.Sprint(i))
	}
	e.view(func(tx backend.ReadTx) {
		i := 0
		for kv, err := range tx.Scan("log", backend.Prefix([]byte("p"))) {
			if err != nil || string(kv.Key) != want[i] || kv.Value[0] != byte(i) {
				e.Fatalf("pair %d of the log = %q=%q, %v, want the key %q", i, kv.Key, kv.Value, err, want[i])
			}
			e.wantGet(tx, "log", want[i], string([]byte{byte(i)}))
			i++
		}
		if i != len(want) {
			e.Errorf("the log has %d pairs, want %d", i, len(want))
		}
		if n, err := backend.Count(tx, "front", backend.Range{}); n != len(want) || err != nil {
			e.Errorf("Count(front) = %d, %v, want %d, nil", n, err, len(want))
		}
	})
}

func stampSeveral(e *env) {
	e.update(func(tx backend.WriteTx) {
		e.stamp(tx, "t", []byte("k________-________"), []byte("________v________"),
			backend.Stamp{InKey: true, Offset: 1}, backend.Stamp{InKey: true, Offset: 10}, backend.Stamp{}, backend.Stamp{Offset: 9})
		e.stamp(tx, "u", []byte("k________"), nil, backend.Stamp{InKey: true, Offset: 1})
		e.stamp(tx, "u", []byte("l________"), nil, backend.Stamp{InKey: true, Offset: 1})
	})
	n := number(e.version())
	e.view(func(tx backend.ReadTx) {
		e.wantGet(tx, "t", "k"+n+"-"+n, n+"v"+n)
		e.wantGet(tx, "u", "k"+n, "")
		e.wantGet(tx, "u", "l"+n, "")
	})
}

func stampPending(e *env) {
	stop := errors.New("stop")
	write := func(tx backend.WriteTx) {
		e.stamp(tx, "log", []byte("p________"), []byte("ab________"), backend.Stamp{InKey: true, Offset: 1}, backend.Stamp{Offset: 2})
		e.wantGet(tx, "log", "p"+ff, "ab"+ff)
	}
	e.update(write)
	n := number(e.version())
	err := e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
		write(tx)
		e.wantScan(tx, "log", backend.Range{},
			quote([]byte("p"+n))+"="+quote([]byte("ab"+n))+" "+quote([]byte("p"+ff))+"="+quote([]byte("ab"+ff)))
		e.wantScan(tx, "log", backend.Range{Reverse: true, Limit: 1}, quote([]byte("p"+ff))+"="+quote([]byte("ab"+ff)))
		return stop
	})
	e.wantErr("Update", err, stop)
	e.view(func(tx backend.ReadTx) {
		e.wantNone(tx, "log", "p"+ff)
		e.wantScan(tx, "log", backend.Range{}, quote([]byte("p"+n))+"="+quote([]byte("ab"+n)))
	})
}

func stampRefused(e *env) {
	e.update(func(tx backend.WriteTx) {
		for _, s := range []backend.Stamp{
			{Offset: -1}, {Offset: 3}, {Offset: math.MaxInt}, {Offset: math.MinInt},
			{InKey: true, Offset: -1}, {InKey: true, Offset: 2}, {InKey: true, Offset: math.MaxInt},
		} {
			err := tx.Put("t", []byte("123456789"), []byte("1234567890"), s)
			e.wantClass(fmt.Sprintf("Put with stamp %+v", s), err, backend.ErrInvalid)
		}
		e.wantClass("Put with a stamp in a nil value", tx.Put("t", []byte("k"), nil, backend.Stamp{}), backend.ErrInvalid)
		e.wantClass("Put with a good and a bad stamp", tx.Put("t", []byte("k"), make([]byte, 8), backend.Stamp{}, backend.Stamp{InKey: true}), backend.ErrInvalid)
	})
	e.wantState("no table")
}

func stampReplaces(e *env) {
	v := e.version()
	e.update(func(tx backend.WriteTx) {
		for i := range uint64(100) {
			e.put(tx, "t", "p"+number(v+i), "old")
		}
	})
	e.update(func(tx backend.WriteTx) {
		e.stamp(tx, "t", []byte("p________"), []byte("new"), backend.Stamp{InKey: true, Offset: 1})
	})
	n := e.version()
	e.view(func(tx backend.ReadTx) {
		e.wantGet(tx, "t", "p"+number(n), "new")
		want := 100
		if n >= v+100 {
			want = 101
		}
		if got, err := backend.Count(tx, "t", backend.Range{}); got != want || err != nil {
			e.Errorf("Count = %d, %v, want %d, nil", got, err, want)
		}
	})
	e.update(func(tx backend.WriteTx) {
		for _, value := range []string{"first", "second"} {
			e.stamp(tx, "u", []byte("________"), []byte(value), backend.Stamp{InKey: true})
		}
	})
	e.wantTable("u", fmt.Sprintf("%s=second", quote([]byte(number(e.version())))))
}

// wantTable reports the pairs of one table unless they are want.
func (e *env) wantTable(table, want string) {
	e.Helper()
	e.view(func(tx backend.ReadTx) { e.wantScan(tx, table, backend.Range{}, want) })
}

func stampReplaced(e *env) {
	key := func() []byte { return []byte("p________") }
	inKey := backend.Stamp{InKey: true, Offset: 1}
	e.update(func(tx backend.WriteTx) {
		e.stamp(tx, "plain", []byte("k"), []byte("________"), backend.Stamp{})
		e.put(tx, "plain", "k", "unstamped")
		e.stamp(tx, "shorter", []byte("k"), []byte("0________"), backend.Stamp{Offset: 1})
		e.put(tx, "shorter", "k", "s")
		e.stamp(tx, "deleted", key(), nil, inKey)
		e.del(tx, "deleted", "p"+ff)
		e.stamp(tx, "value", []byte("k"), []byte("________"), backend.Stamp{})
		e.del(tx, "value", "k")
		e.stamp(tx, "dropped", key(), nil, inKey)
		e.drop(tx, "dropped")
		e.stamp(tx, "anew", key(), nil, inKey)
		e.drop(tx, "anew")
		e.put(tx, "anew", "k", "v")
	})
	e.wantState("anew{k=v} deleted{nothing} plain{k=unstamped} shorter{k=s} value{nothing}")
}

func stampCopiesKey(e *env) {
	e.update(func(tx backend.WriteTx) {
		key := []byte("p________")
		e.stamp(tx, "t", key, nil, backend.Stamp{InKey: true, Offset: 1})
		if !bytes.Equal(key, []byte("p________")) {
			e.Errorf("Put changed the caller's key to %q", key)
		}
		copy(key, "xxxxxxxxx")
	})
	e.wantState("t{p" + quote([]byte(number(e.version()))) + "=}")
}

// An engine that stamped in place wrote to a page of its file, or to the value
// of a pair without stamps.
func stampHandedOut(e *env) {
	e.fill("t", "a", "old value")
	own := errors.New("own error")
	for _, fails := range []error{own, nil} {
		err := e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
			get := func(key string) []byte {
				v, err := tx.Get("t", []byte(key))
				e.wantErr("Get", err, nil)
				return v
			}
			old := get("a")
			e.stamp(tx, "t", []byte("a"), old, backend.Stamp{})
			e.stamp(tx, "t", []byte("b"), get("a"))
			e.stamp(tx, "t", []byte("c"), get("b"), backend.Stamp{Offset: 1})
			e.wantGet(tx, "t", "b", ff+"e")
			return fails
		})
		e.wantErr("Update", err, fails)
		if fails != nil {
			e.wantState("t{a=old value}")
		}
	}
	n := number(e.version())
	e.view(func(tx backend.ReadTx) {
		e.wantGet(tx, "t", "a", n+"e")
		e.wantGet(tx, "t", "b", ff+"e")
		e.wantGet(tx, "t", "c", "\xff"+n)
	})
}

// An engine that moved pairs one after another lost the first, when it removed
// the second from the key where the first had just arrived.
func stampsMeet(e *env) {
	first, second := backend.Stamp{InKey: true}, backend.Stamp{InKey: true, Offset: 8}
	e.fill("t", "k", "v")
	v := e.version()
	// Most engines give the next number; where another comes, nothing meets.
	next := number(v + 1)
	e.update(func(tx backend.WriteTx) {
		e.stamp(tx, "t", []byte(next+ff), []byte("b"), second)
		e.stamp(tx, "t", []byte("________"+ff), []byte("a"), first)
		e.stamp(tx, "u", []byte("________"+ff), []byte("a"), first)
		e.stamp(tx, "u", []byte(next+ff), []byte("b"), second)
		e.stamp(tx, "v", []byte("________"), []byte("a"), first)
		e.stamp(tx, "v", []byte(next), make([]byte, 8), backend.Stamp{})
	})
	n := number(e.version())
	e.view(func(tx backend.ReadTx) {
		for _, table := range []string{"t", "u"} {
			e.wantGet(tx, table, n+ff, "a")
			e.wantGet(tx, table, next+n, "b")
		}
		e.wantGet(tx, "v", n, "a")
	})
}

func commitNumbers(e *env) {
	if v := e.version(); v != 0 {
		e.Errorf("ReadVersion of a new database = %d, want 0", v)
	}
	stop := errors.New("stop")
	err := e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
		e.put(tx, "t", "k", "v")
		return stop
	})
	e.wantErr("Update", err, stop)
	if v := e.version(); v != 0 {
		e.Errorf("ReadVersion after a rollback = %d, want 0", v)
	}
	var last uint64
	for range 10 {
		e.update(func(tx backend.WriteTx) {
			if v := tx.ReadVersion(); v != last {
				e.Errorf("ReadVersion in an Update = %d, want the last commit's %d", v, last)
			}
			e.put(tx, "t", "k", "v")
		})
		v := e.version()
		if v <= last {
			e.Errorf("ReadVersion after a commit = %d, want more than %d", v, last)
		}
		last = v
	}
	err = e.s.View(e.ctx, func(_ context.Context, tx backend.ReadTx) error {
		e.fill("t", "k", "w")
		if v := tx.ReadVersion(); v != last {
			e.Errorf("ReadVersion of a snapshot became %d during a commit, want %d", v, last)
		}
		return nil
	})
	e.wantErr("View", err, nil)
}
