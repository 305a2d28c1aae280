package backendtest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/larderdb/larder/backend"
)

// storageCases are about what is stored where: in memory, on its way to the
// platform, or damaged.
var storageCases = []testCase{
	{name: "reads that must not wait", run: cachedReads,
		rule: "a read that must not wait is right or ErrNotInMemory, which changes nothing; once it may wait, it is right"},
	{name: "reads that must not wait, after reopening", run: cachedReopened, needs: Config.persists,
		rule: "a read that must not wait is right or ErrNotInMemory also when nothing was read yet"},
	{name: "reads without a View", run: peeks,
		rule: "what Peek returns reads what a View would, or ErrNotInMemory; it is another one if and only if there is another snapshot; after Close it is ErrClosed"},
	{name: "A9 Updates that can't wait", run: updatesNow,
		rule: "UpdateNow is Update, or ErrNotInMemory and nothing has happened, also in another Update; after Close it is ErrClosed"},
	{name: "A9 asynchronous commits", run: async,
		rule: "an Update with Async is acknowledged like any other: the next View sees it, and the next Update follows it"},
	{name: "A9 asynchronous commits after reopening", run: asyncReopened, needs: Config.persists,
		rule: "Flush and Close wait for asynchronous commits: they are there when the database is opened again"},
	{name: "a sound database", run: sound,
		rule: "Verify finds no damage in what was written, and Status is no error, also while others write"},
}

// A question is a read with its answer in words. A read that fails in its
// midst has the beginning of the answer.
type question struct {
	what string
	ask  func(tx backend.ReadTx) (string, error)
}

// questions are reads of the table that fillCached has made.
func questions() (qs []question) {
	add := func(what string, ask func(tx backend.ReadTx) (string, error)) {
		qs = append(qs, question{what, ask})
	}
	for _, i := range []int{0, 1, 700, 1998, 1999} {
		key := fmt.Appendf(nil, "%06d", i)
		add(fmt.Sprintf("Get(%s)", key), func(tx backend.ReadTx) (string, error) {
			v, err := tx.Get("t", key)
			if errors.Is(err, backend.ErrNotFound) {
				return "missing", nil
			}
			return fmt.Sprintf("%.20q of %d bytes", v, len(v)), err
		})
		add(fmt.Sprintf("Delete(%s)", key), func(tx backend.ReadTx) (string, error) {
			w, ok := tx.(backend.WriteTx)
			if !ok {
				return "", nil
			}
			existed, err := w.Delete("t", key)
			if existed && err == nil {
				err = w.Put("t", key, []byte("again")) // for questions of other runs
			}
			return fmt.Sprint(existed), err
		})
	}
	for _, r := range []backend.Range{
		{}, {Reverse: true}, {Limit: 3}, {Start: []byte("000690"), End: []byte("000710")},
		{Start: []byte("000690"), End: []byte("000710"), Reverse: true}, {Start: []byte("0019"), Limit: 5}, {Start: []byte("x")},
	} {
		add("Count("+showRange(r)+")", func(tx backend.ReadTx) (string, error) {
			n, err := backend.Count(tx, "t", r)
			return fmt.Sprint(n), err
		})
		add("Scan("+showRange(r)+")", func(tx backend.ReadTx) (string, error) { return pairsRead(tx.Scan("t", r)) })
	}
	return qs
}

func pairsRead(seq iter.Seq2[backend.KV, error]) (string, error) {
	var b strings.Builder
	for kv, err := range seq {
		if err != nil {
			return b.String(), err
		}
		fmt.Fprintf(&b, "%q=%.8q/%d ", kv.Key, kv.Value, len(kv.Value))
	}
	return b.String(), nil
}

// fillCached makes a table of several pages, whatever a page is, with values
// large and small.
func (e *env) fillCached() {
	e.fillNumbers("t", 2000)
	e.update(func(tx backend.WriteTx) {
		for i := 0; i < 2000; i += 100 {
			e.put(tx, "t", fmt.Sprintf("%06d", i), strings.Repeat("v", 20_000))
		}
	})
	e.update(func(tx backend.WriteTx) { e.del(tx, "t", "000001", "001998") })
}

func cachedReads(e *env) {
	e.fillCached()
	e.wantCachedReads()
}

func cachedReopened(e *env) {
	e.fillCached()
	e.reopen()
	e.wantCachedReads()
}

