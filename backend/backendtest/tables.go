package backendtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/larderdb/larder/backend"
)

var tableCases = []testCase{
	{name: "A7 D13 missing tables", run: missingTables,
		rule: "reading, deleting from or dropping a table that doesn't exist is ErrTableNotFound, and creates nothing"},
	{name: "A8 D13 put creates tables", run: putCreates,
		rule: "a Put creates its table when it is missing, inside its transaction"},
	{name: "B56 D14 tables are listed", run: tablesListed,
		rule: "Tables returns the names of all tables, the transaction's own among them, in ascending order of bytes, and nothing else"},
	{name: "D14 drop", run: dropTables,
		rule: "DropTable removes the table with all its pairs, for the transaction at once and for others when it commits"},
	{name: "D14 drop and create anew", run: dropAndCreate,
		rule: "a Put after DropTable in the same transaction creates the table anew, with nothing in it but that pair"},
	{name: "D15 the last key", run: lastKey,
		rule: "a table whose last key is deleted still exists"},
	{name: "odd names of tables", run: oddNames,
		rule: "any 1 to 128 bytes of valid UTF-8 name a table; names are equal only when their bytes are"},
	{name: "many tables", run: manyTables,
		rule: "tables are as many as you like, and each keeps its own pairs"},
}

func missingTables(e *env) {
	read := func(tx backend.ReadTx) {
		v, err := tx.Get("missing", []byte("k"))
		if v != nil {
			e.Errorf("Get from a missing table = %q, want nil", v)
		}
		e.wantClass("Get", err, backend.ErrTableNotFound)
		if !backend.IsNotFound(err) {
			e.Errorf("IsNotFound(%v) = false, want true", err)
		}
		e.wantScan(tx, "missing", backend.Range{}, "error(table not found)")
		e.wantScan(tx, "missing", backend.Range{Reverse: true, Limit: 1}, "error(table not found)")
		_, err = backend.Count(tx, "missing", backend.Range{})
		e.wantClass("Count", err, backend.ErrTableNotFound)
	}
	e.view(read)
	e.update(func(tx backend.WriteTx) {
		read(tx)
		existed, err := tx.Delete("missing", []byte("k"))
		if existed {
			e.Error("Delete from a missing table says that the key existed")
		}
		e.wantClass("Delete", err, backend.ErrTableNotFound)
		e.wantClass("DropTable", tx.DropTable("missing"), backend.ErrTableNotFound)
		_, err = backend.DeleteRange(tx, "missing", backend.Range{})
		e.wantClass("DeleteRange", err, backend.ErrTableNotFound)
		read(tx)
	})
	e.wantState("no table")
}

func putCreates(e *env) {
	stop := errors.New("stop")
	err := e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
		e.put(tx, "t", "a", "1")
		if got := state(tx); got != "t{a=1}" {
			e.Errorf("the transaction reads %s, want t{a=1}", got)
		}
		return stop
	})
	e.wantErr("Update", err, stop)
	e.wantState("no table")
	e.fill("t", "a", "1")
	e.wantState("t{a=1}")
}

func tablesListed(e *env) {
	want := func(tx backend.ReadTx, want ...string) {
		e.Helper()
		if got, err := tx.Tables(); !slices.Equal(got, want) || err != nil {
			e.Errorf("Tables() = %q, %v, want %q, nil", got, err, want)
		}
	}
	e.view(func(tx backend.ReadTx) { want(tx) })
	e.update(func(tx backend.WriteTx) {
		want(tx)
		e.put(tx, "b", "k", "")
		e.put(tx, "_index/7", "k", "")
		e.put(tx, "ab", "k", "")
		e.put(tx, "é", "k", "")
		e.put(tx, "a", "k", "")
		e.put(tx, "B", "k", "")
		want(tx, "B", "_index/7", "a", "ab", "b", "é")
	})
	e.update(func(tx backend.WriteTx) {
		want(tx, "B", "_index/7", "a", "ab", "b", "é")
		e.drop(tx, "ab")
		e.put(tx, "aa", "k", "")
		e.put(tx, "z", "k", "")
		e.drop(tx, "z")
		want(tx, "B", "_index/7", "a", "aa", "b", "é")
	})
	e.view(func(tx backend.ReadTx) { want(tx, "B", "_index/7", "a", "aa", "b", "é") })
}

