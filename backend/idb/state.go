package idb

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"strconv"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
)

// A state is what a Store knows of its database: a snapshot, and the
// checkpoint that the log was read with. It never changes; each step makes a
// new one.
type state struct {
	snap *mvcc.Snapshot
	base *base
	// recent holds the commits after the base, oldest first. States share the
	// array: only the newest one's successor appends to it.
	recent []commit
	log    uint64 // bytes in the log after the base
}

// errBehind is returned by withRoot when a checkpoint has swallowed commits
// that the state doesn't have: it must be loaded anew.
var errBehind = errors.New("behind the checkpoint")

// withRoot returns the state under the root that is stored as raw.
func (st *state) withRoot(raw []byte) (*state, error) {
	if bytes.Equal(raw, st.base.raw) {
		return st, nil
	}
	r, err := decodeRoot(raw)
	if err != nil {
		return nil, at("root record", err)
	}
	if r.db != st.base.root.db {
		return nil, errReplaced()
	}
	if r.commit > st.snap.Version() {
		return nil, errBehind
	}
	return st.onto(newBase(r, raw))
}

// onto returns the same commits over a newer base.
func (st *state) onto(b *base) (*state, error) {
	if b.root.commit > st.snap.Version() {
		return nil, errBehind
	}
	next := *st
	next.base, next.log = b, 0
	n, _ := slices.BinarySearchFunc(st.recent, b.root.commit+1, func(c commit, number uint64) int { return cmp.Compare(c.number, number) })
	next.recent = st.recent[n:]
	return &next, nil
}

// withCommits returns the state after cs, which lead from st to snap and take
// size bytes in the log.
func (st *state) withCommits(snap *mvcc.Snapshot, cs []commit, size int) *state {
	next := *st
	next.snap = snap
	next.recent = append(st.recent, cs...)
	next.log += uint64(size)
	return &next
}

// withRecord returns the state after all commits of the log record b, whose
// key is number. A record that the state has already leaves it as it is. Pairs
// of the new snapshot refer to b.
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
	case r.db != st.base.root.db:
		return nil, at(where, corrupt("belongs to another database"))
	}
	snap := st.snap
	commits := make([]commit, len(r.commits))
	for i, b := range r.commits {
		ops, err := decodeOps(b)
		if err == nil {
			commits[i] = commit{number + uint64(i), b, r.context, r.serial + uint64(i)}
			snap, err = snap.Apply(commits[i].number, ops)
		}
		if err != nil {
			return nil, at(where, err)
		}
	}
	return st.withCommits(snap, commits, len(b)), nil
}

// wantsCheckpoint reports whether the log has outgrown half of the checkpoint,
// and 1 MiB.
func (st *state) wantsCheckpoint() bool {
	return st.log > max(1<<20, st.base.root.size/2)
}

// postponed returns the state whose next checkpoint is due when the log has
// grown as much again.
func (st *state) postponed() *state {
	next := *st
	next.log = 0
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
