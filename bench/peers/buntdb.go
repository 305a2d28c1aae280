package main

import (
	"encoding/binary"
	"path/filepath"
	"unsafe"

	"github.com/tidwall/buntdb"

	"github.com/larderdb/larder/entity/codec/msgpack"
)

// buntdb's keys and values are texts. A key is the id in eight bytes; a value
// is when the row is due, in eight bytes, the length of its owner's name and
// that name, which is what the indexes compare, and then the row as Larder's
// codec encodes it.
const buntOwner = 9

var codec = msgpack.Of[todo]()

type buntStore struct{ db *buntdb.DB }

func openBuntFile(dir string, _ *dataset) (store, error) {
	return openBunt(filepath.Join(dir, "buntdb.db"))
}

func openBuntMemory(string, *dataset) (store, error) { return openBunt(":memory:") }

func openBunt(path string) (store, error) {
	db, err := buntdb.Open(path)
	if err != nil {
		return nil, err
	}
	var c buntdb.Config
	if err := db.ReadConfig(&c); err != nil {
		return nil, err
	}
	c.SyncPolicy = buntdb.Always
	if err := db.SetConfig(c); err != nil {
		return nil, err
	}
	if err := db.CreateIndex("owner", "*", func(a, b string) bool { return ownerOf(a) < ownerOf(b) }); err != nil {
		return nil, err
	}
	if err := db.CreateIndex("due", "*", func(a, b string) bool { return a[:8] < b[:8] }); err != nil {
		return nil, err
	}
	return &buntStore{db}, nil
}

func ownerOf(value string) string { return value[buntOwner : buntOwner+int(value[buntOwner-1])] }

func (b *buntStore) view(_ bool, fn func(tx) error) error {
	return b.db.View(func(tx *buntdb.Tx) error { return fn(&buntTx{tx: tx}) })
}

func (b *buntStore) update(_ bool, fn func(tx) error) error {
	return b.db.Update(func(tx *buntdb.Tx) error { return fn(&buntTx{tx: tx}) })
}

func (b *buntStore) close() error { return b.db.Close() }

type buntTx struct {
	tx  *buntdb.Tx
	err error // of the loop that runs
}

func buntKey(id int64) string { return string(binary.BigEndian.AppendUint64(nil, uint64(id))) }

func buntID(key string) int64 { return int64(binary.BigEndian.Uint64(bytesOf(key))) }

// buntHead returns the part of a value that the indexes compare.
func buntHead(due int64, owner string) []byte {
	head := make([]byte, 0, 256)
	head = binary.BigEndian.AppendUint64(head, uint64(due))
	return append(append(head, byte(len(owner))), owner...)
}

// bytesOf returns the bytes of s without a copy.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

func (b *buntTx) set(id int64, t *todo) error {
	value, err := codec.Append(buntHead(t.Due, t.Owner), t)
	if err == nil {
		_, _, err = b.tx.Set(buntKey(id), string(value), nil)
	}
	return err
}

func (b *buntTx) insert(id int64, t *todo) error { return b.set(id, t) }

func (b *buntTx) read(id int64, t *todo) error {
	value, err := b.tx.Get(buntKey(id))
	if err != nil {
		return err
	}
	return decodeBunt(value, t)
}

func decodeBunt(value string, t *todo) error {
	return codec.Decode(bytesOf(value)[buntOwner+int(value[buntOwner-1]):], t)
}

func (b *buntTx) setDue(id, due int64) error {
	var t todo
	if err := b.read(id, &t); err != nil {
		return err
	}
	t.Due = due
	return b.set(id, &t)
}

func (b *buntTx) delete(id int64) error {
	_, err := b.tx.Delete(buntKey(id))
	return err
}

func (b *buntTx) get(id int64, sum *digest) error {
	var t todo
	err := b.read(id, &t)
	if err == nil {
		sum.add(id, &t)
	}
	return err
}

// yield returns a function that adds rows to sum, up to so many.
func (b *buntTx) yield(sum *digest, last *cursor, rows int) func(key, value string) bool {
	n := 0
	return func(key, value string) bool {
		var t todo
		if b.err = decodeBunt(value, &t); b.err != nil {
			return false
		}
		sum.add(buntID(key), &t)
		last.due = t.Due
		n++
		return n != rows
	}
}

// loop returns the error of a loop, or of its body.
func (b *buntTx) loop(err error) error {
	if err == nil {
		err = b.err
	}
	return err
}

func (b *buntTx) owner(owner string, sum *digest) error {
	return b.loop(b.tx.AscendEqual("owner", string(buntHead(0, owner)), b.yield(sum, new(cursor), 0)))
}

func (b *buntTx) due(from, to int64, sum *digest) error {
	return b.loop(b.tx.AscendRange("due", string(buntHead(from, "")), string(buntHead(to, "")), b.yield(sum, new(cursor), 0)))
}

func (b *buntTx) page(after cursor, rows int, sum *digest) (cursor, error) {
	err := b.tx.AscendGreaterOrEqual("due", string(buntHead(after.due+1, "")), b.yield(sum, &after, rows))
	return after, b.loop(err)
}

func (b *buntTx) count(owner string) (n int, err error) {
	err = b.tx.AscendEqual("owner", string(buntHead(0, owner)), func(string, string) bool {
		n++
		return true
	})
	return n, err
}

func (b *buntTx) scan(sum *digest) error {
	return b.loop(b.tx.Ascend("", b.yield(sum, new(cursor), 0)))
}
