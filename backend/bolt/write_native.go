//go:build !wasm

package bolt

import (
	"bytes"
	"encoding/binary"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/larderdb/larder/backend"
)

// A writeTx is the transaction of an Update.
type writeTx struct {
	reader
	s        *Store
	group    *group
	version  uint64 // the newest commit before it
	size     int    // bytes put and deleted
	tooLarge error  // set for good when there were too many
	wrote    bool
	stamps   []*stamped
	steps    []step
	pin      *bbolt.Tx // a View that holds the pages of slices handed out before a split
}

// A stamped is a pair that waits for the number of its commit.
type stamped struct {
	t          *table
	key, value []byte
	stamps     []backend.Stamp
	replaced   bool // by a later Put, Delete or DropTable
}

// ReadVersion is as in [backend.ReadTx].
func (tx *writeTx) ReadVersion() uint64 { return tx.version }

// refused returns the error of a transaction that has been too large.
func (tx *writeTx) refused() error { return tx.tooLarge }

// charge adds n bytes to the transaction's size.
func (tx *writeTx) charge(op, name string, n int) error {
	if tx.tooLarge == nil && tx.size+n > backend.MaxTx {
		tx.tooLarge = &backend.Error{Class: backend.ErrTooLarge, Op: op, Table: name,
			Reason: "the transaction is larger than 64 MiB; write in several"}
	}
	tx.size += n
	return tx.tooLarge
}

// Put is as in [backend.WriteTx].
func (tx *writeTx) Put(name string, key, value []byte, stamps ...backend.Stamp) (err error) {
	if err := tx.check("put", name); err != nil {
		return err
	}
	if err := backend.CheckPut(name, key, value, stamps); err != nil {
		return err
	}
	if err := tx.charge("put", name, len(key)+len(value)); err != nil {
		return err
	}
	tx.enter()
	defer tx.exit("put", name, key, &err)
	if tx.failed != nil {
		return tx.failed
	}
	t := tx.table(name)
	if t.bucket == nil {
		if err := tx.create(t); err != nil {
			return err
		}
	}
	if value == nil {
		value = []byte{} // bbolt hands a nil value out as if it were missing
	}
	if stamps != nil || t.stamped != nil {
		key, value = t.stamp(tx, key, value, stamps)
	}
	if err := tx.set(t, key, value); err != nil {
		return failure("put", err, name)
	}
	return nil
}

// stamp notes what is to be stamped, forgets what key had noted before, and
// returns the pair as it reads until the commit. The value may be one that the
// transaction has handed out, of the file or of another pair: it is copied.
func (t *table) stamp(tx *writeTx, key, value []byte, stamps []backend.Stamp) (_, _ []byte) {
	if len(stamps) > 0 {
		key, value = bytes.Clone(key), bytes.Clone(value)
	}
	for _, s := range stamps {
		if s.InKey {
			putNumber(key, s, 1<<64-1)
		} else {
			putNumber(value, s, 1<<64-1)
		}
	}
	t.forget(key)
	if len(stamps) > 0 {
		p := &stamped{t: t, key: key, value: value, stamps: append([]backend.Stamp(nil), stamps...)}
		if t.stamped == nil {
			t.stamped = make(map[string]*stamped)
		}
		t.stamped[string(key)] = p
		tx.stamps = append(tx.stamps, p)
	}
	return key, value
}

// forget drops the stamps of a pair that is replaced.
func (t *table) forget(key []byte) {
	if p := t.stamped[string(key)]; p != nil {
		p.replaced = true
		delete(t.stamped, string(key))
	}
}

func putNumber(b []byte, s backend.Stamp, number uint64) {
	binary.BigEndian.PutUint64(b[s.Offset:], number)
}

// fill replaces the stamps by the number of the commit.
func (tx *writeTx) fill(number uint64) (err error) {
	defer func() {
		if damage := recover(); damage != nil {
			err = damaged("commit", "", nil, damage)
		}
	}()
	// Pairs whose keys are stamped leave their places before the first takes its
	// new one, which may have been another's, and replace what they find there.
	var moving []*stamped
	for _, p := range tx.stamps {
		if p.replaced {
			continue
		}
		if !slices.ContainsFunc(p.stamps, func(s backend.Stamp) bool { return s.InKey }) {
			err = p.put(number)
		} else {
			err = p.t.bucket.Delete(p.key)
			moving = append(moving, p)
		}
		if err != nil {
			return failure("commit", err, p.t.name)
		}
	}
	for _, p := range moving {
		if err := p.put(number); err != nil {
			return failure("commit", err, p.t.name)
		}
	}
	return nil
}

// put puts the pair with its stamps filled in. It makes a copy, since the slices
// that the transaction has handed out may be values of other pairs as well.
func (p *stamped) put(number uint64) error {
	key, value := bytes.Clone(p.key), bytes.Clone(p.value)
	for _, s := range p.stamps {
		if s.InKey {
			putNumber(key, s, number)
		} else {
			putNumber(value, s, number)
		}
	}
	return p.t.bucket.Put(key, value)
}

// Delete is as in [backend.WriteTx].
func (tx *writeTx) Delete(name string, key []byte) (existed bool, err error) {
	if err := tx.check("delete", name); err != nil {
		return false, err
	}
	if err := backend.CheckKey(key); err != nil {
		return false, err
	}
	tx.enter()
	defer tx.exit("delete", name, key, &err)
	if tx.failed != nil {
		return false, tx.failed
	}
	t := tx.table(name)
	if t.bucket == nil {
		return false, t.missing("delete")
	}
	c := t.search()
	found, value := c.Seek(key)
	if !bytes.Equal(found, key) {
		return false, nil
	}
	if err := tx.charge("delete", name, len(key)); err != nil {
		return false, err
	}
	if t.stamped != nil {
		t.forget(key)
	}
	tx.before(t, found, value)
	if err := c.Delete(); err != nil {
		return false, failure("delete", err, name)
	}
	return true, nil
}

// DropTable is as in [backend.WriteTx].
func (tx *writeTx) DropTable(name string) (err error) {
	if err := tx.check("drop", name); err != nil {
		return err
	}
	tx.enter()
	defer tx.exit("drop", name, nil, &err)
	if tx.failed != nil {
		return tx.failed
	}
	t := tx.table(name)
	if t.bucket == nil {
		return t.missing("drop")
	}
	if tx.tooLarge != nil {
		return tx.tooLarge
	}
	for _, p := range t.stamped {
		p.replaced = true
	}
	t.stamped = nil
	return tx.drop(t)
}
