package backendtest

import (
	"context"
	"errors"
	"fmt"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/faults"
)

var faultCases = []testCase{
	{name: "A39 B47 D7 D12 a fault at each call", run: faultEachCall,
		rule: "whichever call of an Update fails, the commit included, all or nothing holds, the error comes back, and the store can be used"},
	{name: "A39 D18 a fault in each step of a scan", run: faultInScan,
		rule: "a loop exposes the error that ended it, wherever that came"},
	{name: "A39 a cancellation at each call", run: cancelEachCall,
		rule: "whenever an Update's context is done before its commit begins, nothing is written and the context's error comes back"},
}

// faultProgram is a transaction with every operation in it.
func faultProgram(tx backend.WriteTx) error {
	v, err := tx.Get("rows", []byte("a"))
	if err != nil {
		return err
	}
	if err := tx.Put("rows", []byte("a"), append([]byte("new "), v...)); err != nil {
		return err
	}
	for kv, err := range tx.Scan("index", backend.Range{}) {
		if err != nil {
			return err
		}
		if _, err := tx.Delete("index", kv.Key); err != nil {
			return err
		}
		if err := tx.Put("index", append([]byte("new "), kv.Key...), kv.Value); err != nil {
			return err
		}
	}
	if err := tx.DropTable("gone"); err != nil {
		return err
	}
	if err := tx.Put("log", make([]byte, 8), nil, backend.Stamp{InKey: true}); err != nil {
		return err
	}
	_, err = tx.Tables()
	return err
}

const (
	faultBefore = "gone{k=v} index{x=1 y=2} rows{a=1 b=2}"
	faultAfter  = "index{new x=1 new y=2} log{%s=} rows{a=new 1 b=2}"
)

func (e *env) fillFault() {
	e.update(func(tx backend.WriteTx) {
		e.put(tx, "rows", "a", "1", "b", "2")
		e.put(tx, "index", "x", "1", "y", "2")
		e.put(tx, "gone", "k", "v")
	})
}

// eachCall runs the program with a fault at its first call, then its second,
// and so on, until one run meets none.
func (e *env) eachCall(run func(n int64) (hit bool)) {
	e.fillFault()
	e.wantState(faultBefore)
	n := int64(1)
	for ; run(n); n++ {
		e.wantState(faultBefore)
		if e.Failed() {
			e.Fatalf("after the fault at call %d", n)
		}
	}
	e.wantState(fmt.Sprintf(faultAfter, quote([]byte(number(e.version())))))
	if n < 10 {
		e.Errorf("the program made %d calls, want more", n-1)
	}
}

func faultEachCall(e *env) {
	injected := errors.New("injected fault")
	e.eachCall(func(n int64) bool {
		s := faults.Inject(e.s, faults.Nth(n, injected))
		err := s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error { return faultProgram(tx) })
		if err != nil && err != injected {
			e.Errorf("Update with a fault at call %d = %v, want the injected error", n, err)
		}
		return err != nil
	})
}

func cancelEachCall(e *env) {
	e.eachCall(func(n int64) bool {
		ctx, cancel := context.WithCancel(e.ctx)
		defer cancel()
		s := faults.Inject(e.s, func(c faults.Call) error {
			if c.N == n {
				cancel()
			}
			return nil
		})
		err := s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error { return faultProgram(tx) })
		if err != nil && !errors.Is(err, context.Canceled) {
			e.Errorf("Update cancelled at call %d = %v, want %v", n, err, context.Canceled)
		}
		return err != nil
	})
}

func faultInScan(e *env) {
	e.fill("t", "a", "1", "b", "2", "c", "3")
	injected := errors.New("injected fault")
	for i, want := range []string{"injected fault", "error(injected fault)", "error(injected fault)", "a=1 error(injected fault)", "a=1 b=2 error(injected fault)", "a=1 b=2 c=3"} {
		n := int64(i + 1) // the first is View, the second the loop's beginning
		s := faults.Inject(e.s, faults.Nth(n, injected))
		got := ""
		err := s.View(e.ctx, func(_ context.Context, tx backend.ReadTx) error {
			got = show(tx.Scan("t", backend.Range{}))
			return nil
		})
		if err != nil {
			got = err.Error()
		}
		if got != want {
			e.Errorf("with a fault at call %d the scan yields %s, want %s", n, got, want)
		}
	}
}
