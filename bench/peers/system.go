package main

// A system is one way to keep to-dos.
type system struct {
	name  string
	files bool   // whether it keeps them on the disk
	about string // how a commit gets to the disk, as strace counts it
	open  func(dir string, d *dataset) (store, error)
}

// systems returns all that are compared. Of those with files, and of those
// without, the first is what the others are divided by.
func systems() []system {
	return []system{
		{"Larder, bolt", true, "2 fdatasync", openBolt},
		{"bolthold", true, "2 fdatasync", openBolthold},
		{"badgerhold", true, "2 msync, by SyncWrites", openBadgerhold},
		{"buntdb", true, "1 fsync, by SyncPolicy Always", openBuntFile},
		{"SQLite", true, "1 fsync of the log in WAL mode, by synchronous=FULL; more at checkpoints", openSQLite},
		{"Larder, memory", false, "", openMemory},
		{"buntdb, :memory:", false, "", openBuntMemory},
		{"go-memdb", false, "keeps Go values, encodes nothing", openMemdb},
	}
}

// A store is an open database.
type store interface {
	// view and update run fn in one transaction. With single, fn does one thing
	// only, so that a system that has a shorter way for one may take it.
	view(single bool, fn func(tx) error) error
	update(single bool, fn func(tx) error) error
	close() error
}

// A tx is what can be done in a transaction. What reads rows adds them to sum,
// in order, all of their fields.
type tx interface {
	insert(id int64, t *todo) error
	setDue(id, due int64) error
	delete(id int64) error

	get(id int64, sum *digest) error
	owner(owner string, sum *digest) error                           // in order of their ids
	due(from, to int64, sum *digest) error                           // from <= due < to, in order
	page(after cursor, rows int, sum *digest) (last cursor, _ error) // in order of due times
	count(owner string) (int, error)
	scan(sum *digest) error // in order of ids
}

// A cursor is where a page ended: the zero cursor is before the first.
type cursor struct {
	token   string
	due, id int64
}
