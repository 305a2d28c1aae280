package backendtest

import (
	"context"
	"errors"
	"iter"
	"runtime"

	"github.com/larderdb/larder/backend"
)

var txCases = []testCase{
	{name: "A8 A9 B56 D12 all or nothing", run: allOrNothing,
		rule: "an Update whose fn returns nil commits what it wrote in all tables; one whose fn returns an error writes nothing"},
	{name: "A9 errors come back as they are", run: sameError,
		rule: "when a closure returns an error, the same error is returned, not wrapped"},
	{name: "A9 panics roll back", run: panics,
		rule: "a panic in a closure rolls the transaction back, goes on to the caller, and leaves the store usable"},
	{name: "goroutines that end in a closure", run: goexits,
		rule: "a closure left by runtime.Goexit, as t.FailNow does, is rolled back like one that panics"},
	{name: "D12 a failed call inside", run: failedCall,
		rule: "a call that is refused changes nothing, and the rest of its transaction commits when fn goes on"},
	{name: "A7 views can't write", run: viewsCannotWrite,
		rule: "in a View's transaction there is no WriteTx, so nothing can be written there"},
	{name: "B55 use after the end", run: useAfterEnd,
		rule: "after the closure has returned every method reports ErrTxDone: after a commit, a rollback, a panic and a View"},
	{name: "loops that outlive their transaction", run: loopAfterEnd,
		rule: "a loop that is still running when its transaction ends yields ErrTxDone once and ends"},
	{name: "transactions that write nothing", run: writeNothing,
		rule: "an Update that writes nothing succeeds, and leaves the store as it was"},
}

func allOrNothing(e *env) {
	e.fill("t", "a", "1", "b", "2")
	e.fill("old", "k", "v")
	stop := errors.New("stop")
	write := func(tx backend.WriteTx) {
		e.put(tx, "t", "a", "one", "c", "3")
		e.del(tx, "t", "b")
		e.put(tx, "new", "k", "v")
		e.drop(tx, "old")
	}
	err := e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
		write(tx)
		e.wantState("old{k=v} t{a=1 b=2}")
		return stop
	})
	e.wantErr("Update", err, stop)
	e.wantState("old{k=v} t{a=1 b=2}")
	e.update(write)
	e.wantState("new{k=v} t{a=one c=3}")
}

func sameError(e *env) {
	own := errors.New("own error")
	if err := e.s.View(e.ctx, func(context.Context, backend.ReadTx) error { return own }); err != own {
		e.Errorf("View = %v, want the very error that the closure returned", err)
	}
	if err := e.s.Update(e.ctx, func(context.Context, backend.WriteTx) error { return own }); err != own {
		e.Errorf("Update = %v, want the very error that the closure returned", err)
	}
	for _, class := range classes {
		if err := e.s.Update(e.ctx, func(context.Context, backend.WriteTx) error { return class }); err != error(class) {
			e.Errorf("Update = %v, want the closure's own error of the class %q", err, class)
		}
	}
}

func panics(e *env) {
	e.fill("t", "a", "1")
	caught := func(fn func()) (v any) {
		defer func() { v = recover() }()
		fn()
		return nil
	}
	v := caught(func() {
		e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
			e.put(tx, "t", "a", "2", "b", "2")
			e.put(tx, "u", "a", "2")
			for range tx.Scan("t", backend.Range{}) {
				panic("in Update")
			}
			return nil
		})
	})
	if v != "in Update" {
		e.Errorf("Update's caller recovered %v, want the closure's panic", v)
	}
	e.wantState("t{a=1}")
	v = caught(func() {
		e.s.View(e.ctx, func(_ context.Context, tx backend.ReadTx) error {
			e.wantGet(tx, "t", "a", "1")
			panic("in View")
		})
	})
	if v != "in View" {
		e.Errorf("View's caller recovered %v, want the closure's panic", v)
	}
	e.fill("t", "b", "2")
	e.wantState("t{a=1 b=2}")
}

func goexits(e *env) {
	e.fill("t", "a", "1")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
			if err := tx.Put("t", []byte("a"), []byte("2")); err != nil {
				e.Errorf("Put = %v, want nil", err)
			}
			runtime.Goexit()
			return nil
		})
	}()
	<-ended
	ended = make(chan struct{})
	go func() {
		defer close(ended)
		e.s.View(e.ctx, func(context.Context, backend.ReadTx) error {
			runtime.Goexit()
			return nil
		})
	}()
	<-ended
	e.fill("t", "b", "2")
	e.wantState("t{a=1 b=2}")
}

