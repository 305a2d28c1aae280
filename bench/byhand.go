package main

import (
	"bytes"
	"context"
	"errors"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/memory"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

// byHand does by hand on the memory engine what the typed layer does for
// typed: the same encodings of keys and values, two indexes in step with their
// rows. What it lacks is what the typed layer adds: a checksum, the catalogue,
// errors that say where, one definition for all of it.
type byHand struct {
	backend.Store
	revision int64
}

func openByHand(string) (store, error) { return &byHand{Store: memory.New()}, nil }

const (
	taskTable  = "tasks"
	ownerTable = "tasks.by_owner"
	dueTable   = "tasks.by_due"
)

var (
	codec   = msgpack.Of[task]()
	present = []byte{1} // the value of an index entry
)

// entries returns the keys of a row's index entries.
func entries(primary []byte, t *task) (owner, due []byte, err error) {
	if owner, err = keys.String(t.Owner).AppendKey(nil); err != nil {
		return nil, nil, err
	}
	if due, err = keys.Int(t.Due).AppendKey(nil); err != nil {
		return nil, nil, err
	}
	return append(owner, primary...), append(due, primary...), nil
}

// old returns the index entries of the row that is there, if any.
func old(tx backend.ReadTx, primary []byte) (owner, due []byte, err error) {
	value, err := tx.Get(taskTable, primary)
	if backend.IsNotFound(err) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	var t task
	if err := codec.Decode(value, &t); err != nil {
		return nil, nil, err
	}
	return entries(primary, &t)
}

func (s *byHand) put(n int, which func(int) int) error {
	s.revision++
	return s.Update(context.Background(), func(_ context.Context, tx backend.WriteTx) error {
		for i := range n {
			i := which(i)
			t := makeTask(i, s.revision)
			if err := putTask(tx, i, &t); err != nil {
				return err
			}
		}
		return nil
	})
}

func putTask(tx backend.WriteTx, i int, t *task) error {
	primary, err := keys.Int(i).AppendKey(nil)
	if err != nil {
		return err
	}
	oldOwner, oldDue, err := old(tx, primary)
	if err != nil {
		return err
	}
	owner, due, err := entries(primary, t)
	if err != nil {
		return err
	}
	value, err := codec.Append(nil, t)
	if err != nil {
		return err
	}
	return errors.Join(
		tx.Put(taskTable, primary, value),
		move(tx, ownerTable, oldOwner, owner),
		move(tx, dueTable, oldDue, due),
	)
}

// move replaces an index entry.
func move(tx backend.WriteTx, table string, from, to []byte) error {
	if bytes.Equal(from, to) {
		return nil
	}
	if from != nil {
		if _, err := tx.Delete(table, from); err != nil {
			return err
		}
	}
	return tx.Put(table, to, present)
}

func (s *byHand) get(n int, which func(int) int) error {
	return s.View(context.Background(), func(_ context.Context, tx backend.ReadTx) error {
		for i := range n {
			i := which(i)
			primary, err := keys.Int(i).AppendKey(nil)
			if err != nil {
				return err
			}
			value, err := tx.Get(taskTable, primary)
			if err != nil {
				return err
			}
			var t task
			if err := codec.Decode(value, &t); err != nil {
				return err
			}
			if err := t.verify(i); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *byHand) delete(n int, which func(int) int) error {
	return s.Update(context.Background(), func(_ context.Context, tx backend.WriteTx) error {
		for i := range n {
			primary, err := keys.Int(which(i)).AppendKey(nil)
			if err != nil {
				return err
			}
			owner, due, err := old(tx, primary)
			if err != nil {
				return err
			}
			for _, pair := range []struct {
				table string
				key   []byte
			}{{taskTable, primary}, {ownerTable, owner}, {dueTable, due}} {
				if existed, err := tx.Delete(pair.table, pair.key); err != nil {
					return err
				} else if !existed {
					return missing(which(i))
				}
			}
		}
		return nil
	})
}

func (s *byHand) scan(from, n int) error {
	r, err := keys.Between(keys.Int(from), keys.Int(from+n)).Bounds()
	if err != nil {
		return err
	}
	return s.View(context.Background(), func(_ context.Context, tx backend.ReadTx) error {
		i := from
		for kv, err := range tx.Scan(taskTable, r) {
			if err != nil {
				return err
			}
			if _, err := keys.Decode[keys.Int](kv.Key); err != nil {
				return err
			}
			var t task
			if err := codec.Decode(kv.Value, &t); err != nil {
				return err
			}
			if err := t.verify(i); err != nil {
				return err
			}
			i++
		}
		return all(i-from, n)
	})
}

func (s *byHand) close() error { return s.Close(context.Background()) }
