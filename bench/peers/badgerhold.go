package main

import (
	"github.com/dgraph-io/badger/v4"
	"github.com/timshannon/badgerhold/v4"
)

// A badgerholdTodo is a todo with the tags that badgerhold wants: a field for the
// key, and two indexes.
type badgerholdTodo struct {
	ID       int64 `badgerholdKey:"ID"`
	Title    string
	Owner    string `badgerholdIndex:"Owner"`
	Due      int64  `badgerholdIndex:"Due"`
	Done     bool
	Priority int
	Tags     []string
	Notes    string
}

func (b *badgerholdTodo) todo() todo {
	return todo{b.Title, b.Owner, b.Due, b.Done, b.Priority, b.Tags, b.Notes}
}

type badgerholdStore struct{ s *badgerhold.Store }

func openBadgerhold(dir string, _ *dataset) (store, error) {
	o := badgerhold.DefaultOptions
	// A transaction may take 15 % of a table in memory, and 10,000 rows with their
	// indexes take more than that of the usual one.
	o.Options = o.Options.WithDir(dir).WithValueDir(dir).WithSyncWrites(true).WithLogger(nil).WithMemTableSize(256 << 20)
	s, err := badgerhold.Open(o)
	return &badgerholdStore{s}, err
}

func (b *badgerholdStore) view(_ bool, fn func(tx) error) error {
	return b.s.Badger().View(func(tx *badger.Txn) error { return fn(badgerholdTx{b.s, tx}) })
}

func (b *badgerholdStore) update(_ bool, fn func(tx) error) error {
	return b.s.Badger().Update(func(tx *badger.Txn) error { return fn(badgerholdTx{b.s, tx}) })
}

func (b *badgerholdStore) close() error { return b.s.Close() }

type badgerholdTx struct {
	s  *badgerhold.Store
	tx *badger.Txn
}

func (b badgerholdTx) insert(id int64, t *todo) error {
	return b.s.TxInsert(b.tx, id, &badgerholdTodo{id, t.Title, t.Owner, t.Due, t.Done, t.Priority, t.Tags, t.Notes})
}

func (b badgerholdTx) setDue(id, due int64) error {
	var t badgerholdTodo
	if err := b.s.TxGet(b.tx, id, &t); err != nil {
		return err
	}
	t.Due = due
	return b.s.TxUpdate(b.tx, id, &t)
}

func (b badgerholdTx) delete(id int64) error { return b.s.TxDelete(b.tx, id, badgerholdTodo{}) }

func (b badgerholdTx) get(id int64, sum *digest) error {
	var t badgerholdTodo
	if err := b.s.TxGet(b.tx, id, &t); err != nil {
		return err
	}
	value := t.todo()
	sum.add(id, &value)
	return nil
}

func (b badgerholdTx) find(q *badgerhold.Query, sum *digest) (last cursor, err error) {
	var rows []badgerholdTodo
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

func (b badgerholdTx) owner(owner string, sum *digest) error {
	_, err := b.find(badgerhold.Where("Owner").Eq(owner).Index("Owner").SortBy("ID"), sum)
	return err
}

func (b badgerholdTx) due(from, to int64, sum *digest) error {
	_, err := b.find(badgerhold.Where("Due").Ge(from).And("Due").Lt(to).Index("Due").SortBy("Due"), sum)
	return err
}

func (b badgerholdTx) page(after cursor, rows int, sum *digest) (cursor, error) {
	return b.find(badgerhold.Where("Due").Gt(after.due).Index("Due").SortBy("Due").Limit(rows), sum)
}

func (b badgerholdTx) count(owner string) (int, error) {
	n, err := b.s.TxCount(b.tx, badgerholdTodo{}, badgerhold.Where("Owner").Eq(owner).Index("Owner"))
	return int(n), err
}

func (b badgerholdTx) scan(sum *digest) error {
	_, err := b.find((&badgerhold.Query{}).SortBy("ID"), sum)
	return err
}
