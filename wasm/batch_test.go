package wasm

import (
	"bytes"
	"context"
	"testing"

	"github.com/larderdb/larder"
)

// A gathering is a database whose writers' turn a transaction has, so that
// writes gather.
type gathering struct {
	*client
	db, tx uint32
}

func newGathering(t *testing.T) *gathering {
	c := newClient(t)
	db := c.rows()
	return &gathering{c, db, c.begin(kindAttempt, opUpdate, db).value}
}

func (g *gathering) add(op uint32, request ...byte) (id uint32) {
	g.t.Helper()
	id, err := g.start(op, g.db, 0, request)
	if err != nil {
		g.t.Fatal(err)
	}
	return id
}

// commit ends the transaction, which has written nothing, and returns what
// comes of n writes, by their ids, and how many commits they were.
func (g *gathering) commit(n int) (outcomes map[uint32]completion, commits uint64) {
	g.t.Helper()
	before := g.version()
	if err := g.do(opFinish, g.tx, 1, nil, &g.a); err != nil {
		g.t.Fatal(err)
	}
	g.next()
	outcomes = map[uint32]completion{}
	for range n {
		done := g.next()
		outcomes[done.id] = done
	}
	return outcomes, g.version() - before
}

func (g *gathering) version() (v uint64) {
	g.t.Helper()
	d, err := g.database(g.db)
	if err == nil {
		err = d.db.View(context.Background(), func(_ context.Context, tx *larder.Tx) error {
			v = tx.ReadVersion()
			return nil
		})
	}
	if err != nil {
		g.t.Fatal(err)
	}
	return v
}

func (g *gathering) row(id byte) []byte {
	g.t.Helper()
	if err := g.do(opGet, g.db, 0, []byte{id}, &g.a); err != nil {
		g.t.Fatal(err)
	}
	return bytes.Clone(g.a.data)
}

func TestBatch(t *testing.T) {
	t.Run("writes that were started together are one commit, in their order", func(t *testing.T) {
		g := newGathering(t)
		g.add(opPut, rowOf(1, 1)...)
		g.add(opPut, rowOf(1, 2)...)
		g.add(opPut, rowOf(2, 1)...)
		deleted := g.add(opDelete, 2, 3)
		outcomes, commits := g.commit(4)
		if commits != 1 {
			t.Errorf("there were %d commits, want 1", commits)
		}
		if got := g.row(1); !bytes.Equal(got, rowOf(1, 2)) {
			t.Errorf("row 1 is %x, want what was put last", got)
		}
		if got := g.row(2); len(got) > 0 || outcomes[deleted].value != 1 {
			t.Errorf("row 2 is %x and delete counts %d, want no row and 1", got, outcomes[deleted].value)
		}
	})

	t.Run("one that is refused doesn't take the others along", func(t *testing.T) {
		g := newGathering(t)
		g.add(opInsert, rowOf(1, 1)...)
		second := g.add(opInsert, rowOf(1, 2)...)
		g.add(opPut, rowOf(2, 1)...)
		outcomes, commits := g.commit(3)
		for id, done := range outcomes {
			if (done.kind == kindFailed) != (id == second) {
				t.Errorf("write %d ended as %+v %q; the one to fail is %d", id, done, done.payload, second)
			}
		}
		if commits != 1 || !bytes.Equal(g.row(1), rowOf(1, 1)) || !bytes.Equal(g.row(2), rowOf(2, 1)) {
			t.Errorf("in %d commits the rows came to %x and %x", commits, g.row(1), g.row(2))
		}
	})

	t.Run("nor one that fails in its midst", func(t *testing.T) {
		g := newGathering(t)
		g.add(opPut, rowOf(1, 1)...)
		long := append([]byte{0x82, 0xa2, 'i', 'd', 0xda, 0x20, 0}, bytes.Repeat([]byte("x"), 0x2000)...)
		long = append(long, 0xa1, 'n', 1)
		torn := g.add(opPut, append(rowOf(2, 1), long...)...)
		g.add(opPut, rowOf(3, 1)...)
		outcomes, _ := g.commit(3)
		for id, done := range outcomes {
			if (done.kind == kindFailed) != (id == torn) {
				t.Errorf("write %d ended as %+v %q; the one to fail is %d", id, done, done.payload, torn)
			}
		}
		if len(g.row(1)) == 0 || len(g.row(2)) > 0 || len(g.row(3)) == 0 {
			t.Errorf("the rows came to %x, %x and %x, want the second alone to be missing", g.row(1), g.row(2), g.row(3))
		}
	})

	t.Run("what is begun in between parts them", func(t *testing.T) {
		g := newGathering(t)
		g.add(opPut, rowOf(1, 1)...)
		g.begin(kindDone, opFlush, g.db)
		g.add(opPut, rowOf(2, 1)...)
		if _, commits := g.commit(2); commits != 2 {
			t.Errorf("there were %d commits, want 2", commits)
		}
	})

	t.Run("a closed database refuses those that wait", func(t *testing.T) {
		g := newGathering(t)
		put := g.add(opPut, rowOf(1, 1)...)
		closing := g.add(opClose)
		if done := g.next(); done.id != put || done.kind != kindFailed {
			t.Errorf("completed was %+v, want the failure of %d", done, put)
		}
		if err := g.do(opFinish, g.tx, 0, nil, &g.a); err != nil {
			t.Fatal(err)
		}
		if a, b := g.next(), g.next(); a.id != closing && b.id != closing {
			t.Errorf("completed were %+v and %+v, want %d among them", a, b, closing)
		}
	})
}
