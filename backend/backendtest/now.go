package backendtest

import (
	"context"
	"errors"
	"fmt"

	"github.com/larderdb/larder/backend"
)

func peeks(e *env) {
	p, ok := e.s.(backend.Peeker)
	if !ok {
		return // an engine without it has nothing to keep
	}
	e.fillCached()
	peek := func() backend.ReadTx {
		tx, err := p.Peek()
		if err != nil {
			e.Fatalf("Peek = %v, want a transaction", err)
		}
		return tx
	}
	first := peek()
	var want uint64
	e.view(func(tx backend.ReadTx) {
		want = tx.ReadVersion()
		for _, q := range questions() {
			answer, err := q.ask(tx)
			e.wantErr(q.what, err, nil)
			got, err := q.ask(peek())
			if errors.Is(err, backend.ErrNotInMemory) {
				continue
			}
			if got != answer || err != nil {
				e.Errorf("%s of Peek = %.100s, %v, want %.100s", q.what, got, err, answer)
			}
		}
	})
	if got := first.ReadVersion(); got != want {
		e.Errorf("Peek is at version %d, a View at %d", got, want)
	}
	e.fill("t", "000001", "new")
	second := peek()
	if second == first {
		e.Error("Peek after a commit is the transaction from before")
	}
	e.wantGet(second, "t", "000001", "new")
	if again := peek(); again != second {
		e.Error("Peek without a commit is another transaction")
	}
	e.wantErr("Close", e.s.Close(e.ctx), nil)
	_, err := p.Peek()
	e.wantClass("Peek after Close", err, backend.ErrClosed)
}

func updatesNow(e *env) {
	u, ok := e.s.(backend.NowUpdater)
	if !ok {
		return // an engine without it has nothing to keep
	}
	refused := errors.New("refused")
	put := func(value string, outcome error) error {
		_, err := u.UpdateNow(func(_ context.Context, tx backend.WriteTx) error {
			if err := tx.Put("t", []byte("k"), []byte(value)); err != nil {
				return err
			}
			return outcome
		})
		return err
	}
	e.fill("t", "k", "first") // which lets an engine find out whether it is alone
	stored := "first"
	done := 0
	for i := range e.n(200, 50) {
		value := fmt.Sprint(i)
		switch err := put(value, nil); {
		case err == nil:
			stored = value
			done++
		case errors.Is(err, backend.ErrNotInMemory):
			if i%10 == 0 {
				e.fill("t", "k", value)
				stored = value
			}
		default:
			e.Fatalf("UpdateNow = %v, want nil or ErrNotInMemory", err)
		}
		e.view(func(tx backend.ReadTx) { e.wantGet(tx, "t", "k", stored) })
		if err := put("never", refused); !errors.Is(err, refused) && !errors.Is(err, backend.ErrNotInMemory) {
			e.Errorf("UpdateNow whose closure fails = %v, want its error", err)
		}
		e.view(func(tx backend.ReadTx) { e.wantGet(tx, "t", "k", stored) })
	}
	e.Logf("%d Updates were done at once", done)
	e.update(func(tx backend.WriteTx) {
		e.wantClass("UpdateNow in another Update", put("never", nil), backend.ErrNotInMemory)
		e.put(tx, "t", "k", "last")
	})
	e.wantErr("Flush", backend.Flush(e.ctx, e.s), nil)
	if e.cfg.Persists {
		e.reopen()
	}
	e.wantState("t{k=last}")
	e.wantErr("Close", e.s.Close(e.ctx), nil)
	_, err := e.s.(backend.NowUpdater).UpdateNow(func(context.Context, backend.WriteTx) error { return nil })
	e.wantClass("UpdateNow after Close", err, backend.ErrClosed)
}
