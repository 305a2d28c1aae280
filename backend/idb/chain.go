package idb

import (
	"bytes"
	"errors"
	"slices"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
)

// A chain is this context's newest local state: what is stored, and on top of
// it, in their order, the Updates whose closures have returned and that are on
// their way to the log. A closure runs on the chain's end. The zero chain
// stands on no snapshot and is not ready; its user guards it with a lock.
//
// When others commit in between, members that have read nothing of what those
// changed take their place behind them with new numbers, and the first that
// has, with all that may have read what it wrote, runs again.
type chain struct {
	base    *mvcc.Snapshot // what is stored
	members []*member      // oldest first
	shown   int            // how many of the first are acknowledged, before they are stored
	size    int            // bytes of what they wrote
	run     *run           // of the closure that is running
}

// A member is an Update whose closure has returned.
type member struct {
	ops     []byte      // what it wrote, as in a log record; nil when it wrote nothing
	stamped []mvcc.Op   // those of its operations that the commit's number belongs in
	reads   *mvcc.Reads // what must still hold when it is stored
	strict  bool        // wants to be flushed to the disk
	async   bool        // is acknowledged before it is stored, where that is granted

	number uint64         // its commit's, while it stands where it stands; 0 when it wrote nothing
	snap   *mvcc.Snapshot // what it leads to
	acked  bool           // its Update has returned
	left   bool           // its Update's context is done
	told   chan error     // of capacity 1: nil when it is acknowledged, errAgain, or why it failed
	gone   chan struct{}  // closed when it leaves the chain, where somebody waits for that
}

// errAgain tells an Update to run its closure again.
var errAgain = errors.New("what the closure has read is no longer so")

// A run is that of a closure, on a snapshot.
type run struct {
	snap    *mvcc.Snapshot
	changes []change // what has come to lie below it meanwhile
	broken  bool     // the snapshot holds what was never stored
}

// A change is a commit, as others find it.
type change struct {
	number uint64
	ops    []mvcc.Op
}

// newMember returns the member for a transaction that has ended, and whose
// operations are to be committed if commits is set. It is called before the
// transaction commits.
func newMember(tx *mvcc.WriteTx, commits bool, d backend.Durability) *member {
	m := &member{
		reads: tx.Reads(), strict: d == backend.Strict, async: d == backend.Async,
		told: make(chan error, 1),
	}
	if !commits || !tx.Changed() {
		return m
	}
	ops := tx.Ops()
	m.ops = encodeOps(ops)
	for _, op := range ops {
		if len(op.Stamps) > 0 {
			m.stamped = append(m.stamped, op)
		}
	}
	return m
}

// end returns the snapshot that all members lead to.
func (c *chain) end() *mvcc.Snapshot {
	if n := len(c.members); n > 0 {
		return c.members[n-1].snap
	}
	return c.base
}

// visible returns the snapshot that all acknowledged members lead to.
func (c *chain) visible() *mvcc.Snapshot {
	if c.shown > 0 {
		return c.members[c.shown-1].snap
	}
	return c.base
}

// begin begins a closure's run. One closure runs at a time.
func (c *chain) begin() *run {
	c.run = &run{snap: c.end()}
	return c.run
}

// leave ends a run that leads to nothing, if it hasn't ended.
func (c *chain) leave(r *run) {
	if c.run == r {
		c.run = nil
	}
}

// join ends a run and appends the member that it has led to by tx. It reports
// false when the closure has to run again.
func (c *chain) join(r *run, m *member, tx *mvcc.WriteTx) bool {
	c.leave(r)
	if r.broken || m.conflicts(r.changes) {
		return false
	}
	tip, err := c.end(), error(nil)
	switch {
	case m.ops == nil:
		m.snap = tip
	case tip == r.snap:
		m.number = tip.Version() + 1
		m.snap, err = tx.Commit(m.number)
	default:
		err = m.follow(tip)
	}
	if err != nil {
		return false
	}
	c.members = append(c.members, m)
	c.size += len(m.ops)
	return true
}

