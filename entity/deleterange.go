package entity

import (
	"errors"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/keys"
)

// DeleteRange deletes the rows that [Store.Scan] would yield, with their index
// entries, and returns how many they were. A range with a limit deletes the
// first so many, from the end when it is reversed. It keeps no more than a row
// in memory at a time, but the transaction's own limit holds, [backend.MaxTx]:
// what is larger is deleted in several transactions, with a limit.
//
// Where the store has indexes, a row that can't be read is [backend.ErrCorrupt].
// DeleteRange stops at the first row that fails, as [Store.DeleteMany] does:
// when it has deleted a row by then, the transaction can't be committed any
// more; but with [backend.ErrNotInMemory] the rows that it has counted are
// deleted, and the caller goes on with the same range, less its limit's share.
func (s *Store[K, V]) DeleteRange(tx *Tx, r keys.Range[K]) (int, error) {
	const op = "delete range"
	b, err := tx.store(s.def)
	if err == nil {
		err = tx.writable()
	}
	if err != nil {
		return 0, s.failure(op, nil, err)
	}
	scan, err := newScan(op, tx, b.def.name, place{store: b.def.name}, r)
	if err != nil {
		return 0, err
	}
	var n int
	if len(s.indexes) > 0 {
		n, err = s.deleteRows(b, scan)
	} else if n, err = backend.DeleteRange(tx.w, scan.table, scan.r); errors.Is(err, backend.ErrTableNotFound) {
		err = nil // nothing was ever put into it
	} else if err != nil {
		err = scan.failure(nil, err)
	}
	if len(s.indexes) == 0 {
		tx.writes += n
	}
	if err != nil && n > 0 && !errors.Is(err, backend.ErrNotInMemory) {
		tx.fail(err)
	}
	return n, err
}

// deleteRows deletes the rows of the scan one by one.
func (s *Store[K, V]) deleteRows(b *boundStore, scan *scan) (n int, err error) {
	tx := scan.tx
	m := tx.take()
	defer tx.give(m)
	for kv, err := range scan.pairs {
		if err != nil {
			return n, err
		}
		m.reset(len(s.indexes))
		m.primary = append(m.primary[:0], kv.Key...)
		key, err := keys.Decode[K](kv.Key)
		if err == nil {
			err = s.oldKeys(m, key, kv.Value)
		}
		if err != nil {
			return n, scan.failure(kv.Key, err)
		}
		if err := tx.remove(scan.op, b, m); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
