//go:build js && wasm

package idb

import "context"

// insist is store for groups that were beaten before: a context whose next
// transaction always stands in IndexedDB's queue before this one's would beat
// it again and again. So the group is formed inside the transaction of
// IndexedDB, which has read the log by then, while nobody else can write, and
// closures run again there. Should one of them wait for an event, IndexedDB
// ends the transaction, and an ordinary attempt follows.
func (s *Store) insist(ctx context.Context, most int) (int, error) {
	s.mu.Lock()
	waiting, strict := len(s.chain.members) > 0, false
	for _, m := range s.chain.members {
		strict = strict || m.strict
	}
	s.mu.Unlock()
	if !waiting {
		return 0, nil
	}
	var t *txn
	reached := make(chan tail, 1)
	ended := make(chan error, 1)
	version := s.head.Load().snap.Version()
	go func() {
		ended <- s.conn.run(ctx, logScope, s.conn.options(strict), func(own *txn) {
			t = own
			read := s.conn.readTail(t, version)
			t.then(read.records, func() { reached <- read.results(version) })
		})
	}()
	var news tail
	select {
	case news = <-reached:
	case err := <-ended:
		return 1, err
	}
	// Once the transaction has ended, t may be another's.
	open := true
	isOpen := func() bool {
		select {
		case <-ended:
			open = false
		default:
		}
		return open
	}
	stop := func() {
		if isOpen() {
			t.abort(errBeaten)
			<-ended
			open = false
		}
	}
	defer stop()
	more, err := s.take(ctx, news)
	if err != nil {
		return 1, err
	}
	if more {
		stop()
		if err := s.catchUp(ctx); err != nil {
			return 1, err
		}
		return 1, errBeaten
	}
	for open && s.areAway() {
		select {
		case <-s.back:
		case <-ended:
			open = false
		}
	}
	if !isOpen() {
		return s.store(ctx, most)
	}
	g := s.form(most, strict, func() { t.abort(errGivenUp) })
	if g == nil {
		stop()
		return s.store(ctx, most)
	}
	err = try(func() {
		if g.raw != nil {
			t.store(logStore).Call("add", s.conn.bytes(g.raw), g.record.commit)
		}
		t.commit()
	})
	if err != nil {
		// It is about to end.
		stop()
		s.unsend()
		return s.store(ctx, most)
	}
	err = <-ended
	open = false
	return len(g.members), s.settle(ctx, g, tail{}, err)
}
