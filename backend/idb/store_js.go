//go:build js && wasm

package idb

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/gate"
	"github.com/larderdb/larder/internal/mvcc"
	"github.com/larderdb/larder/internal/pagetree"
)

// Options are what a Store can be opened with.
type Options struct {
	// Durability of Updates that don't ask for another. The zero value is
	// [backend.Relaxed].
	Durability backend.Durability
	// CacheSize is how many bytes the Store keeps in memory of what is stored:
	// pages that were read, of which half may have to make room for commits that
	// are not in pages yet. The zero value is 64 MiB; less than 1 MiB is 1 MiB.
	CacheSize int

	logBound uint64 // if not 0, how many bytes the log may take; for tests
	noGrace  bool   // whether replaced pages are deleted at once; for tests
}

// cacheSize returns the budget of a Store's pages.
func (o *Options) cacheSize() int {
	if o.CacheSize == 0 {
		return defaultCacheSize
	}
	return max(o.CacheSize, minCacheSize)
}

// A Store is an open database. It is a [backend.Store], a [backend.Flusher] and a
// [backend.Waiter], and is safe for concurrent use.
//
// When a record of the log is corrupt, the Store holds the commits before it
// and can only be read: every Update is the [backend.ErrCorrupt] that names the
// record.
//
// When the browser closes the connection to the database, or loses it, the
// Store opens another one when it needs it, and what was on its way happens
// once. Only when that fails twice in a row is it [backend.ErrIO], and the next
// transaction tries again. When the database was deleted, or another one made in
// its place, every transaction is [backend.ErrDeleted], and nothing is written
// any more. A page that the browser puts to sleep, in its back-forward cache say,
// keeps no connection and no lock meanwhile.
type Store struct {
	gate       gate.Gate
	name       string
	conn       *conn
	durability backend.Durability
	pacer      *pacer
	channel    *channel
	locks      *locks
	pins       *pins
	pages      *cache
	logBound   uint64
	noGrace    bool
	writer     *writer
	tab        *tab

	context id
	head    atomic.Pointer[state] // what is stored, as far as this Store knows
	shown   atomic.Pointer[state] // what Views read: head, and what is acknowledged already
	joined  chan struct{}         // of capacity 1: there is a member of the chain
	hurry   chan struct{}         // of capacity 1: somebody waits for what is acknowledged
	back    chan struct{}         // of capacity 1: nobody is away any more
	atLog   chan struct{}         // of capacity 1: full while somebody is at the log

	// Peek has these.
	peeked *state
	peek   *mvcc.ReadTx // of peeked

	// Who is at the log has these.
	beaten int // how many groups were, one after the other

	mu     sync.Mutex // held by who replaces head, and guards what follows
	harm   error      // why the log can't be written to
	lost   error      // why what was acknowledged could not be stored
	serial uint64     // of this Store's newest commit
	chain  chain
	sent   int       // how many of the chain's first members IndexedDB has
	giveUp func()    // ends their transaction
	drains int       // how many wait for what is acknowledged
	away   int       // Updates that were told to run again and have not joined yet
	since  time.Time // when the first of the chain's members that are shown was
	formed time.Time // when the group was formed that IndexedDB has

	folder  folder
	shut    context.CancelFunc // the log is folded for the last time
	folding sync.WaitGroup     // of the goroutine that folds it
	stop    context.CancelFunc
	workers sync.WaitGroup
}

