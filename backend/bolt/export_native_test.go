//go:build !wasm

package bolt

import "go.etcd.io/bbolt"

// Classify is for the test of the errors' classes.
var Classify = classify

// BBolt returns the database under a store, to read its statistics.
func (s *Store) BBolt() *bbolt.DB { return s.db }

// Waiting returns how many Updates wait for their turn.
func (s *Store) Waiting() int { return int(s.waiting.Load()) }

// LeaveNoRoom makes a store believe that its map is as small as its file, as it
// is on some platforms.
func (s *Store) LeaveNoRoom() { s.mapped = 0 }
