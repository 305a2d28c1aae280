//go:build !wasm

package main

import (
	"bytes"
	"context"
	"path/filepath"

	"go.etcd.io/bbolt"

	"github.com/larderdb/larder/backend/bolt"
)

// boltGroup compares the bolt engine with plain bbolt. Both flush each commit
// to the disk.
func boltGroup() []group {
	return []group{{"bolt", engineGoal, openBolt, openBbolt}}
}

func openBolt(dir string) (store, error) {
	s, err := bolt.Open(context.Background(), filepath.Join(dir, "data"), nil)
	return engine{s}, err
}

// bboltFile is plain bbolt, with the options that the engine gives it.
type bboltFile struct{ db *bbolt.DB }

func openBbolt(dir string) (store, error) {
	db, err := bbolt.Open(filepath.Join(dir, "data"), 0o600, &bbolt.Options{
		FreelistType: bbolt.FreelistMapType, InitialMmapSize: 1 << 30,
	})
	if err != nil {
		return nil, err
	}
	return bboltFile{db}, db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket([]byte(items))
		return err
	})
}

func (f bboltFile) put(n int, which func(int) int) error {
	return f.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(items))
		var k []byte
		for i := range n {
			i := which(i)
			k = key(k[:0], i)
			if err := b.Put(k, value(i)); err != nil { // copies the key, keeps the value
				return err
			}
		}
		return nil
	})
}

func (f bboltFile) get(n int, which func(int) int) error {
	return f.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(items))
		var k []byte
		for i := range n {
			i := which(i)
			k = key(k[:0], i)
			v := b.Get(k)
			if v == nil {
				return missing(i)
			}
			if err := verify(v, i); err != nil {
				return err
			}
		}
		return nil
	})
}

func (f bboltFile) delete(n int, which func(int) int) error {
	return f.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(items))
		var k []byte
		for i := range n {
			k = key(k[:0], which(i))
			// Delete doesn't say whether the key existed, as the contract does.
			if b.Get(k) == nil {
				return missing(which(i))
			}
			if err := b.Delete(k); err != nil {
				return err
			}
		}
		return nil
	})
}

func (f bboltFile) scan(from, n int) error {
	return f.db.View(func(tx *bbolt.Tx) error {
		i, end := from, key(nil, from+n)
		c := tx.Bucket([]byte(items)).Cursor()
		for k, v := c.Seek(key(nil, from)); k != nil && bytes.Compare(k, end) < 0; k, v = c.Next() {
			if err := verify(v, i); err != nil {
				return err
			}
			i++
		}
		return all(i-from, n)
	})
}

func (f bboltFile) close() error { return f.db.Close() }