func dropTables(e *env) {
	e.fill("t", "a", "1", "b", "2")
	e.fill("u", "a", "1")
	stop := errors.New("stop")
	err := e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
		e.drop(tx, "t")
		if got := state(tx); got != "u{a=1}" {
			e.Errorf("after DropTable the transaction reads %s, want u{a=1}", got)
		}
		_, err := tx.Get("t", []byte("a"))
		e.wantClass("Get from a dropped table", err, backend.ErrTableNotFound)
		_, err = tx.Delete("t", []byte("a"))
		e.wantClass("Delete from a dropped table", err, backend.ErrTableNotFound)
		e.wantClass("second DropTable", tx.DropTable("t"), backend.ErrTableNotFound)
		e.wantStateOf(e.s, "t{a=1 b=2} u{a=1}")
		return stop
	})
	e.wantErr("Update", err, stop)
	e.wantState("t{a=1 b=2} u{a=1}")
	e.update(func(tx backend.WriteTx) { e.drop(tx, "t") })
	e.wantState("u{a=1}")
	e.update(func(tx backend.WriteTx) { e.drop(tx, "u") })
	e.wantState("no table")
}

func dropAndCreate(e *env) {
	e.fill("t", "a", "1", "b", "2")
	e.update(func(tx backend.WriteTx) {
		e.drop(tx, "t")
		e.put(tx, "t", "c", "3")
		if got := state(tx); got != "t{c=3}" {
			e.Errorf("after DropTable and Put the transaction reads %s, want t{c=3}", got)
		}
		e.drop(tx, "t")
		e.put(tx, "t", "d", "4")
	})
	e.wantState("t{d=4}")
	e.update(func(tx backend.WriteTx) {
		e.put(tx, "t", "e", "5")
		e.drop(tx, "t")
	})
	e.wantState("no table")
}

func lastKey(e *env) {
	e.fill("t", "a", "1")
	e.update(func(tx backend.WriteTx) {
		e.del(tx, "t", "a")
		e.wantNone(tx, "t", "a")
		if got := state(tx); got != "t{nothing}" {
			e.Errorf("the transaction reads %s, want t{nothing}", got)
		}
	})
	e.wantState("t{nothing}")
	e.view(func(tx backend.ReadTx) { e.wantNone(tx, "t", "a") })
	e.update(func(tx backend.WriteTx) {
		e.put(tx, "u", "a", "1")
		e.del(tx, "u", "a")
	})
	e.wantState("t{nothing} u{nothing}")
	e.fill("t", "b", "2")
	e.wantState("t{b=2} u{nothing}")
}

func oddNames(e *env) {
	names := []string{
		"\x00", "a", "a\x00", "a\x00b", " ", "/", "../up", "a/b", "a.b", "A", "%00", "\u00e9", "e\u0301", "\u2028",
		"\ufffd", "\U0010ffff", "👩‍🚀", "__proto__", "constructor", "undefined", "日本", strings.Repeat("t", 128),
		strings.Repeat("é", 64), strings.Repeat("t", 127), "\ufeff", "\u202e",
	}
	slices.Sort(names)
	e.update(func(tx backend.WriteTx) {
		for i, name := range names {
			e.put(tx, name, "k", fmt.Sprint(i))
		}
	})
	e.view(func(tx backend.ReadTx) {
		if got, err := tx.Tables(); !slices.Equal(got, names) || err != nil {
			e.Errorf("Tables() = %q, %v, want %q, nil", got, err, names)
		}
		for i, name := range names {
			e.wantScan(tx, name, backend.Range{}, fmt.Sprintf("k=%d", i))
		}
	})
	e.update(func(tx backend.WriteTx) {
		for _, name := range names[1:] {
			e.drop(tx, name)
		}
	})
	e.wantState(`\x00{k=0}`)
}

func manyTables(e *env) {
	n := e.n(300, 60)
	e.update(func(tx backend.WriteTx) {
		for i := range n {
			e.put(tx, fmt.Sprintf("table-%04d", i), "k", fmt.Sprint(i))
		}
	})
	e.view(func(tx backend.ReadTx) {
		tables, err := tx.Tables()
		if len(tables) != n || err != nil {
			e.Fatalf("Tables() has %d names, %v, want %d, nil", len(tables), err, n)
		}
		for i, name := range tables {
			e.wantGet(tx, name, "k", fmt.Sprint(i))
		}
	})
}
