package idb

import (
	"bytes"
	"errors"
	"strconv"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
)

// A state is what a Store knows of its database: a snapshot, and the root that
// the log was read with. It never changes; each step makes a new one.
type state struct {
	snap *mvcc.Snapshot
	root root
	raw  []byte // root as it is stored, to compare with
	log  uint64 // bytes of the records applied since the Store was opened
	fold uint64 // log as it was at root's checkpoint, as far as this Store knows
}

// errBehind is returned by withRoot when a checkpoint has swallowed commits
// that the state doesn't have: it must be loaded anew.
var errBehind = errors.New("behind the checkpoint")

// withRoot returns the state under the root that is stored as raw.
func (st *state) withRoot(raw []byte) (*state, error) {
	if bytes.Equal(raw, st.raw) {
		return st, nil
	}
	r, err := decodeRoot(raw)
	if err != nil {
		return nil, at("root record", err)
	}
	if r.db != st.root.db {
		return nil, errReplaced()
	}
	if r.commit > st.snap.Version() {
		return nil, errBehind
	}
	next := *st
	next.root, next.raw, next.fold = r, raw, st.log
	return &next, nil
}

// withCommit returns the state after a commit that was stored in size bytes.
func (st *state) withCommit(snap *mvcc.Snapshot, size int) *state {
	next := *st
	next.snap = snap
	next.log += uint64(size)
	return &next
}

// withRecord returns the state after the log record b, whose key is number. A
// record that the state has already leaves it as it is. Pairs of the new
// snapshot refer to b.
func (st *state) withRecord(number uint64, b []byte) (*state, error) {
	version := st.snap.Version()
	if number <= version {
		return st, nil
	}
	where := "log record " + strconv.FormatUint(version+1, 10)
	if number != version+1 {
		return nil, at(where, corrupt("is missing"))
	}
	r, err := decodeRecord(b)
	switch {
	case err != nil:
		return nil, at(where, err)
	case r.commit != number:
		return nil, at(where, corrupt("belongs to another place"))
	case r.db != st.root.db:
		return nil, at(where, corrupt("belongs to another database"))
	}
	snap, err := st.snap.Apply(number, r.ops)
	if err != nil {
		return nil, at(where, err)
	}
	return st.withCommit(snap, len(b)), nil
}

// wantsCheckpoint reports whether the log has outgrown half of the checkpoint,
// and 1 MiB.
func (st *state) wantsCheckpoint() bool {
	return st.log-st.fold > max(1<<20, st.root.size/2)
}

// postponed returns the state whose next checkpoint is due when the log has
// grown as much again.
func (st *state) postponed() *state {
	next := *st
	next.fold = next.log
	return &next
}

// at returns err with the place in the database that it was found at.
func at(where string, err error) error {
	var e *backend.Error
	if !errors.As(err, &e) {
		return err
	}
	placed := *e
	placed.Reason = where + " " + e.Reason
	return &placed
}

func errReplaced() error {
	return &backend.Error{Class: backend.ErrDeleted, Reason: "a database of the same name was made in its place"}
}
