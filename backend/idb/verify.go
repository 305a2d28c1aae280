package idb

import (
	"errors"
	"strconv"

	"github.com/larderdb/larder/backend"
)

// damages gathers what is found damaged.
type damages struct{ list []*backend.Error }

// found adds err, found at a place of the database, if it is a damage, and
// returns it if it is something else.
func (d *damages) found(where string, err error) error {
	var e *backend.Error
	switch {
	case !errors.As(err, &e) || e.Class != backend.ErrCorrupt:
		return err
	case where != "":
		err = at(where, e)
		errors.As(err, &e)
	}
	d.add(e)
	return nil
}

func (d *damages) add(e *backend.Error) { d.list = append(d.list, e) }

// all returns what was found, by op.
func (d *damages) all(op string) []*backend.Error {
	for i, e := range d.list {
		own := *e
		own.Op = op
		d.list[i] = &own
	}
	return d.list
}

// A logChain follows the records of a log.
type logChain struct {
	db   id
	next uint64 // the commit that the next record begins with; 0 after a damaged one
}

// record returns the record under key, if it belongs there and is sound.
func (c *logChain) record(key uint64, b []byte) (record, error) {
	expected := c.next
	c.next = 0
	if expected != 0 && key != expected {
		return record{}, at(logPlace(expected), corrupt("is missing"))
	}
	r, err := decodeRecord(b)
	switch {
	case err != nil:
		return record{}, at(logPlace(key), err)
	case r.commit != key:
		return record{}, at(logPlace(key), corrupt("belongs to another place"))
	case r.db != c.db:
		return record{}, at(logPlace(key), corrupt("belongs to another database"))
	}
	for _, ops := range r.commits {
		if _, err := decodeOps(ops); err != nil {
			return record{}, at(logPlace(key), err)
		}
	}
	c.next = key + uint64(len(r.commits))
	return r, nil
}

// logPlace names the log record under a key.
func logPlace(key uint64) string { return "log record " + strconv.FormatUint(key, 10) }
