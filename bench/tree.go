package main

import (
	"bytes"
	"sync"
	"sync/atomic"

	"github.com/tidwall/btree"
)

// tree is what a program would write itself on the same B-tree to have the
// same isolation: one writer at a time, which changes its own copy and then
// makes it the newest.
type tree struct {
	writer sync.Mutex
	newest atomic.Pointer[btree.BTreeG[treePair]]
}

type treePair struct{ key, value []byte }

func openTree(string) (store, error) {
	t := new(tree)
	less := func(a, b treePair) bool { return bytes.Compare(a.key, b.key) < 0 }
	t.newest.Store(btree.NewBTreeGOptions(less, btree.Options{NoLocks: true}))
	return t, nil
}

func (t *tree) put(n int, which func(int) int) error {
	t.writer.Lock()
	defer t.writer.Unlock()
	pairs := t.newest.Load().IsoCopy()
	var k []byte
	for i := range n {
		i := which(i)
		k = key(k[:0], i)
		pairs.Set(treePair{bytes.Clone(k), value(i)}) // as Put: copies the key, keeps the value
	}
	t.newest.Store(pairs)
	return nil
}

func (t *tree) get(n int, which func(int) int) error {
	pairs := t.newest.Load()
	var k []byte
	for i := range n {
		i := which(i)
		k = key(k[:0], i)
		p, ok := pairs.Get(treePair{key: k})
		if !ok {
			return missing(i)
		}
		if err := verify(p.value, i); err != nil {
			return err
		}
	}
	return nil
}

func (t *tree) delete(n int, which func(int) int) error {
	t.writer.Lock()
	defer t.writer.Unlock()
	pairs := t.newest.Load().IsoCopy()
	var k []byte
	for i := range n {
		k = key(k[:0], which(i))
		if _, existed := pairs.Delete(treePair{key: k}); !existed {
			return missing(which(i))
		}
	}
	t.newest.Store(pairs)
	return nil
}

func (t *tree) scan(from, n int) (err error) {
	i, end := from, key(nil, from+n)
	t.newest.Load().Ascend(treePair{key: key(nil, from)}, func(p treePair) bool {
		if bytes.Compare(p.key, end) >= 0 {
			return false
		}
		err = verify(p.value, i)
		i++
		return err == nil
	})
	if err != nil {
		return err
	}
	return all(i-from, n)
}

func (t *tree) close() error { return nil }
