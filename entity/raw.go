package entity

import (
	"iter"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/keys"
)

// A RawRow is a row of which nothing was decoded, for who hands it on as it is.
// Its bytes are the engine's: they end with the transaction and must not be
// written to.
type RawRow struct {
	Key     []byte // the primary key, encoded
	Payload []byte // what the store's codec writes of the value, in the store's version

	at position
}

// Token is as [Row.Token].
func (r *RawRow) Token() (string, error) { return r.at.token() }

// GetRaw returns the payload of the row under an encoded primary key, see
// [RawRow], and whether there is one. It is otherwise as [Store.Get], but a
// payload that the codec can't decode is not found out. Nor is a row's checksum
// looked at where the engine has checksums of its own, see [backend.Checked].
func (s *Store[K, V]) GetRaw(tx *Tx, key []byte) (payload []byte, found bool, err error) {
	b, err := tx.store(s.def)
	if err == nil && len(key) > keys.MaxPrimaryKey {
		err = failure(backend.ErrTooLarge, primaryTooLarge)
	}
	if err != nil {
		return nil, false, s.failure("get", nil, err)
	}
	frame, err := tx.r.Get(b.def.name, key)
	if err == nil {
		payload, err = s.raw(tx, frame)
	} else if backend.IsNotFound(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, s.failure("get", key, err)
	}
	return payload, true, nil
}

// ScanRaw is [Store.Scan] without decoding, as [Store.GetRaw] is Get. Each turn of
// the loop has the same RawRow.
func (s *Store[K, V]) ScanRaw(tx *Tx, r keys.Range[K]) iter.Seq2[*RawRow, error] {
	return func(yield func(*RawRow, error) bool) {
		scan, err := s.scan("scan", tx, r)
		if err != nil {
			yield(nil, err)
			return
		}
		row := &RawRow{at: position{scan: scan}}
		scan.pairs(func(kv backend.KV, err error) bool {
			if err == nil {
				row.Key, row.at.key = kv.Key, kv.Key
				if row.Payload, err = s.raw(tx, kv.Value); err == nil {
					return yield(row, nil)
				}
				err = scan.failure(kv.Key, err)
			}
			yield(nil, err)
			return false
		})
	}
}

// ScanRaw is [Index.Scan] without decoding, as [Store.ScanRaw] is [Store.Scan].
func (x *Index[I, K, V]) ScanRaw(tx *Tx, r keys.Range[I]) iter.Seq2[*RawRow, error] {
	return func(yield func(*RawRow, error) bool) {
		row := new(RawRow)
		x.frames(tx, r, func(s *Store[K, V], at position, primary, frame []byte, err error) bool {
			if err == nil {
				row.Key, row.at = primary, at
				if row.Payload, err = s.raw(tx, frame); err == nil {
					return yield(row, nil)
				}
				err = at.scan.failure(at.key, err)
			}
			yield(nil, err)
			return false
		})
	}
}

// raw returns the payload of frame for who doesn't decode it.
func (s *Store[K, V]) raw(tx *Tx, frame []byte) ([]byte, error) {
	if !tx.checked {
		return s.payload(frame)
	}
	version, _, at, err := splitFrame(frame)
	if err != nil || version != s.def.version {
		return s.payload(frame) // which says what is to be done or said
	}
	return frame[at+sumSize:], nil
}
