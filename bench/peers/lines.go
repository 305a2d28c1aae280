package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// A scale is how much there is to do.
type scale struct {
	rows    int // that are inserted in bulk
	batch   int // in one transaction of that
	singles int // inserted one by one
	gets    int
	ranges  int // of about perOwner rows each
	pages   int
	page    int // rows of a page
	changes int // rows that are changed, and rows that are deleted
}

var full = scale{rows: 100_000, batch: 10_000, singles: 1_000, gets: 10_000, ranges: 100, pages: 20, page: 50, changes: 1_000}

// A line is one kind of work. Its operations are the same for all systems.
type line struct {
	name   string
	writes bool
	ops    func(s scale) int
	run    func(r *run) error
}

// bulk is the line without which there is nothing to do.
const bulk = "bulk insert"

// lines are done in this order, with one store.
var lines = []line{
	{bulk, true, func(s scale) int { return s.rows }, (*run).bulkInsert},
	{"single inserts", true, func(s scale) int { return s.singles }, (*run).singleInserts},
	{"gets", false, func(s scale) int { return s.gets }, (*run).getEach},
	{"gets, one transaction", false, func(s scale) int { return s.gets }, (*run).getAll},
	{"owner ranges", false, func(s scale) int { return s.ranges }, (*run).ownerRanges},
	{"due ranges", false, func(s scale) int { return s.ranges }, (*run).dueRanges},
	{"pages", false, func(s scale) int { return s.pages }, (*run).pages},
	{"counts", false, func(s scale) int { return s.ranges }, (*run).counts},
	{"scan", false, func(s scale) int { return s.rows + s.singles }, (*run).scan},
	{"updates", true, func(s scale) int { return s.changes }, (*run).updates},
	{"deletes", true, func(s scale) int { return s.changes }, (*run).deletes},
	{reopen, false, func(scale) int { return 1 }, (*run).reopen},
}

// reopen is the line that stores without files don't have.
const reopen = "reopen to first read"

// A run is one system doing its lines.
type run struct {
	scale
	system system
	dir    string
	data   *dataset
	store  store
	sum    digest    // of what the line has read
	until  time.Time // when the line is cut
}

var errCut = errors.New("the line took too long")

func missing(id int64) error { return fmt.Errorf("row %d is missing", id) }

// more returns an error when the line's time is over.
func (r *run) more() error {
	if time.Now().After(r.until) {
		return errCut
	}
	return nil
}

// each does fn n times, each in a transaction of its own.
func (r *run) each(n int, within func(bool, func(tx) error) error, fn func(t tx, i int) error) error {
	for i := range n {
		if err := r.more(); err != nil {
			return err
		}
		if err := within(true, func(t tx) error { return fn(t, i) }); err != nil {
			return err
		}
	}
	return nil
}

// random returns a source of ids of rows that are there.
func (r *run) random() func() int {
	g := rand.New(rand.NewPCG(1, 2))
	return func() int { return g.IntN(r.rows) }
}

func (r *run) bulkInsert() error {
	for first := 0; first < r.rows; first += r.batch {
		if err := r.more(); err != nil {
			return err
		}
		err := r.store.update(false, func(t tx) error {
			for i := first; i < min(first+r.batch, r.rows); i++ {
				row := r.data.row(i)
				if err := t.insert(int64(i), &row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *run) singleInserts() error {
	return r.each(r.singles, r.store.update, func(t tx, i int) error {
		row := r.data.row(r.rows + i)
		return t.insert(int64(r.rows+i), &row)
	})
}

func (r *run) getEach() error {
	next := r.random()
	return r.each(r.gets, r.store.view, func(t tx, _ int) error { return t.get(int64(next()), &r.sum) })
}

func (r *run) getAll() error {
	next := r.random()
	return r.store.view(false, func(t tx) error {
		for range r.gets {
			if err := t.get(int64(next()), &r.sum); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *run) ownerRanges() error {
	next := r.random()
	return r.each(r.ranges, r.store.view, func(t tx, _ int) error {
		return t.owner(r.data.owners[next()%len(r.data.owners)], &r.sum)
	})
}

func (r *run) dueRanges() error {
	next := r.random()
	return r.each(r.ranges, r.store.view, func(t tx, _ int) error {
		from, to := r.data.span(next(), perOwner)
		return t.due(from, to, &r.sum)
	})
}

func (r *run) pages() error {
	var at cursor
	return r.each(r.scale.pages, r.store.view, func(t tx, _ int) (err error) {
		at, err = t.page(at, r.page, &r.sum)
		return err
	})
}

func (r *run) counts() error {
	next := r.random()
	return r.each(r.ranges, r.store.view, func(t tx, _ int) error {
		n, err := t.count(r.data.owners[next()%len(r.data.owners)])
		r.sum.number(uint64(n))
		return err
	})
}

func (r *run) scan() error {
	return r.store.view(true, func(t tx) error { return t.scan(&r.sum) })
}

// later is by how much updates move a row's due time: past all others.
const later = 1 << 33

func (r *run) updates() error {
	return r.store.update(false, func(t tx) error {
		for i := range r.changes {
			i = (i*89 + 1) % r.rows
			if err := t.setDue(int64(i), due(i)+later); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *run) deletes() error {
	return r.store.update(false, func(t tx) error {
		for i := range r.changes {
			if err := t.delete(int64(i * 97 % r.rows)); err != nil {
				return err
			}
		}
		return nil
	})
}

// reopen opens what is on the disk; it was closed before.
func (r *run) reopen() (err error) {
	if r.store, err = r.system.open(r.dir, r.data); err != nil {
		return err
	}
	return r.store.view(true, func(t tx) error { return t.get(int64(r.rows-1), &r.sum) })
}

// contents reads what all lines have left, by key and by an index.
func (r *run) contents() error {
	if err := r.scan(); err != nil {
		return err
	}
	return r.store.view(true, func(t tx) error { return t.due(firstDue+later, firstDue+2*later, &r.sum) })
}
