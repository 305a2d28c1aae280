//go:build !wasm

package bolt

import (
	"context"
	"encoding/binary"
	"time"

	"go.etcd.io/bbolt"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/gate"
)

// A group is a bbolt transaction that is going to be committed, with one
// flush, for all its members: Updates whose closures have returned.
//
// The closures run one after another, as their Updates get their turn at the
// gate. One that ends while others wait doesn't commit, but hands its turn
// over and waits for the group; the one that ends with no other waiting
// commits for them all. Updates that come during that commit are the next
// group.
//
// A closure on its own in its group is rolled back by rolling back the bbolt
// transaction. One that has members before it writes down how to undo each
// step, so that its failure doesn't take them along.
//
// A member doesn't wait longer than patience for a closure that is still
// running: it undoes that closure's steps, commits the group, does the steps
// again in a new bbolt transaction, and the closure, which notices nothing,
// goes on as the first of the next group. What the closure was handed remains
// valid, because a bbolt View holds the pages that it came from.
//
// All fields are guarded by the store's lock. A closure that has no members
// before it needs none for its steps: nobody else touches its bbolt
// transaction.
type group struct {
	btx     *bbolt.Tx
	base    uint64   // the number of the commit that the group began on
	commits uint64   // members that wrote; their numbers follow base
	members int      // Updates that wait for done
	size    int      // bytes that the members wrote
	running *writeTx // the closure that is running after members
	done    chan struct{}
	err     error // what came of it, once done is closed
}

// patience is how long a member waits for a running closure: about as long as
// the flush takes that they are going to share.
const patience = 2 * time.Millisecond

func (s *Store) acquire() { s.lock <- struct{}{} }
func (s *Store) release() { <-s.lock }

// begin begins a transaction in the group that is open, or in a new one.
func (s *Store) begin(ctx context.Context) (*writeTx, error) {
	select {
	case s.lock <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer s.release()
	if s.group == nil {
		if err := s.newGroup(); err != nil {
			return nil, err
		}
	}
	g := s.group
	tx := &writeTx{reader: reader{ctx: ctx, btx: g.btx, extent: s.extent(g.btx)}, s: s, group: g, version: g.base + g.commits}
	if g.members > 0 {
		tx.lock = s.lock
		g.running = tx
	}
	return tx, nil
}

func (s *Store) newGroup() error {
	if s.broken != nil {
		return s.broken
	}
	btx, err := s.db.Begin(true)
	if err != nil {
		return failure("update", err, "")
	}
	s.group = &group{btx: btx, base: s.version, done: make(chan struct{})}
	return nil
}

// end ends the transaction whose closure returned err, and returns what the
// Update has to report: its own error only when those before it, whose writes
// it may have read, were committed.
func (tx *writeTx) end(turn *gate.Turn, err error) error {
	s, g := tx.s, tx.leave()
	if err == nil && tx.failed == nil && tx.wrote {
		tx.failed = tx.fill(g.base + g.commits + 1)
	}
	switch {
	case tx.failed != nil || g.members == 0 && (err != nil || !tx.wrote):
		if err == nil {
			err = tx.failed
		}
		s.cancel(g, tx.failed)
		s.release()
		return err
	case err == nil && tx.wrote:
		g.commits++
		g.size += tx.size
	default:
		if undoErr := tx.undo(); undoErr != nil {
			s.cancel(g, undoErr)
			s.release()
			return undoErr
		}
	}
	g.members++
	if s.waiting.Load() == 0 || g.size >= backend.MaxTx || !s.hasRoom(g) {
		s.commit(g)
		s.release()
	} else {
		s.release()
		turn.HandOver()
		s.await(g)
	}
	if g.err != nil {
		return g.err
	}
	return err
}

// abandon ends a transaction whose closure didn't return.
func (tx *writeTx) abandon() {
	if tx.ended.Load() {
		return
	}
	s, g := tx.s, tx.leave()
	defer s.release()
	if tx.failed == nil && g.members > 0 {
		if tx.failed = tx.undo(); tx.failed == nil {
			return // the members commit when their patience ends, if no other does before
		}
	}
	s.cancel(g, tx.failed)
}

// leave takes the lock and the transaction out of its group.
func (tx *writeTx) leave() *group {
	tx.s.acquire()
	tx.ended.Store(true)
	tx.group.running = nil
	// The pages are let go before the commit, which may have to map anew.
	if tx.pin != nil {
		tx.pin.Rollback()
	}
	return tx.group
}

// await waits until the group has been committed, and commits it itself when
// that takes too long.
func (s *Store) await(g *group) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		select {
		case <-g.done:
			return
		case <-timer.C:
		}
		s.acquire()
		if s.group == g {
			s.split(g)
		}
		s.release()
		timer.Reset(patience)
	}
}

