package idb

import (
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

// newState returns the state of a base without any commit after it.
func newState(b *base) *state {
	return &state{snap: mvcc.NewSnapshot(b.root.commit, b.tables), base: b}
}

// errBehind is returned by onto when a checkpoint has swallowed commits that
// the state doesn't have: its base alone is the newest state then, and the log
// follows.
var errBehind = errors.New("behind the checkpoint")

// onto returns the same commits over a newer base. It calls rest after each
// commit, so that a long job can be done in turns, and fails with its error.
func (st *state) onto(b *base, rest func() error) (*state, error) {
	if b.root.commit > st.snap.Version() {
		return nil, errBehind
	}
	return newState(b).with(st.after(b.root.commit), rest)
}

// with returns the state after commits, which it applies anew. It calls rest as
// onto does.
func (st *state) with(commits []commit, rest func() error) (*state, error) {
	for _, c := range commits {
		ops, err := decodeOps(c.ops)
		if err != nil {
			return nil, at("commit "+strconv.FormatUint(c.number, 10), err)
		}
		snap, err := st.snap.Apply(c.number, ops)
		if err != nil {
			return nil, at("commit "+strconv.FormatUint(c.number, 10), err)
		}
		st = st.withCommits(snap, []commit{c}, len(c.ops))
		if err := rest(); err != nil {
			return nil, err
		}
	}
	return st, nil
}

// after returns the recent commits after the one of that number.
func (st *state) after(number uint64) []commit {
	i, _ := slices.BinarySearchFunc(st.recent, number+1, func(c commit, number uint64) int { return cmp.Compare(c.number, number) })
	return st.recent[i:]
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