// Open opens the database of that name, and makes it when it is missing. The
// name is the IndexedDB database's, with "larder:" before it. Opts may be nil.
//
// It is [backend.ErrUnsupported] where there is no IndexedDB or the browser
// doesn't let it be used, [backend.ErrCorrupt] when the root or the list of tables
// is damaged and its copy too, see [Salvage], and [backend.ErrSchemaNewer] when newer code has written in a format
// that this code doesn't know.
func Open(ctx context.Context, name string, opts *Options) (*Store, error) {
	if opts == nil {
		opts = &Options{}
	}
	c, err := connect(ctx, name)
	if err != nil {
		return nil, classify("open", err)
	}
	s := &Store{
		name: name, conn: c, durability: opts.Durability, pacer: newPacer(),
		locks: newLocks(name), logBound: opts.logBound, noGrace: opts.noGrace,
		context: newID(), joined: make(chan struct{}, 1), hurry: make(chan struct{}, 1),
		back: make(chan struct{}, 1), atLog: make(chan struct{}, 1), folder: newFolder(),
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.pins = newPins(s.locks)
	s.pages = newCache(opts.cacheSize(), func(ids []pagetree.ID) ([][]byte, []error) { return s.fetchPages(work, ids) })
	if err := s.fill(ctx); err != nil {
		stop()
		s.pins.close()
		s.pages.close()
		s.pacer.close()
		c.close()
		return nil, classify("open", err)
	}
	s.channel = newChannel(name)
	s.writer = newWriter(s.context, s.locks, s.channel, func(ctx context.Context) { _ = s.drain(ctx) })
	open, shut := context.WithCancel(work)
	s.shut = shut
	s.workers.Go(func() { s.writer.serve(work) })
	s.workers.Go(func() { s.commits(work) })
	s.workers.Go(func() { s.follow(work) })
	s.folding.Go(func() { s.checkpoints(work, open) })
	s.tab = watchTab(work, s.drain, s.yield, s.sleep, s.wake)
	s.wantCheckpoint()
	return s, nil
}

// fill reads the database for the first time.
func (s *Store) fill(ctx context.Context) error {
	b, log, err := s.begin(ctx)
	if err != nil {
		return err
	}
	st := newState(b)
	s.conn.identify(b.root.db)
	s.head.Store(st)
	s.shown.Store(st)
	s.pins.hold(b.root.ordinal)
	s.chain.base = st.snap
	more, err := s.take(ctx, log)
	if err == nil && more {
		err = s.sync(ctx)
	}
	if err != nil && s.harmed() != nil && errors.Is(err, backend.ErrCorrupt) {
		return nil // it can be read up to there
	}
	return err
}

// Close is as in [backend.Store].
func (s *Store) Close(ctx context.Context) error {
	return s.gate.Close(ctx, func() error {
		err := s.drain(context.Background())
		s.tab.close()
		// The last checkpoint takes its time, but no more than ctx has.
		s.shut()
		defer context.AfterFunc(ctx, s.stop)()
		s.folding.Wait()
		s.stop()
		s.workers.Wait()
		s.pins.close()
		s.pages.close()
		s.channel.sleep()
		s.pacer.close()
		s.conn.close()
		return classify("close", err)
	})
}

// yield lets go of what keeps other contexts waiting. What is on its way to
// IndexedDB stays so. The error is ctx's.
func (s *Store) yield(ctx context.Context) error {
	s.pins.sleep()
	s.leaveCheckpoint()
	return s.writer.leave(ctx)
}

// sleep lets go of what keeps other contexts waiting and this page out of the
// browser's back-forward cache, unless ctx is done first.
func (s *Store) sleep(ctx context.Context) {
	s.pins.sleep()
	s.leaveCheckpoint()
	s.conn.sleep()
	if s.writer.rest(ctx) == nil {
		s.channel.sleep()
	}
}

// wake ends a sleep.
func (s *Store) wake() {
	s.channel.wake()
	s.conn.wake()
	s.pins.wake()
	signal(s.conn.shaken) // to see what the others have done
}

// View is as in [backend.Store].
func (s *Store) View(ctx context.Context, fn func(ctx context.Context, tx backend.ReadTx) error) error {
	ctx, turn, err := s.gate.Read(ctx)
	if err != nil {
		return err
	}
	defer turn.End()
	if err := s.conn.err(); err != nil {
		return classify("view", err)
	}
	o := backend.TxOptionsOf(ctx)
	if o.Fresh {
		if o.Cached {
			return &backend.Error{Class: backend.ErrNotInMemory, Op: "view", Reason: "a Fresh View has to ask the platform"}
		}
		if err := s.sync(ctx); err != nil {
			return classify("view", err)
		}
	}
	st := s.shown.Load()
	s.pins.hold(st.base.root.ordinal)
	defer s.pins.release(st.base.root.ordinal)
	tx := st.snap.Read(ctx)
	defer tx.End()
	tx.SetCached(o.Cached)
	err = fn(ctx, tx)
	if errors.Is(err, errGone) {
		_ = s.sync(ctx) // so that the next one finds its pages
	}
	return err
}

// Peek is as in [backend.Peeker]. It reads only what is in memory, so that no
// page has to be kept for it.
func (s *Store) Peek() (backend.ReadTx, error) {
	if err := s.gate.Check(); err != nil {
		return nil, err
	}
	if err := s.conn.err(); err != nil {
		return nil, classify("view", err)
	}
	if st := s.shown.Load(); s.peeked != st {
		s.peeked, s.peek = st, st.snap.Read(context.Background())
		s.peek.SetCached(true)
	}
	return s.peek, nil
}

// Wait is as in [backend.Waiter].
func (s *Store) Wait(ctx context.Context) error {
	select {
	case <-s.conn.ended:
		return s.conn.err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Checked is as in [backend.Checker]: pages and log records have checksums, which
// are looked at when they come into memory.
func (s *Store) Checked() bool { return true }

// Flush is as in [backend.Flusher].
func (s *Store) Flush(ctx context.Context) error {
	ctx, turn, err := s.gate.Read(ctx)
	if err != nil {
		return err
	}
	defer turn.End()
	if err := s.drain(ctx); err != nil {
		return classify("flush", err)
	}
	// A strict transaction takes those before it to the disk. One that wrote
	// nothing might not.
	err = s.conn.run(ctx, logScope, s.conn.strict, func(t *txn) {
		store := t.store(rootStore)
		req := store.Call("get", rootKey)
		t.then(req, func() {
			store.Call("put", req.Get("result"), rootKey)
			t.commit()
		})
	})
	return classify("flush", err)
}
