package backend

import "context"

// The interfaces below are optional: an engine's Store or transaction
// implements one where it can do better than the function of the same name,
// which falls back on the basic methods.

// A Flusher is a Store whose acknowledged commits may not be on the disk yet.
type Flusher interface {
	// Flush returns when every commit acknowledged before it began is as
	// durable as [Strict] would have made it.
	Flush(ctx context.Context) error
}

// Flush calls s.Flush where s is a [Flusher]; other stores have nothing to
// flush.
func Flush(ctx context.Context, s Store) error {
	if f, ok := s.(Flusher); ok {
		return f.Flush(ctx)
	}
	return nil
}

// A Counter is a ReadTx that counts without visiting every pair.
type Counter interface {
	// Count is as the function [Count].
	Count(table string, r Range) (int, error)
}

// Count returns how many pairs tx.Scan(table, r) would yield, or the error that
// it would.
func Count(tx ReadTx, table string, r Range) (int, error) {
	if c, ok := tx.(Counter); ok {
		return c.Count(table, r)
	}
	return countByScan(tx, table, r)
}

// countByScan is not part of Count, where its loop's variables would cost
// engines that count memory.
func countByScan(tx ReadTx, table string, r Range) (int, error) {
	n := 0
	for _, err := range tx.Scan(table, r) {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// A RangeDeleter is a WriteTx that deletes a range without visiting every
// pair.
type RangeDeleter interface {
	// DeleteRange is as the function [DeleteRange].
	DeleteRange(table string, r Range) (int, error)
}

// DeleteRange deletes the pairs that tx.Scan(table, r) would yield and returns
// how many they were. With an error, which may be Scan's, it is how many were
// deleted before it.
func DeleteRange(tx WriteTx, table string, r Range) (int, error) {
	if d, ok := tx.(RangeDeleter); ok {
		return d.DeleteRange(table, r)
	}
	return deleteByScan(tx, table, r)
}

func deleteByScan(tx WriteTx, table string, r Range) (int, error) {
	n := 0
	for kv, err := range tx.Scan(table, r) {
		if err != nil {
			return n, err
		}
		if _, err := tx.Delete(table, kv.Key); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
