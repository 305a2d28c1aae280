package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/larderdb/larder/backend/memory"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

// A task is the row of the typed layer's lines: about 200 bytes.
type task struct {
	Title string
	Owner string
	Due   int64
	Done  bool
	Notes string
}

// makeTask returns the i-th row; its due date differs from revision to
// revision, and its owner doesn't, so that an update moves one of its two index
// entries.
func makeTask(i int, revision int64) task {
	return task{
		Title: fmt.Sprintf("task number %d", i),
		Owner: fmt.Sprintf("owner-%02d", i%100),
		Due:   revision<<20 + int64(i),
		Notes: notes,
	}
}

var notes = strings.Repeat("what there is to say about it ", 4)

func (t *task) verify(i int) error {
	if t.Due&(1<<20-1) != int64(i) {
		return fmt.Errorf("row %d is wrong: %+v", i, *t)
	}
	return nil
}

var (
	byOwner = entity.NewIndex("by_owner", func(_ keys.Int, t *task) keys.String { return keys.String(t.Owner) })
	byDue   = entity.NewIndex("by_due", func(_ keys.Int, t *task) keys.Int { return keys.Int(t.Due) })
	tasks   = entity.New[keys.Int]("tasks", msgpack.Of[task](), byOwner, byDue)
)

// typed is the typed layer over the memory engine as a store.
type typed struct {
	*entity.DB
	revision int64
}

func openTyped(string) (store, error) {
	db, err := entity.Open(context.Background(), memory.New(), tasks)
	return &typed{DB: db}, err
}

func (s *typed) put(n int, which func(int) int) error {
	s.revision++
	return s.Update(context.Background(), func(_ context.Context, tx *entity.Tx) error {
		for i := range n {
			i := which(i)
			if err := tasks.Put(tx, keys.Int(i), makeTask(i, s.revision)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *typed) get(n int, which func(int) int) error {
	return s.View(context.Background(), func(_ context.Context, tx *entity.Tx) error {
		for i := range n {
			i := which(i)
			t, found, err := tasks.Get(tx, keys.Int(i))
			if err != nil {
				return err
			}
			if !found {
				return missing(i)
			}
			if err := t.verify(i); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *typed) delete(n int, which func(int) int) error {
	return s.Update(context.Background(), func(_ context.Context, tx *entity.Tx) error {
		for i := range n {
			if existed, err := tasks.Delete(tx, keys.Int(which(i))); err != nil {
				return err
			} else if !existed {
				return missing(which(i))
			}
		}
		return nil
	})
}

func (s *typed) scan(from, n int) error {
	return s.View(context.Background(), func(_ context.Context, tx *entity.Tx) error {
		i := from
		for row, err := range tasks.Scan(tx, keys.Between(keys.Int(from), keys.Int(from+n))) {
			if err != nil {
				return err
			}
			if err := row.Value.verify(i); err != nil {
				return err
			}
			i++
		}
		return all(i-from, n)
	})
}

func (s *typed) close() error { return s.Close(context.Background()) }
