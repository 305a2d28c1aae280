package main

import (
	"path/filepath"

	"github.com/timshannon/bolthold"
	"go.etcd.io/bbolt"
)

// A boltholdTodo is a todo with the tags that bolthold wants: a field for the
// key, and two indexes.
type boltholdTodo struct {
	ID       int64 `boltholdKey:"ID"`
	Title    string
	Owner    string `boltholdIndex:"Owner"`
	Due      int64  `boltholdIndex:"Due"`
	Done     bool
	Priority int
	Tags     []string
	Notes    string
}

func (b *boltholdTodo) todo() todo {
	return todo{b.Title, b.Owner, b.Due, b.Done, b.Priority, b.Tags, b.Notes}
}

type boltholdStore struct{ s *bolthold.Store }

func openBolthold(dir string, _ *dataset) (store, error) {
	s, err := bolthold.Open(filepath.Join(dir, "bolthold.db"), 0o600, nil)
	return &boltholdStore{s}, err
}

func (b *boltholdStore) view(_ bool, fn func(tx) error) error {
	return b.s.Bolt().View(func(tx *bbolt.Tx) error { return fn(boltholdTx{b.s, tx}) })
}

func (b *boltholdStore) update(_ bool, fn func(tx) error) error {
	return b.s.Bolt().Update(func(tx *bbolt.Tx) error { return fn(boltholdTx{b.s, tx}) })
}

func (b *boltholdStore) close() error { return b.s.Close() }

type boltholdTx struct {
	s  *bolthold.Store
	tx *bbolt.Tx
}

func (b boltholdTx) insert(id int64, t *todo) error {
	return b.s.TxInsert(b.tx, id, &boltholdTodo{id, t.Title, t.Owner, t.Due, t.Done, t.Priority, t.Tags, t.Notes})
}

func (b boltholdTx) setDue(id, due int64) error {
	var t boltholdTodo
	if err := b.s.TxGet(b.tx, id, &t); err != nil {
		return err
	}
	t.Due = due
	return b.s.TxUpdate(b.tx, id, &t)
}

func (b boltholdTx) delete(id int64) error { return b.s.TxDelete(b.tx, id, boltholdTodo{}) }

func (b boltholdTx) get(id int64, sum *digest) error {
	var t boltholdTodo
	if err := b.s.TxGet(b.tx, id, &t); err != nil {
		return err
	}
	value := t.todo()
	sum.add(id, &value)
	return nil
}

func (b boltholdTx) find(q *bolthold.Query, sum *digest) (last cursor, err error) {
	var rows []boltholdTodo
	if err := b.s.TxFind(b.tx, &rows, q); err != nil {
		return cursor{}, err
	}
	for i := range rows {
		value := rows[i].todo()
		sum.add(rows[i].ID, &value)
		last = cursor{due: value.Due}
	}
	return last, nil
}

func (b boltholdTx) owner(owner string, sum *digest) error {
	_, err := b.find(bolthold.Where("Owner").Eq(owner).Index("Owner").SortBy("ID"), sum)
	return err
}

func (b boltholdTx) due(from, to int64, sum *digest) error {
	_, err := b.find(bolthold.Where("Due").Ge(from).And("Due").Lt(to).Index("Due").SortBy("Due"), sum)
	return err
}

func (b boltholdTx) page(after cursor, rows int, sum *digest) (cursor, error) {
	return b.find(bolthold.Where("Due").Gt(after.due).Index("Due").SortBy("Due").Limit(rows), sum)
}

func (b boltholdTx) count(owner string) (int, error) {
	return b.s.TxCount(b.tx, boltholdTodo{}, bolthold.Where("Owner").Eq(owner).Index("Owner"))
}

func (b boltholdTx) scan(sum *digest) error {
	_, err := b.find((&bolthold.Query{}).SortBy("ID"), sum)
	return err
}
