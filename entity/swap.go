package entity

import (
	"math"
	"strconv"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/keys"
)

// WithRevisions returns a copy of the store that writes each row with its
// revision: the number of the commit that wrote it, which no other version of
// the row has, and no earlier one exceeds. A put of an equal row is a new
// revision, too. [Row].Revision has it, and [Store.Swap] asks for it.
//
// Rows that were written before read as revision 0. A store without revisions
// reads rows with and writes them without, so all code that writes the store
// must have them: to keep older code out, raise the store's version, see
// [Store.WithSchema].
func (s *Store[K, V]) WithRevisions() *Store[K, V] {
	c := s.copy()
	c.format = frameV2
	return c
}

// newFrame returns a frame of m's payload as the store writes it, in m's memory if
// the engine copies it.
func (s *Store[K, V]) newFrame(tx *Tx, m *scratch) []byte {
	if !tx.copies {
		return makeFrame(s.format, s.def.version, m.payload)
	}
	m.frame = frameIn(m.frame, s.format, s.def.version, m.payload)
	return m.frame
}

// GetRow is [Store.Get] for who wants the row's revision, too.
func (s *Store[K, V]) GetRow(tx *Tx, key K) (row *Row[K, V], found bool, err error) {
	b, err := tx.store(s.def)
	if err != nil {
		return nil, false, s.failure("get", nil, err)
	}
	m := tx.take()
	defer tx.give(m)
	if m.primary, err = appendKey(m.primary[:0], key, keys.MaxPrimaryKey, primaryTooLarge); err != nil {
		return nil, false, s.failure("get", nil, err)
	}
	frame, err := tx.row(b, m)
	if err == nil && frame == nil {
		return nil, false, nil
	}
	row = &Row[K, V]{Key: key, Revision: revisionOf(frame)}
	if err == nil {
		err = s.decode(frame, &row.Value)
	}
	if err != nil {
		return nil, false, s.failure("get", m.primary, err)
	}
	return row, true, nil
}

// Swap is [Store.Put] for who has seen the row: it puts value if the row still
// is of the given revision. One that was changed or deleted since is
// [backend.ErrStale], and nothing was written: read the row again. To put a row
// that isn't there yet, use [Store.Insert].
//
// A row that was written without a revision has revision 0. One that the
// transaction itself has written has [math.MaxUint64], by which Swap knows it
// until the transaction ends; to swap it later, read it after the commit. A
// store that isn't [Store.WithRevisions] is [backend.ErrInvalid].
func (s *Store[K, V]) Swap(tx *Tx, key K, revision uint64, value V) error {
	if s.format != frameV2 {
		return s.failure("swap", nil, failure(backend.ErrInvalid, "the store has no revisions: define it WithRevisions"))
	}
	return s.write("swap", tx, key, value, func(old []byte) error {
		if old == nil {
			return failure(backend.ErrStale, "the key has no value any more")
		}
		if _, _, err := parseFrame(old); err != nil {
			return err
		}
		if now := revisionOf(old); now != revision {
			return failure(backend.ErrStale, "the row's revision is "+revisionText(now)+", not "+revisionText(revision))
		}
		return nil
	})
}

func revisionText(revision uint64) string {
	if revision == math.MaxUint64 {
		return "of a running transaction"
	}
	return strconv.FormatUint(revision, 10)
}
