//go:build js && wasm

package idb

import (
	"context"
	"iter"
	"syscall/js"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/pagetree"
)

// Salvage calls fn for every sound pair of a database, table by table in
// ascending order of names and keys, and returns what is damaged. It is for a
// database that [Open] refuses, or that can only be read, and writes nothing:
// what fn is given belongs into another one. The slices are valid until fn
// returns. An error of fn ends it and is returned.
//
// Where the way to a table's pairs is damaged, Salvage looks through all pages;
// a pair that was deleted or replaced lately may come back then. The log counts
// up to its first damaged record. A database that is missing is
// [backend.ErrDeleted].
func Salvage(ctx context.Context, name string, fn func(table string, kv backend.KV) error) ([]*backend.Error, error) {
	db, err := openDatabase(ctx, name, false)
	if err != nil {
		return nil, classify("salvage", err)
	}
	c := newConn(name, db)
	defer c.close()
	s := &salvager{pages: c.getPages, log: c.allLog}
	if err := c.readForSalvage(ctx, s); err != nil {
		return nil, classify("salvage", err)
	}
	var stopped error
	err = s.salvage(ctx, func(table string, kv backend.KV) error {
		stopped = fn(table, kv)
		return stopped
	})
	if stopped == nil {
		err = classify("salvage", err)
	}
	return s.damage.all("salvage"), err
}

// readForSalvage reads the records of the object store "root" and which pages
// there are. What is no record is empty.
func (c *conn) readForSalvage(ctx context.Context, s *salvager) error {
	var requests [3]js.Value
	var keys js.Value
	err := c.run(ctx, pageScope, js.Undefined(), func(t *txn) {
		store := t.store(rootStore)
		for key := range requests {
			requests[key] = store.Call("get", key)
		}
		keys = t.store(pageStore).Call("getAllKeys")
	})
	if err != nil {
		return err
	}
	for key, b := range []*[]byte{&s.root, &s.copy, &s.janitor} {
		if v := requests[key].Get("result"); !v.IsUndefined() {
			if *b, err = c.goBytes(v); err != nil {
				*b = []byte{}
			}
		}
	}
	keys = keys.Get("result")
	for i := range keys.Length() {
		if key := keys.Index(i); key.Type() == js.TypeNumber {
			s.ids = append(s.ids, pagetree.ID(key.Float()))
		}
	}
	return nil
}

// allLog yields the records of the log after a commit.
func (c *conn) allLog(ctx context.Context, after uint64) iter.Seq2[logEntry, error] {
	return func(yield func(logEntry, error) bool) {
		for {
			keys, records, _, err := c.getLog(ctx, after+1)
			if err != nil {
				yield(logEntry{}, err)
				return
			}
			for i, key := range keys {
				after = key
				if !yield(logEntry{key, records[i]}, nil) {
					return
				}
			}
			if len(keys) < tailCount {
				return
			}
		}
	}
}
