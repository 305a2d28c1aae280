package backendtest

import (
	"context"
	"errors"
	"strings"

	"github.com/larderdb/larder/backend"
)

var limitCases = []testCase{
	{name: "A18 B55 values over the limit", run: valueLimit,
		rule: "a value over MaxValue bytes is ErrTooLarge, nothing is put, and the transaction can go on after it"},
	{name: "A18 B55 transactions over the limit", run: txLimit,
		rule: "the call that takes a transaction over MaxTx bytes, and all writes after it, report ErrTooLarge, and Update fails with ErrTooLarge when fn returns nil"},
	{name: "a refused transaction's own error", run: txLimitOwnError,
		rule: "an Update over MaxTx whose fn returns an error of its own returns that error"},
	{name: "what counts for the limit", run: txLimitCounts,
		rule: "keys and values put, replaced ones too, and keys deleted sum up to at most MaxTx bytes, and to exactly that much"},
}

func valueLimit(e *env) {
	e.fill("t", "a", "1")
	e.update(func(tx backend.WriteTx) {
		err := tx.Put("t", []byte("a"), make([]byte, backend.MaxValue+1))
		e.wantClass("Put of MaxValue+1 bytes", err, backend.ErrTooLarge)
		err = tx.Put("new", []byte("a"), make([]byte, backend.MaxValue+1))
		e.wantClass("Put of MaxValue+1 bytes", err, backend.ErrTooLarge)
		e.wantGet(tx, "t", "a", "1")
		e.put(tx, "t", "b", "2")
	})
	e.wantState("t{a=1 b=2}")
}

// fillTx puts pairs of left bytes less than MaxTx together.
func (e *env) fillTx(tx backend.WriteTx, left int) {
	e.Helper()
	value := make([]byte, backend.MaxValue)
	total := backend.MaxTx - left
	for i := byte('0'); total > 0; i++ {
		n := min(total, backend.MaxValue+1)
		if err := tx.Put("big", []byte{i}, value[:n-1:n-1]); err != nil {
			e.Fatalf("Put with %d bytes left under MaxTx = %v, want nil", total, err)
		}
		total -= n
	}
}

func txLimit(e *env) {
	e.fill("t", "a", "1")
	err := e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
		e.put(tx, "t", "b", "2")
		e.fillTx(tx, 2)
		e.wantClass("Put over MaxTx", tx.Put("t", []byte("cc"), []byte("3")), backend.ErrTooLarge)
		e.wantClass("a smaller Put after it", tx.Put("t", []byte("c"), nil), backend.ErrTooLarge)
		_, err := tx.Delete("t", []byte("a"))
		e.wantClass("Delete after it", err, backend.ErrTooLarge)
		e.wantClass("DropTable after it", tx.DropTable("t"), backend.ErrTooLarge)
		return nil
	})
	e.wantClass("Update", err, backend.ErrTooLarge)
	e.wantState("t{a=1}")
	e.fill("t", "c", "3")
	e.wantState("t{a=1 c=3}")
}

func txLimitOwnError(e *env) {
	own := errors.New("own error")
	err := e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
		e.fillTx(tx, 0)
		e.wantClass("Put over MaxTx", tx.Put("t", []byte("c"), nil), backend.ErrTooLarge)
		return own
	})
	if err != own {
		e.Errorf("Update = %v, want the closure's own error", err)
	}
	e.wantState("no table")
}

func txLimitCounts(e *env) {
	key := strings.Repeat("k", backend.MaxKey)
	e.fill("t", key, "1")
	own := errors.New("own error")
	for _, over := range []int{0, 1} {
		err := e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
			e.fillTx(tx, 3*backend.MaxKey+20)
			for range 2 {
				e.put(tx, "t", key, "0123456789")
			}
			existed, err := tx.Delete("t", append([]byte(key)[:backend.MaxKey-1], 'k'))
			if !existed || err != nil {
				e.Errorf("Delete that brings the transaction to MaxTx = %v, %v, want true, nil", existed, err)
			}
			if over == 1 {
				e.wantClass("Put of one byte more", tx.Put("t", []byte("a"), nil), backend.ErrTooLarge)
				return nil
			}
			return own
		})
		if over == 0 {
			e.wantErr("Update of exactly MaxTx bytes", err, own)
		} else {
			e.wantClass("Update", err, backend.ErrTooLarge)
		}
	}
	err := e.s.Update(e.ctx, func(_ context.Context, tx backend.WriteTx) error {
		e.fillTx(tx, backend.MaxKey-1)
		_, err := tx.Delete("t", []byte(key))
		e.wantClass("Delete over MaxTx", err, backend.ErrTooLarge)
		return nil
	})
	e.wantClass("Update", err, backend.ErrTooLarge)
	e.wantTable("t", quote([]byte(key))+"=1")
}
