package main

import (
	"database/sql"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver
)

const sqliteSchema = `
create table todos (
	id integer primary key, title text not null, owner text not null, due integer not null,
	done integer not null, priority integer not null, tags text not null, notes text not null
) strict;
create index todos_owner on todos (owner);
create index todos_due on todos (due);`

// sqlitePragmas make a commit as durable as bolt's, and give SQLite a cache
// that holds all rows.
const sqlitePragmas = "?_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=cache_size(-262144)"

const sqliteColumns = "select id, title, owner, due, done, priority, tags, notes from todos "

// sqliteStore keeps one connection, so that its statements are prepared once.
type sqliteStore struct {
	db                                                         *sql.DB
	insert, setDue, delete, get, owner, due, page, count, scan *sql.Stmt
}

func openSQLite(dir string, _ *dataset) (store, error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "sqlite.db")+sqlitePragmas)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	s := &sqliteStore{db: db}
	var tables int
	if err := db.QueryRow("select count(*) from sqlite_schema").Scan(&tables); err != nil {
		return nil, err
	}
	if tables == 0 {
		if _, err := db.Exec(sqliteSchema); err != nil {
			return nil, err
		}
	}
	for _, p := range []struct {
		to    **sql.Stmt
		query string
	}{
		{&s.insert, "insert into todos values (?, ?, ?, ?, ?, ?, ?, ?)"},
		{&s.setDue, "update todos set due = ? where id = ?"},
		{&s.delete, "delete from todos where id = ?"},
		{&s.get, sqliteColumns + "where id = ?"},
		{&s.owner, sqliteColumns + "where owner = ? order by id"},
		{&s.due, sqliteColumns + "where due >= ? and due < ? order by due, id"},
		{&s.page, sqliteColumns + "where (due, id) > (?, ?) order by due, id limit ?"},
		{&s.count, "select count(*) from todos where owner = ?"},
		{&s.scan, sqliteColumns + "order by id"},
	} {
		if *p.to, err = db.Prepare(p.query); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *sqliteStore) view(single bool, fn func(tx) error) error {
	if single {
		return fn(sqliteTx{s, nil}) // a statement is a transaction
	}
	return s.update(false, fn)
}

func (s *sqliteStore) update(single bool, fn func(tx) error) error {
	if single {
		return fn(sqliteTx{s, nil})
	}
	t, err := s.db.Begin()
	if err != nil {
		return err
	}
	if err := fn(sqliteTx{s, t}); err != nil {
		_ = t.Rollback() // the closure's error is the one that matters
		return err
	}
	return t.Commit()
}

func (s *sqliteStore) close() error { return s.db.Close() }

type sqliteTx struct {
	s *sqliteStore
	t *sql.Tx // nil outside
}

func (q sqliteTx) stmt(s *sql.Stmt) *sql.Stmt {
	if q.t == nil {
		return s
	}
	return q.t.Stmt(s)
}

// one runs a statement that changes one row.
func (q sqliteTx) one(id int64, s *sql.Stmt, args ...any) error {
	r, err := q.stmt(s).Exec(args...)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n != 1 {
		return missing(id)
	}
	return nil
}

func (q sqliteTx) insert(id int64, t *todo) error {
	return q.one(id, q.s.insert, id, t.Title, t.Owner, t.Due, t.Done, t.Priority, strings.Join(t.Tags, "\n"), t.Notes)
}

func (q sqliteTx) setDue(id, due int64) error { return q.one(id, q.s.setDue, due, id) }

func (q sqliteTx) delete(id int64) error { return q.one(id, q.s.delete, id) }

func (q sqliteTx) rows(sum *digest, s *sql.Stmt, args ...any) (last cursor, n int, err error) {
	rows, err := q.stmt(s).Query(args...)
	if err != nil {
		return last, 0, err
	}
	defer rows.Close()
	for ; rows.Next(); n++ {
		var t todo
		var id int64
		var tags string
		if err := rows.Scan(&id, &t.Title, &t.Owner, &t.Due, &t.Done, &t.Priority, &tags, &t.Notes); err != nil {
			return last, n, err
		}
		t.Tags = strings.Split(tags, "\n")
		sum.add(id, &t)
		last = cursor{due: t.Due, id: id}
	}
	return last, n, rows.Err()
}

func (q sqliteTx) get(id int64, sum *digest) error {
	_, n, err := q.rows(sum, q.s.get, id)
	if err == nil && n == 0 {
		err = missing(id)
	}
	return err
}

func (q sqliteTx) owner(owner string, sum *digest) error {
	_, _, err := q.rows(sum, q.s.owner, owner)
	return err
}

func (q sqliteTx) due(from, to int64, sum *digest) error {
	_, _, err := q.rows(sum, q.s.due, from, to)
	return err
}

func (q sqliteTx) page(after cursor, rows int, sum *digest) (cursor, error) {
	last, _, err := q.rows(sum, q.s.page, after.due, after.id, rows)
	return last, err
}

func (q sqliteTx) count(owner string) (n int, err error) {
	err = q.stmt(q.s.count).QueryRow(owner).Scan(&n)
	return n, err
}

func (q sqliteTx) scan(sum *digest) error {
	_, _, err := q.rows(sum, q.s.scan)
	return err
}
