//go:build js && wasm

package idb

import (
	"context"
	"errors"
	"math"
	"slices"
	"syscall/js"
	"time"

	"github.com/larderdb/larder/backend"
)

// patience is how often groups may be beaten, one after the other, before the
// next is formed while IndexedDB keeps all others out.
const patience = 2

var (
	// errBeaten ends a transaction of IndexedDB that found commits of others.
	errBeaten = errors.New("another context was faster")
	// errGivenUp ends a transaction of IndexedDB for whose outcome nobody waits
	// any more.
	errGivenUp = errors.New("all contexts of the group are done")
)

// A group is the first members of the chain, on their way to the log in one
// record.
type group struct {
	st      *state // what it follows
	members []*member
	record  record
	raw     []byte // the record; nil when nobody has written, and only what they have read is looked at
	strict  bool
}

// commits stores what joins the chain, until ctx is done. While one group is on
// its way, the next one gathers.
func (s *Store) commits(ctx context.Context) {
	late := newAlarm()
	defer late.close()
	for {
		select {
		case <-s.joined:
		case <-ctx.Done():
			return
		}
		for more := true; more; {
			s.gather(ctx, late)
			if s.lockLog(ctx) != nil {
				break
			}
			more = s.commitGroup(ctx)
			s.unlockLog()
		}
	}
}

// lockLog waits until nobody else in this context is at the log. Head moves on
// only in the hands of who holds it.
func (s *Store) lockLog(ctx context.Context) error {
	select {
	case s.atLog <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Store) unlockLog() { <-s.atLog }

// commitGroup takes the next group to its end: its members are acknowledged,
// or have failed. It reports false when there is none.
func (s *Store) commitGroup(ctx context.Context) bool {
	most := math.MaxInt
	for range maxTries {
		store := s.store
		if s.beaten >= patience {
			store = s.insist
		}
		n, err := store(ctx, most)
		switch {
		case err == nil:
			s.beaten = 0
			return n > 0
		case errors.Is(err, errBeaten):
			s.beaten++
		case n > 1 && s.usable() == nil && !errors.Is(err, errGivenUp) && !errors.Is(err, errLost):
			most = 1 // one that finds no space, say, doesn't take the others along
		default:
			s.fail(n, classify("commit", err))
			return true
		}
	}
	s.fail(math.MaxInt, errTooOften)
	return true
}

// store stores the next group, of at most so many members, behind head. It
// returns how many they are. When it is beaten, head has moved on.
func (s *Store) store(ctx context.Context, most int) (int, error) {
	sending, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	alone := false
	if s.writes() {
		var err error
		if alone, err = s.writer.ready(ctx); err != nil {
			return 1, err
		}
	}
	g := s.form(most, true, func() { stop(errGivenUp) })
	if g == nil {
		return 0, nil
	}
	news, err := s.conn.commit(sending, commitRequest{
		root: g.st.base.raw, db: g.st.base.root.db, after: g.st.snap.Version(),
		record: g.raw, strict: g.strict, alone: alone && g.raw != nil, fence: s.writer.fence.Load(),
	})
	if err != nil && !errors.Is(err, errLost) && context.Cause(sending) == errGivenUp {
		err = errGivenUp
	}
	return len(g.members), s.settle(ctx, g, news, err)
}

// settle is what follows from the outcome of a transaction of IndexedDB that
// was to store g. It returns nil when g is stored, and errBeaten when it can be
// tried again.
func (s *Store) settle(ctx context.Context, g *group, news tail, err error) error {
	if err == nil {
		s.acknowledge(g)
		if news.moved {
			// Should it fail, the next transaction finds the same.
			_, _ = s.take(ctx, tail{after: news.after, root: news.root})
		}
		return nil
	}
	s.unsend()
	switch {
	case errors.Is(err, errBeaten):
		more, failed := s.take(ctx, news)
		if failed == nil && (more || news.count == 0) {
			failed = s.catchUp(ctx)
		}
		if failed != nil {
			return failed
		}
		return errBeaten
	case errors.Is(err, errLost):
		return s.lookUp(ctx, g, err)
	}
	return err
}

// form returns the next group, of at most so many members, and nil when there
// is none. Unless strict is set it holds none that must be flushed to the disk.
// Its members wait for its outcome from now on; giveUp is called when none of
// them does any more.
func (s *Store) form(most int, strict bool, giveUp func()) *group {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := &group{st: s.head.Load()}
	members := s.chain.members[:s.chain.group(most)]
	for i, m := range members {
		if m.strict && !strict {
			members = members[:i]
			break
		}
		g.strict = g.strict || m.strict
		if m.ops != nil {
			g.record.commits = append(g.record.commits, m.ops)
		}
	}
	if len(members) == 0 {
		return nil
	}
	g.members = append(g.members, members...)
	if len(g.record.commits) > 0 {
		g.record.db, g.record.context = g.st.base.root.db, s.context
		g.record.serial, g.record.commit = s.serial+1, g.st.snap.Version()+1
		g.raw = g.record.encode()
	}
	s.sent, s.giveUp = len(members), giveUp
	if s.chain.shown > 0 {
		s.formed = time.Now()
	}
	return g
}

// writes reports whether a member of the chain has written.
func (s *Store) writes() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.chain.members, func(m *member) bool { return m.ops != nil })
}

// acknowledge makes a group that IndexedDB has completed visible, and lets its
// Updates return.
func (s *Store) acknowledge(g *group) {
	var commits []commit
	for _, m := range g.members {
		if m.ops != nil {
			commits = append(commits, commit{m.number, m.ops, s.context, g.record.serial + uint64(len(commits))})
		}
	}
	s.mu.Lock()
	s.sent, s.giveUp = 0, nil
	s.chain.stored(len(g.members))
	if len(commits) > 0 {
		s.serial += uint64(len(commits))
		s.head.Store(s.head.Load().withCommits(s.chain.base, commits, len(g.raw)))
		s.channel.tell(s.head.Load().snap.Version())
	}
	s.dismiss(g.members, nil)
	if s.chain.shown > 0 {
		s.since = s.formed
	}
	s.show()
	s.publish()
	s.mu.Unlock()
	if len(commits) > 0 {
		s.wantCheckpoint()
	}
}

// fail ends the chain's first n members with err. Those after them run again.
func (s *Store) fail(n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent, s.giveUp = 0, nil
	gone := s.chain.cut(0)
	n = min(n, len(gone))
	s.dismiss(gone[:n], err)
	s.dismiss(gone[n:], errAgain)
	s.publish()
}

// unsend notes that IndexedDB has no members of the chain any more.
func (s *Store) unsend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent, s.giveUp = 0, nil
}

// options returns those of a transaction of IndexedDB that writes.
func (c *conn) options(strict bool) js.Value {
	if strict {
		return c.strict
	}
	return c.relaxed
}

var errTooOften = &backend.Error{Class: backend.ErrConflict, Op: "commit", Reason: "other tabs were faster each time"}
