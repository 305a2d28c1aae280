package backendtest

import (
	"context"
	"fmt"
	"strings"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/faults"
)

var persistCases = []testCase{
	{name: "A16 reopening", run: reopen, needs: Config.persists,
		rule: "what was committed is there when the database is opened again: every pair, every table, empty ones too"},
	{name: "commit numbers go on", run: reopenNumbers, needs: Config.persists,
		rule: "commit numbers go on after the database is opened again, and are never used twice"},
	{name: "what was not committed is gone", run: reopenUncommitted, needs: Config.persists,
		rule: "an Update that was rolled back has left nothing behind when the database is opened again"},
	{name: "reopening many times", run: reopenOften, needs: Config.persists,
		rule: "each opening goes on where the last one ended"},
	{name: "B55 a second store on the database", run: reopenLocked, needs: Config.exclusive,
		rule: "a database that is open can't be opened again: ErrLocked, and the one that has it isn't disturbed"},
}

func (c Config) persists() bool  { return c.Persists }
func (c Config) shares() bool    { return c.Shares }
func (c Config) exclusive() bool { return c.Persists && !c.Shares }

// reopen closes the store and opens its database again.
func (e *env) reopen() {
	e.Helper()
	if err := e.s.Close(e.ctx); err != nil {
		e.Fatalf("Close = %v, want nil", err)
	}
	e.s = e.open(e.name)
}

func reopen(e *env) {
	value := strings.Repeat("v", e.n(1<<20, 1<<17))
	e.fillAwkward()
	e.fillNumbers("numbers", 2000)
	e.update(func(tx backend.WriteTx) {
		e.put(tx, "emptied", "a", "1")
		e.put(tx, "dropped", "a", "1")
		e.put(tx, "t\x00é", "nil", "")
		e.put(tx, "large", "k", value)
		e.stamp(tx, "log", []byte("p________"), []byte("________"), backend.Stamp{InKey: true, Offset: 1}, backend.Stamp{})
	})
	e.update(func(tx backend.WriteTx) {
		e.del(tx, "emptied", "a")
		e.drop(tx, "dropped")
	})
	var before string
	e.view(func(tx backend.ReadTx) { before = state(tx) })
	e.reopen()
	e.wantState(before)
	e.view(func(tx backend.ReadTx) { e.wantGet(tx, "large", "k", value) })
	e.update(func(tx backend.WriteTx) {
		for _, table := range []string{"numbers", "t", "log", "large"} {
			e.drop(tx, table)
		}
	})
	e.reopen()
	e.wantState(`emptied{nothing} t\x00\u00e9{nil=}`)
}

func reopenNumbers(e *env) {
	var last uint64
	for range 5 {
		if v := e.version(); v != last {
			e.Errorf("ReadVersion after reopening = %d, want the last commit's %d", v, last)
		}
		for range 3 {
			e.update(func(tx backend.WriteTx) {
				e.stamp(tx, "log", []byte("________"), nil, backend.Stamp{InKey: true})
			})
		}
		v := e.version()
		if v <= last {
			e.Errorf("ReadVersion after commits = %d, want more than %d", v, last)
		}
		last = v
		e.reopen()
	}
	e.view(func(tx backend.ReadTx) {
		if n, err := backend.Count(tx, "log", backend.Range{}); n != 15 || err != nil {
			e.Errorf("15 commits left %d stamped pairs, %v", n, err)
		}
	})
}

func reopenUncommitted(e *env) {
	e.fillFault()
	s := faults.Inject(e.s, func(c faults.Call) error {
		if c.Op == "commit" {
			return fmt.Errorf("injected fault")
		}
		return nil
	})
	if err := s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error { return faultProgram(tx) }); err == nil {
		e.Error("Update with a fault at its commit = nil, want the injected error")
	}
	e.reopen()
	e.wantState(faultBefore)
}

func reopenOften(e *env) {
	n := e.n(12, 5)
	for i := range n {
		e.fill("t", fmt.Sprint(i), "v")
		e.reopen()
		e.view(func(tx backend.ReadTx) {
			if got, err := backend.Count(tx, "t", backend.Range{}); got != i+1 || err != nil {
				e.Errorf("after opening %d the table has %d pairs, %v, want %d", i+1, got, err, i+1)
			}
		})
	}
}

func reopenLocked(e *env) {
	e.fill("t", "a", "1")
	s, err := e.cfg.Open(e.T, e.name)
	if err == nil {
		s.Close(e.ctx)
	}
	e.wantClass("Open of a database that is open", err, backend.ErrLocked)
	e.fill("t", "b", "2")
	e.wantState("t{a=1 b=2}")
	e.reopen()
	e.wantState("t{a=1 b=2}")
}
