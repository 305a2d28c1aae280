package entitytest

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/faults"
	"github.com/larderdb/larder/backend/memory"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/keys"
)

// WithFaults is as [New], but fail is asked before each call of the engine, as
// [faults.Inject] says, and the calls that it answers with an error fail with
// that error. A row is in the table of its store's name; a write also reads
// and writes tables of the catalogue and of indexes, whose names begin with an
// underscore.
//
// fail isn't asked while the database is opened, and at the test's end, and
// counts from 1 in between.
func WithFaults(t T, fail func(faults.Call) error, defs ...entity.Definition) *entity.DB {
	t.Helper()
	var on atomic.Bool
	var before atomic.Int64 // calls
	db := Open(t, faults.Inject(memory.New(), func(c faults.Call) error {
		if !on.Load() {
			before.Store(c.N)
			return nil
		}
		c.N -= before.Load()
		return fail(c)
	}), defs...)
	on.Store(true)
	t.Cleanup(func() { on.Store(false) }) // runs before Open's
	return db
}

// errFault is what the calls fail with that EachFailure chooses.
var errFault = &backend.Error{Class: backend.ErrIO, Reason: "a fault of the test"}

// EachFailure tests that work is done as a whole or not at all, whatever fails
// in it. It runs work on a database that fill has filled (nil leaves it empty):
// first undisturbed, then with the first call of the engine failing, with the
// second, and so on until work makes no more, each time on a new database.
//
// Where work returns an error, the database must be as fill left it. Where it
// returns nil, as it may when it tries again, all must be as after the
// undisturbed run; so work does the same each time, without random ids or the
// clock. The failures are of class [backend.ErrIO].
func EachFailure(t T, fill func(*entity.DB), work func(*entity.DB) error, defs ...entity.Definition) {
	t.Helper()
	whole := trial(t, 0, fill, work, defs)
	if whole.err != nil {
		t.Fatalf("entitytest: without any failure: %v", whole.err)
	}
	for n := int64(1); ; n++ {
		r := trial(t, n, fill, work, defs)
		if r.failed == "" {
			if n == 1 {
				t.Errorf("entitytest: nothing can fail: the engine isn't called")
			}
			return
		}
		switch before, after := r.before.differences(r.after), whole.after.differences(r.after); {
		case r.err != nil && before != "":
			t.Errorf("entitytest: when call %d (%s) fails, the error is %q, and yet this has changed: %s", n, r.failed, r.err, before)
		case r.err == nil && after != "" && before == "":
			t.Errorf("entitytest: when call %d (%s) fails, nothing is done and no error returned", n, r.failed)
		case r.err == nil && after != "":
			t.Errorf("entitytest: when call %d (%s) fails, no error is returned, and this is not as it should be: %s", n, r.failed, after)
		}
	}
}

// A run is what came of a trial.
type run struct {
	before, after pairs
	failed        string // the call; empty when there was none
	err           error  // of work
}

// trial runs work with its call number n failing, with none if n is 0.
func trial(t T, n int64, fill func(*entity.DB), work func(*entity.DB) error, defs []entity.Definition) (r run) {
	t.Helper()
	s := memory.New()
	var on atomic.Bool
	var calls atomic.Int64
	db, err := entity.Open(t.Context(), faults.Inject(s, func(c faults.Call) error {
		if !on.Load() || calls.Add(1) != n {
			return nil
		}
		r.failed = strings.TrimSpace(c.Op + " " + c.Table)
		if len(c.Key) > 0 {
			r.failed += " " + keys.Fmt(c.Key)
		}
		return errFault
	}), defs...)
	if err != nil {
		t.Fatalf("entitytest: %v", err)
	}
	if fill != nil {
		fill(db)
	}
	r.before = pairsOf(t, s)
	on.Store(true)
	r.err = work(db)
	on.Store(false)
	r.after = pairsOf(t, s)
	finish(t, db)
	return r
}

// pairs are all that an engine holds: values by table and key.
type pairs map[[2]string]string

func pairsOf(t T, s backend.Store) pairs {
	t.Helper()
	p := make(pairs)
	err := s.View(t.Context(), func(_ context.Context, tx backend.ReadTx) error {
		tables, err := tx.Tables()
		for _, table := range tables {
			for kv, err := range tx.Scan(table, backend.Range{}) {
				if err != nil {
					return err
				}
				p[[2]string{table, string(kv.Key)}] = string(kv.Value)
			}
		}
		return err
	})
	if err != nil {
		t.Fatalf("entitytest: %v", err)
	}
	return p
}

// differences returns the keys whose values differ in p and q, in order.
func (p pairs) differences(q pairs) string {
	var all []string
	for key, value := range p {
		if other, ok := q[key]; !ok || other != value {
			all = append(all, key[0]+" "+keys.Fmt([]byte(key[1])))
		}
	}
	for key := range q {
		if _, ok := p[key]; !ok {
			all = append(all, key[0]+" "+keys.Fmt([]byte(key[1])))
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}