// follow puts m behind tip.
func (m *member) follow(tip *mvcc.Snapshot) error {
	if m.ops == nil {
		m.snap = tip
		return nil
	}
	b := m.ops
	if len(m.stamped) > 0 {
		b = bytes.Clone(b) // which the stamps are written to
	}
	ops, err := decodeOps(b)
	if err != nil {
		return err
	}
	m.number = tip.Version() + 1
	m.snap, err = tip.Apply(m.number, ops)
	return err
}

func (m *member) conflicts(changes []change) bool {
	for _, c := range changes {
		if m.reads.Conflict(c.number, c.ops) {
			return true
		}
	}
	return false
}

// advance puts the chain on snap, to which changes lead from what was stored,
// and returns the members that have to run again.
func (c *chain) advance(snap *mvcc.Snapshot, changes []change) (again []*member) {
	c.base = snap
	tip, kept := snap, []*member(nil)
	for i, m := range c.members {
		before := m.number
		conflict := m.conflicts(changes)
		if !conflict && m.follow(tip) == nil {
			// What it has stamped is another number now.
			if len(m.stamped) > 0 && m.number != before {
				changes = append(changes[:len(changes):len(changes)], change{before, m.stamped}, change{m.number, m.stamped})
			}
			tip, kept = m.snap, append(kept, m)
			continue
		}
		again = append(again, m)
		if m.ops != nil {
			// All that follow may have read what it wrote.
			again = append(again, c.members[i+1:]...)
			c.breakRun()
			break
		}
	}
	c.set(kept)
	if c.run != nil {
		c.run.changes = append(c.run.changes, changes...)
	}
	return again
}

// reset puts the chain on snap, of which nobody knows how it came about, and
// returns the members, which have to run again.
func (c *chain) reset(snap *mvcc.Snapshot) (again []*member) {
	again = c.members
	c.base = snap
	c.set(nil)
	c.breakRun()
	return again
}

// stored takes the first n members away, which are stored now.
func (c *chain) stored(n int) {
	if n > 0 {
		c.base = c.members[n-1].snap
		c.shown = max(c.shown-n, 0)
		c.set(slices.Delete(c.members, 0, n))
	}
}

// cut takes the members from the i-th on away, because that one won't be
// stored, and returns them.
func (c *chain) cut(i int) (gone []*member) {
	gone = c.members[i:]
	c.set(c.members[:i:i])
	c.breakRun()
	return gone
}

// remove takes the i-th member away, and those that may have read what it
// wrote, which it returns.
func (c *chain) remove(i int) (again []*member) {
	if c.members[i].ops != nil {
		return c.cut(i)[1:]
	}
	c.set(slices.Concat(c.members[:i], c.members[i+1:]))
	return nil
}

// set replaces the members by some of them.
func (c *chain) set(members []*member) {
	c.members, c.shown, c.size = members, min(c.shown, len(members)), 0
	for _, m := range members {
		c.size += len(m.ops)
	}
}

func (c *chain) breakRun() {
	if c.run != nil {
		c.run.broken = true
	}
}

// show makes members visible that are to be acknowledged before they are
// stored, as far as none stands before them that must wait, and returns them.
func (c *chain) show() []*member {
	from := c.shown
	for c.shown < len(c.members) && c.members[c.shown].async {
		c.shown++
	}
	return c.members[from:c.shown]
}

// group returns how many of the first members go into the next log record: at
// most count, and of maxRecord bytes if they are several.
func (c *chain) group(count int) int {
	count = min(count, len(c.members))
	size := 0
	for i, m := range c.members[:count] {
		if size += len(m.ops); size > maxRecord && i > 0 {
			return i
		}
	}
	return count
}

// maxRecord bounds the log record of several commits. One alone may be larger,
// by what its operations take beside the pairs.
const maxRecord = backend.MaxTx

// since returns the commits of st after version. It reports false when a
// checkpoint has swallowed some of them.
func (st *state) since(version uint64) (changes []change, ok bool) {
	if st.base.root.commit > version {
		return nil, false
	}
	for _, c := range st.after(version) {
		ops, err := decodeOps(c.ops)
		if err != nil {
			return nil, false
		}
		changes = append(changes, change{c.number, ops})
	}
	return changes, true
}
