package main

import (
	"context"
	"path/filepath"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/bolt"
	"github.com/larderdb/larder/backend/memory"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

var (
	byOwner = entity.NewIndex("by_owner", func(_ keys.Int, t *todo) keys.String { return keys.String(t.Owner) })
	byDue   = entity.NewIndex("by_due", func(_ keys.Int, t *todo) keys.Int { return keys.Int(t.Due) })
	todos   = entity.New[keys.Int]("todos", msgpack.Of[todo](), byOwner, byDue)
)

type larder struct{ db *entity.DB }

func openBolt(dir string, _ *dataset) (store, error) {
	s, err := bolt.Open(context.Background(), filepath.Join(dir, "larder.db"), nil)
	if err != nil {
		return nil, err
	}
	return openLarder(s)
}

func openMemory(string, *dataset) (store, error) { return openLarder(memory.New()) }

func openLarder(s backend.Store) (store, error) {
	db, err := entity.Open(context.Background(), s, todos)
	return &larder{db}, err
}

func (l *larder) view(_ bool, fn func(tx) error) error {
	return l.db.View(context.Background(), func(_ context.Context, tx *entity.Tx) error { return fn(larderTx{tx}) })
}

func (l *larder) update(_ bool, fn func(tx) error) error {
	return l.db.Update(context.Background(), func(_ context.Context, tx *entity.Tx) error { return fn(larderTx{tx}) })
}

func (l *larder) close() error { return l.db.Close(context.Background()) }

type larderTx struct{ tx *entity.Tx }

func (l larderTx) insert(id int64, t *todo) error { return todos.Insert(l.tx, keys.Int(id), *t) }

func (l larderTx) setDue(id, due int64) error {
	t, found, err := todos.Get(l.tx, keys.Int(id))
	if err != nil {
		return err
	}
	if !found {
		return missing(id)
	}
	t.Due = due
	return todos.Put(l.tx, keys.Int(id), t)
}

func (l larderTx) delete(id int64) error {
	existed, err := todos.Delete(l.tx, keys.Int(id))
	if err == nil && !existed {
		err = missing(id)
	}
	return err
}

func (l larderTx) get(id int64, sum *digest) error {
	t, found, err := todos.Get(l.tx, keys.Int(id))
	if err == nil && !found {
		err = missing(id)
	}
	if err == nil {
		sum.add(id, &t)
	}
	return err
}

func (l larderTx) owner(owner string, sum *digest) error {
	for row, err := range byOwner.Scan(l.tx, keys.Eq(keys.String(owner))) {
		if err != nil {
			return err
		}
		sum.add(int64(row.Key), &row.Value)
	}
	return nil
}

func (l larderTx) due(from, to int64, sum *digest) error {
	for row, err := range byDue.Scan(l.tx, keys.Between(keys.Int(from), keys.Int(to))) {
		if err != nil {
			return err
		}
		sum.add(int64(row.Key), &row.Value)
	}
	return nil
}

func (l larderTx) page(after cursor, rows int, sum *digest) (cursor, error) {
	n := 0
	for row, err := range byDue.Scan(l.tx, keys.All[keys.Int]().Limit(rows).Resume(after.token)) {
		if err != nil {
			return after, err
		}
		sum.add(int64(row.Key), &row.Value)
		if n++; n == rows {
			after.token, err = row.Token()
			return after, err
		}
	}
	return after, nil
}

func (l larderTx) count(owner string) (int, error) {
	return byOwner.Count(l.tx, keys.Eq(keys.String(owner)))
}

func (l larderTx) scan(sum *digest) error {
	for row, err := range todos.Scan(l.tx, keys.All[keys.Int]()) {
		if err != nil {
			return err
		}
		sum.add(int64(row.Key), &row.Value)
	}
	return nil
}
