package main

import (
	"math/bits"
	"strconv"
)

// A todo is the row that all systems keep: about 200 bytes once encoded.
type todo struct {
	Title    string
	Owner    string
	Due      int64 // milliseconds since 1970
	Done     bool
	Priority int
	Tags     []string
	Notes    string
}

// perOwner is how many rows an owner has.
const perOwner = 100

// A dataset makes rows from numbers. Its rows differ in nothing from run to
// run.
type dataset struct {
	n      int
	owners []string
}

func newDataset(n int) *dataset {
	d := &dataset{n: n, owners: make([]string, max(n/perOwner, 1))}
	for i := range d.owners {
		d.owners[i] = "owner-" + strconv.Itoa(10_000+i)
	}
	return d
}

// due returns when the i-th row is due. No two rows are due at the same time,
// and neighbours among the rows aren't neighbours in time.
func due(i int) int64 { return firstDue + int64(uint32(i)*2654435769) }

const firstDue = 1_700_000_000_000

// span returns bounds of due times between which about rows of the first n rows
// lie: a part of the whole that begins at the i-th row.
func (d *dataset) span(i, rows int) (from, to int64) {
	from = due(i)
	return from, from + int64(float64(1<<32)*float64(rows)/float64(d.n))
}

func (d *dataset) row(i int) todo {
	return todo{
		Title:    "Call back about order " + strconv.Itoa(100_000+i),
		Owner:    d.owners[i%len(d.owners)],
		Due:      due(i),
		Done:     i%3 == 0,
		Priority: i % 5,
		Tags:     tags[i%len(tags)],
		Notes:    notes[i%32 : i%32+64],
	}
}

var tags = [][]string{{"work"}, {"home", "phone"}, {"work", "phone", "urgent"}, {"later"}, {"home", "shopping"}}

const notes = "They asked twice about the parcel and want to know by the end of the week whether it has left the house."

// A digest tells whether two systems gave the same rows in the same order. It
// looks at all of a row's fields, and costs little.
type digest uint64

func (d *digest) add(id int64, t *todo) {
	done := uint64(t.Priority) << 1
	if t.Done {
		done |= 1
	}
	for _, tag := range t.Tags {
		done = done*31 + text(tag)
	}
	d.number(uint64(id))
	d.number(uint64(t.Due))
	d.number(done)
	d.number(text(t.Title)<<32 ^ text(t.Owner)<<16 ^ text(t.Notes))
}

func (d *digest) number(n uint64) {
	*d = digest(bits.RotateLeft64(uint64(*d)^n, 29) * 0x9E3779B97F4A7C15)
}

// text sums up a text by its length, its beginning and its end.
func text(s string) uint64 {
	if s == "" {
		return 0
	}
	return uint64(len(s)) ^ uint64(s[0])<<8 ^ uint64(s[len(s)-1])<<16
}
