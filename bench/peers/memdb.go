package main

import "github.com/hashicorp/go-memdb"

// A memdbTodo is what go-memdb keeps: the value itself.
type memdbTodo struct {
	ID int64
	todo
}

var memdbSchema = &memdb.DBSchema{Tables: map[string]*memdb.TableSchema{"todos": {
	Name: "todos",
	Indexes: map[string]*memdb.IndexSchema{
		"id":    {Name: "id", Unique: true, Indexer: &memdb.IntFieldIndex{Field: "ID"}},
		"owner": {Name: "owner", Indexer: &memdb.StringFieldIndex{Field: "Owner"}},
		"due":   {Name: "due", Indexer: &memdb.IntFieldIndex{Field: "Due"}},
	},
}}}

type memdbStore struct{ db *memdb.MemDB }

func openMemdb(string, *dataset) (store, error) {
	db, err := memdb.NewMemDB(memdbSchema)
	return memdbStore{db}, err
}

func (m memdbStore) view(_ bool, fn func(tx) error) error {
	txn := m.db.Txn(false)
	defer txn.Abort()
	return fn(memdbTx{txn})
}

func (m memdbStore) update(_ bool, fn func(tx) error) error {
	txn := m.db.Txn(true)
	defer txn.Abort() // of what was committed it does nothing
	if err := fn(memdbTx{txn}); err != nil {
		return err
	}
	txn.Commit()
	return nil
}

func (m memdbStore) close() error { return nil }

type memdbTx struct{ txn *memdb.Txn }

func (m memdbTx) insert(id int64, t *todo) error {
	return m.txn.Insert("todos", &memdbTodo{id, *t})
}

func (m memdbTx) first(id int64) (*memdbTodo, error) {
	v, err := m.txn.First("todos", "id", id)
	if err != nil {
		return nil, err
	}
	if v == nil {
		return nil, missing(id)
	}
	return v.(*memdbTodo), nil
}

func (m memdbTx) setDue(id, due int64) error {
	old, err := m.first(id)
	if err != nil {
		return err
	}
	t := *old // what is there may not be changed
	t.Due = due
	return m.txn.Insert("todos", &t)
}

func (m memdbTx) delete(id int64) error {
	old, err := m.first(id)
	if err != nil {
		return err
	}
	return m.txn.Delete("todos", old)
}

func (m memdbTx) get(id int64, sum *digest) error {
	t, err := m.first(id)
	if err == nil {
		sum.add(id, &t.todo)
	}
	return err
}

// each adds rows to sum until there are no more, or more returns false.
func each(it memdb.ResultIterator, sum *digest, more func(*memdbTodo) bool) {
	for v := it.Next(); v != nil; v = it.Next() {
		t := v.(*memdbTodo)
		if more != nil && !more(t) {
			return
		}
		sum.add(t.ID, &t.todo)
	}
}

func (m memdbTx) owner(owner string, sum *digest) error {
	it, err := m.txn.Get("todos", "owner", owner)
	if err == nil {
		each(it, sum, nil)
	}
	return err
}

func (m memdbTx) due(from, to int64, sum *digest) error {
	it, err := m.txn.LowerBound("todos", "due", from)
	if err == nil {
		each(it, sum, func(t *memdbTodo) bool { return t.Due < to })
	}
	return err
}

func (m memdbTx) page(after cursor, rows int, sum *digest) (cursor, error) {
	it, err := m.txn.LowerBound("todos", "due", after.due+1)
	if err == nil {
		n := 0
		each(it, sum, func(t *memdbTodo) bool {
			if n++; n <= rows {
				after.due = t.Due
			}
			return n <= rows
		})
	}
	return after, err
}

func (m memdbTx) count(owner string) (int, error) {
	it, err := m.txn.Get("todos", "owner", owner)
	if err != nil {
		return 0, err
	}
	n := 0
	for it.Next() != nil {
		n++
	}
	return n, nil
}

func (m memdbTx) scan(sum *digest) error {
	it, err := m.txn.Get("todos", "id")
	if err == nil {
		each(it, sum, nil)
	}
	return err
}