// commit commits the group and tells its members.
func (s *Store) commit(g *group) {
	var err error
	if g.commits == 0 {
		err = rollback(g.btx)
	} else {
		err = s.flush(g)
	}
	s.close(g, err)
}

// cancel rolls the group back, if that hasn't happened, and tells its members.
func (s *Store) cancel(g *group, err error) {
	if s.group != g {
		return
	}
	if e := rollback(g.btx); e != nil {
		s.broken = e
	}
	s.close(g, err)
}

func (s *Store) close(g *group, err error) {
	if err == nil {
		s.version = g.base + g.commits
	}
	s.group, g.err = nil, err
	close(g.done)
}

// flush writes the group to the disk.
func (s *Store) flush(g *group) (err error) {
	number := g.base + g.commits
	defer func() {
		if damage := recover(); damage != nil {
			err = damaged("commit", "", nil, damage)
			if g.btx.DB() == nil {
				s.broken = err // the commit has ended, and nobody knows how
			} else if e := rollback(g.btx); e != nil {
				s.broken = e
			}
		}
	}()
	if err := g.btx.Bucket(metaBucket).Put(commitKey, binary.BigEndian.AppendUint64(nil, number)); err != nil {
		return failure("commit", err, "")
	}
	txid := g.btx.ID()
	err = g.btx.Commit()
	if err == nil {
		s.newest.Store(&commit{txid, number})
		return nil
	}
	err = failure("commit", err, "")
	// bbolt has rolled back, unless it was the very last step that failed:
	// then the commit can be read, and whether it is on the disk nobody knows.
	cause := err
	read := s.db.View(func(tx *bbolt.Tx) error {
		if newest, err := metaNumber(tx.Bucket(metaBucket), commitKey); err != nil || newest == number {
			s.broken = &backend.Error{Class: backend.ErrIO, Op: "update", Err: cause,
				Reason: "a commit failed in a way that leaves open whether it is on the disk; close the store and open it again"}
		}
		return nil
	})
	if read != nil {
		s.broken = failure("update", read, "")
	}
	return err
}

// rollback rolls a bbolt transaction back, however damaged its pages are.
func rollback(btx *bbolt.Tx) (err error) {
	defer func() {
		if damage := recover(); damage != nil {
			err = damaged("rollback", "", nil, damage)
		}
	}()
	if btx.DB() == nil {
		return nil
	}
	if err := btx.Rollback(); err != nil {
		return failure("rollback", err, "")
	}
	return nil
}

// split commits the group without the closure that is running in it, which
// goes on in a new group. It happens to a closure once: a new group has no
// members before its first closure.
func (s *Store) split(g *group) {
	tx := g.running
	if tx == nil {
		s.commit(g)
		return
	}
	pin, err := s.db.Begin(false)
	if err != nil {
		err = failure("update", err, "")
	} else {
		tx.pin = pin
		err = tx.undo()
	}
	if err != nil {
		tx.failed = err
		s.cancel(g, err)
		return
	}
	s.commit(g)
	if g.err != nil {
		tx.failed = g.err
		return
	}
	if tx.failed = s.newGroup(); tx.failed != nil {
		return
	}
	tx.group = s.group
	tx.failed = tx.redo()
}

// hasRoom reports whether the group can certainly be committed within the
// mapped size, whatever a closure after it does. If it can't, bbolt would wait
// for all Views to end, the pin of that closure among them. A commit writes
// each page of the file anew at most once, or as two when it outgrows one; what
// members and closure write comes on top, as does the list of free pages.
func (s *Store) hasRoom(g *group) bool {
	return 3*int(g.btx.Size())+8*(g.size+backend.MaxTx) < s.mapped
}