// wantCachedReads asks the questions in transactions that must not wait, then
// in the same ones when they may.
func (e *env) wantCachedReads() {
	cached := backend.WithTxOptions(e.ctx, backend.TxOptions{Cached: true})
	answers := map[string][]string{} // by question, also of scans that failed in their midst
	ask := func(tx backend.ReadTx, where string) {
		for _, q := range questions() {
			got, err := q.ask(tx)
			if errors.Is(err, backend.ErrNotInMemory) {
				e.wantClass(q.what+" "+where, err, backend.ErrNotInMemory)
				if strings.HasPrefix(q.what, "Scan") {
					answers[q.what] = append(answers[q.what], got)
				}
				backend.SetCached(tx, false)
				if got, err = q.ask(tx); err != nil {
					e.Errorf("%s %s, once it may wait: %v, want nil", q.what, where, err)
				}
				backend.SetCached(tx, true)
			} else if err != nil {
				e.Errorf("%s %s = %v, want nil or ErrNotInMemory", q.what, where, err)
			}
			answers[q.what] = append(answers[q.what], got)
		}
	}
	err := e.s.View(cached, func(_ context.Context, tx backend.ReadTx) error { ask(tx, "in a View"); return nil })
	e.wantErr("View", err, nil)
	e.view(func(tx backend.ReadTx) {
		backend.SetCached(tx, true)
		ask(tx, "after SetCached")
	})
	// What is right is what an ordinary transaction reads.
	e.view(func(tx backend.ReadTx) {
		for _, q := range questions() {
			want, err := q.ask(tx)
			e.wantErr(q.what, err, nil)
			for _, got := range answers[q.what] {
				if got != want && !(strings.HasPrefix(q.what, "Scan") && strings.HasPrefix(want, got)) {
					e.Errorf("%s that must not wait = %.100s, want %.100s", q.what, got, want)
				}
			}
		}
		if got, _ := pairsRead(tx.Scan("t", backend.Range{Limit: 2})); !strings.HasPrefix(got, `"000000"="vvvvvvvv"/20000 "000002"`) {
			e.Errorf("an ordinary Scan begins with %s", got)
		}
	})
	// In an Update it can go on after the error, and commit.
	clear(answers)
	err = e.s.Update(cached, func(_ context.Context, tx backend.WriteTx) error {
		clear(answers)
		e.put(tx, "t", "000003", "own")
		if v, err := tx.Get("t", []byte("000003")); string(v) != "own" || err != nil {
			e.Errorf("Get of what the transaction has put = %q, %v, want it at once", v, err)
		}
		ask(tx, "in an Update")
		return nil
	})
	e.wantErr("Update", err, nil)
	e.view(func(tx backend.ReadTx) {
		e.wantGet(tx, "t", "000003", "own")
		e.wantGet(tx, "t", "001999", "again")
		e.wantNone(tx, "t", "001998")
	})
	for _, q := range []struct{ what, want string }{
		{"Delete(000000)", "true"}, {"Delete(000001)", "false"}, {"Delete(000700)", "true"},
		{"Delete(001998)", "false"}, {"Delete(001999)", "true"},
	} {
		if got := answers[q.what]; len(got) != 1 || got[0] != q.want {
			e.Errorf("%s in an Update = %v, want %s", q.what, got, q.want)
		}
	}
}

func async(e *env) {
	ctx := backend.WithTxOptions(e.ctx, backend.TxOptions{Durability: backend.Async})
	for i := range e.n(200, 50) {
		err := e.s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
			if i > 0 {
				e.wantGet(tx, "t", "k", fmt.Sprint(i-1))
			}
			return tx.Put("t", []byte("k"), []byte(fmt.Sprint(i)))
		})
		e.wantErr("asynchronous Update", err, nil)
		e.view(func(tx backend.ReadTx) { e.wantGet(tx, "t", "k", fmt.Sprint(i)) })
	}
	e.fill("t", "other", "1")
	e.wantErr("Flush", backend.Flush(e.ctx, e.s), nil)
}

func asyncReopened(e *env) {
	ctx := backend.WithTxOptions(e.ctx, backend.TxOptions{Durability: backend.Async})
	put := func(key string) {
		err := e.s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
			return tx.Put("t", []byte(key), []byte("v"))
		})
		e.wantErr("asynchronous Update", err, nil)
	}
	put("a")
	put("b")
	e.wantErr("Flush", backend.Flush(e.ctx, e.s), nil)
	e.reopen()
	e.wantState("t{a=v b=v}")
	put("c")
	put("d") // and Close alone
	e.reopen()
	e.wantState("t{a=v b=v c=v d=v}")
}

func sound(e *env) {
	check := func(when string) {
		damage, err := backend.Verify(e.ctx, e.s)
		if len(damage) > 0 || err != nil {
			e.Errorf("Verify %s = %v, %v, want nothing", when, damage, err)
		}
		if st, err := backend.StatusOf(e.ctx, e.s); err != nil || st.Damage != nil {
			e.Errorf("StatusOf %s = %+v, %v, want no error and no damage", when, st, err)
		}
	}
	check("of an empty database")
	e.fillAwkward()
	e.fillCached()
	check("of a full one")
	written := make(chan error)
	go func() {
		var err error
		for i := 0; i < 20 && err == nil; i++ {
			err = e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
				return tx.Put("t", fmt.Appendf(nil, "new %d", i), make([]byte, 5000))
			})
		}
		written <- err
	}()
	check("while others write")
	e.wantErr("Update meanwhile", <-written, nil)
	e.update(func(tx backend.WriteTx) { e.drop(tx, "t") })
	check("of an empty table's remains")
	if e.cfg.Persists {
		e.reopen()
		check("after reopening")
	}
}