func failedCall(e *env) {
	e.fill("t", "a", "1")
	e.update(func(tx backend.WriteTx) {
		e.put(tx, "t", "b", "2")
		e.wantClass("Put of an empty key", tx.Put("t", nil, []byte("x")), backend.ErrInvalid)
		e.wantClass("DropTable of a missing table", tx.DropTable("missing"), backend.ErrTableNotFound)
		e.wantClass("Put in a table without a name", tx.Put("", []byte("k"), nil), backend.ErrInvalid)
		e.wantScan(tx, "missing", backend.Range{}, "error(table not found)")
		e.put(tx, "t", "c", "3")
	})
	e.wantState("t{a=1 b=2 c=3}")
	err := e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
		e.put(tx, "t", "d", "4")
		return tx.Put("t", nil, nil)
	})
	e.wantClass("Update that passes a call's error on", err, backend.ErrInvalid)
	e.wantState("t{a=1 b=2 c=3}")
}

func viewsCannotWrite(e *env) {
	e.fill("t", "a", "1")
	e.view(func(tx backend.ReadTx) {
		if _, ok := tx.(backend.WriteTx); ok {
			e.Error("the transaction of a View has the methods of a WriteTx")
		}
		if _, ok := tx.(interface {
			Put(string, []byte, []byte, ...backend.Stamp) error
		}); ok {
			e.Error("the transaction of a View has a method Put")
		}
	})
}

func useAfterEnd(e *env) {
	e.fill("t", "a", "1")
	own := errors.New("own error")
	var read backend.ReadTx
	var write backend.WriteTx
	ends := map[string]func(){
		"View": func() {
			e.view(func(tx backend.ReadTx) { read = tx })
		},
		"commit": func() {
			e.update(func(tx backend.WriteTx) { read, write = tx, tx; e.put(tx, "t", "a", "1") })
		},
		"rollback": func() {
			e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
				read, write = tx, tx
				return own
			})
		},
		"panic": func() {
			defer func() { recover() }()
			e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
				read, write = tx, tx
				panic(own)
			})
		},
	}
	for what, end := range ends {
		read, write = nil, nil
		end()
		v, err := read.Get("t", []byte("a"))
		if v != nil {
			e.Errorf("Get after %s = %q, want nil", what, v)
		}
		e.wantClass("Get after "+what, err, backend.ErrTxDone)
		if got := show(read.Scan("t", backend.Range{})); got != "error(transaction has ended)" {
			e.Errorf("Scan after %s yields %s, want error(transaction has ended)", what, got)
		}
		_, err = read.Tables()
		e.wantClass("Tables after "+what, err, backend.ErrTxDone)
		_, err = backend.Count(read, "t", backend.Range{})
		e.wantClass("Count after "+what, err, backend.ErrTxDone)
		read.ReadVersion() // has no error to report, and must not panic
		if write == nil {
			continue
		}
		e.wantClass("Put after "+what, write.Put("t", []byte("b"), []byte("2")), backend.ErrTxDone)
		_, err = write.Delete("t", []byte("a"))
		e.wantClass("Delete after "+what, err, backend.ErrTxDone)
		e.wantClass("DropTable after "+what, write.DropTable("t"), backend.ErrTxDone)
		_, err = backend.DeleteRange(write, "t", backend.Range{})
		e.wantClass("DeleteRange after "+what, err, backend.ErrTxDone)
	}
	e.wantState("t{a=1}")
}

func loopAfterEnd(e *env) {
	e.fill("t", "a", "1", "b", "2", "c", "3")
	check := func(what string, run func(keep func(backend.ReadTx))) {
		for _, reverse := range []bool{false, true} {
			var next func() (backend.KV, error, bool)
			run(func(tx backend.ReadTx) {
				var stop func()
				next, stop = iter.Pull2(tx.Scan("t", backend.Range{Reverse: reverse}))
				e.Cleanup(stop)
				if _, err, ok := next(); err != nil || !ok {
					e.Errorf("%s: the first pair = %v, %v, want nil, true", what, err, ok)
				}
			})
			_, err, ok := next()
			if !ok {
				e.Errorf("%s: the loop ended without an error, want ErrTxDone", what)
			} else {
				e.wantClass(what+": the loop after the end", err, backend.ErrTxDone)
			}
			if _, err, ok := next(); ok {
				e.Errorf("%s: the loop went on after its error, with %v", what, err)
			}
		}
	}
	check("View", func(keep func(backend.ReadTx)) { e.view(keep) })
	check("Update", func(keep func(backend.ReadTx)) {
		e.update(func(tx backend.WriteTx) { e.put(tx, "t", "d", "4"); keep(tx) })
	})
}

func writeNothing(e *env) {
	e.update(func(backend.WriteTx) {})
	e.wantState("no table")
	if v := e.version(); v != 0 {
		e.Errorf("ReadVersion after an Update that wrote nothing = %d, want 0", v)
	}
	e.fill("t", "a", "1")
	e.update(func(tx backend.WriteTx) { e.wantGet(tx, "t", "a", "1") })
	e.wantState("t{a=1}")
}
