package wasm

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/larderdb/larder"
	"github.com/larderdb/larder/backend"
)

// The kinds of completions.
const (
	kindDone = iota
	kindFailed
	kindAttempt
	kindPart
)

// txBit is set in the numbers of transactions and in no handle.
const txBit = 1 << 31

// A platform is what a server can't do by itself.
type platform struct {
	// open opens a database.
	open func(ctx context.Context, name string, o *larder.Options) (*larder.DB, error)
	// drop deletes a database.
	drop func(ctx context.Context, name string) error
	// list returns the names of all databases.
	list func(ctx context.Context) ([]string, error)
	// salvage calls fn for every pair of a database that can be read, and
	// returns what is damaged.
	salvage func(ctx context.Context, name string, fn func(table string, kv backend.KV) error) ([]*backend.Error, error)
	// limit is told how many bytes all open databases may keep of what they have
	// stored, or a negative number when one of them is in memory alone.
	limit func(bytes int64)
	// completed takes completions over, as doc.go describes them, before it
	// returns.
	completed func(completions []byte)
}

// A server is the state behind the exports: what is open and what runs. Its
// mutex is never held while anything waits, so that an export can take it.
type server struct {
	platform

	mu        sync.Mutex
	lastID    uint32
	last      uint32 // handle or transaction's number
	databases map[uint32]*database
	recent    atomic.Pointer[database] // the one that was asked for last
	txs       map[uint32]*transaction
	caches    int64  // bytes that all open databases may keep of what they have stored
	unstored  int    // open databases that are in memory alone
	ready     []byte // completions that the callback hasn't had
	flushing  bool

	idle atomic.Int32 // goroutines that wait for tasks
	task chan func()
}

// A database is an open one with its collections, in the order of OpOpen.
type database struct {
	handle      uint32
	db          *larder.DB
	options     *larder.Options
	collections []*collection
	batches     batches
}

func newServer(p platform) *server {
	return &server{
		platform: p, databases: map[uint32]*database{}, txs: map[uint32]*transaction{},
		task: make(chan func()),
	}
}

// cached is the context of reads that are answered at once.
var cached = backend.WithTxOptions(context.Background(), backend.TxOptions{Cached: true})

// do answers op at once.
func (s *server) do(op, handle, aux uint32, request []byte, a *answer) (err error) {
	defer recovered(&err)
	a.reset()
	if op == opFinish {
		return s.finish(handle, aux == 1)
	}
	if handle&txBit != 0 {
		t, err := s.transaction(handle)
		if err != nil {
			return err
		}
		return t.do(op, aux, request, a)
	}
	d, err := s.database(handle)
	if err != nil {
		return err
	}
	c, err := d.collection(aux)
	if err != nil {
		return err
	}
	if isWrite(op) {
		return d.writeNow(op, c, request, a)
	}
	// What doesn't wait can run on the export's own stack.
	if tx, err := d.db.Peek(); err == nil {
		return read(tx, op, c, request, a)
	} else if !errors.Is(err, backend.ErrUnsupported) {
		return err
	}
	return d.db.View(cached, func(_ context.Context, tx *larder.Tx) error {
		return read(tx, op, c, request, a)
	})
}

// start begins op and returns its id. It keeps no reference to request.
func (s *server) start(op, handle, aux uint32, request []byte) (id uint32, err error) {
	defer recovered(&err)
	if handle&txBit == 0 && isWrite(op) {
		return s.startWrite(op, handle, aux, request)
	}
	work, err := s.work(op, handle, aux, bytes.Clone(request))
	if err != nil {
		return 0, err
	}
	id = s.newID()
	s.spawn(func() {
		value, result, err := s.run(id, work)
		s.end(id, value, result, err)
	})
	return id, nil
}

func (s *server) newID() uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastID++
	if s.lastID == 0 {
		s.lastID++
	}
	return s.lastID
}

// maxIdle is how many goroutines without a task are kept.
const maxIdle = 8

// spawn does a task on a goroutine of its own: one that has none any more, if
// there is one, since its stack has grown already to what a task needs.
func (s *server) spawn(task func()) {
	select {
	case s.task <- task:
	default:
		go func() {
			task()
			for s.idle.Add(1) <= maxIdle {
				task := <-s.task
				s.idle.Add(-1)
				task()
			}
			s.idle.Add(-1)
		}()
	}
}

// end completes the call of that id with what it has led to.
func (s *server) end(id, value uint32, result []byte, err error) {
	if err != nil {
		s.complete(id, kindFailed, 0, appendError(nil, err))
		return
	}
	s.complete(id, kindDone, value, result)
}

// A job is what a goroutine does for start. It returns what its completion
// carries.
type job func(ctx context.Context, id uint32) (value uint32, result []byte, err error)

func (s *server) run(id uint32, work job) (value uint32, result []byte, err error) {
	defer recovered(&err)
	return work(context.Background(), id)
}

func (s *server) work(op, handle, aux uint32, request []byte) (job, error) {
	switch op {
	case opOpen:
		return s.open(request)
	case opDrop:
		return s.dropDatabase(request)
	case opSalvage:
		return s.salvageDatabase(request)
	case opList:
		return func(ctx context.Context, _ uint32) (uint32, []byte, error) {
			names, err := s.list(ctx)
			return 0, appendTexts(nil, names), err
		}, nil
	}
	if handle&txBit != 0 {
		t, err := s.transaction(handle)
		if err != nil {
			return nil, err
		}
		return t.work(op, aux, request)
	}
	d, err := s.database(handle)
	if err != nil {
		return nil, err
	}
	d.batches.seal()
	switch op {
	case opClose:
		s.mu.Lock()
		delete(s.databases, handle)
		s.recent.Store(nil)
		s.mu.Unlock()
		return func(ctx context.Context, _ uint32) (uint32, []byte, error) {
			defer s.account(d.options, -1)
			return 0, nil, d.db.Close(ctx)
		}, nil
	case opUpdate:
		return func(ctx context.Context, id uint32) (uint32, []byte, error) {
			return 0, nil, d.db.Update(ctx, func(_ context.Context, tx *larder.Tx) error {
				return s.attempt(id, d, tx)
			})
		}, nil
	case opView:
		return func(ctx context.Context, id uint32) (uint32, []byte, error) {
			ctx = backend.WithTxOptions(ctx, backend.TxOptions{Fresh: aux == 1})
			return 0, nil, d.db.View(ctx, func(_ context.Context, tx *larder.Tx) error {
				return s.attempt(id, d, tx)
			})
		}, nil
	case opFlush:
		return func(ctx context.Context, _ uint32) (uint32, []byte, error) {
			return 0, nil, d.db.Flush(ctx)
		}, nil
	case opStatus:
		return d.status, nil
	case opWait:
		return d.wait, nil
	case opVerify:
		return d.verify, nil
	}
	c, err := d.collection(aux)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, _ uint32) (n uint32, result []byte, err error) {
		err = d.db.View(ctx, func(_ context.Context, tx *larder.Tx) error {
			n, result, err = readAll(tx, op, c, request)
			return err
		})
		return n, result, err
	}, nil
}

func (s *server) open(request []byte) (job, error) {
	o, err := decodeOpen(request)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, _ uint32) (uint32, []byte, error) {
		options := &larder.Options{Memory: o.memory, Durability: o.durability, CacheSize: o.cacheSize}
		d := &database{options: options}
		for _, spec := range o.collections {
			c, err := newCollection(spec)
			if err != nil {
				return 0, nil, err
			}
			d.collections = append(d.collections, c)
			options.Stores = append(options.Stores, c.store)
		}
		s.account(options, 1)
		if d.db, err = s.platform.open(ctx, o.name, options); err != nil {
			s.account(options, -1)
			return 0, nil, err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.last = (s.last + 1) &^ txBit
		d.handle = s.last
		s.databases[s.last] = d
		return s.last, nil, nil
	}, nil
}

// defaultCache is what an engine keeps that isn't told how much.
const defaultCache = 64 << 20

// account tells the platform what n more databases of these options may keep.
func (s *server) account(o *larder.Options, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o.Memory {
		s.unstored += n
	} else {
		s.caches += int64(n) * int64(cmp.Or(o.CacheSize, defaultCache))
	}
	if s.unstored > 0 {
		s.limit(-1)
	} else {
		s.limit(s.caches)
	}
}

func (s *server) dropDatabase(request []byte) (job, error) {
	name, err := decodeName(request)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, _ uint32) (uint32, []byte, error) {
		return 0, nil, s.drop(ctx, name)
	}, nil
}

// complete adds a completion. Those that become ready in the same turn go to
// the callback together.
func (s *server) complete(id, kind, value uint32, payload []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range [...]uint32{id, kind, value, uint32(len(payload))} {
		s.ready = binary.LittleEndian.AppendUint32(s.ready, v)
	}
	s.ready = append(s.ready, payload...)
	if !s.flushing {
		s.flushing = true
		s.spawn(s.flush)
	}
}

func (s *server) flush() {
	// A new goroutine runs before those that are ready: let them complete too.
	runtime.Gosched()
	s.mu.Lock()
	ready := s.ready
	s.ready, s.flushing = nil, false
	s.mu.Unlock()
	s.completed(ready)
}

func (s *server) database(handle uint32) (*database, error) {
	if d := s.recent.Load(); d != nil && d.handle == handle {
		return d, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.databases[handle]
	if d == nil {
		return nil, &backend.Error{Class: backend.ErrClosed}
	}
	s.recent.Store(d)
	return d, nil
}

func (d *database) collection(number uint32) (*collection, error) {
	if number >= uint32(len(d.collections)) {
		return nil, &backend.Error{Class: backend.ErrTableNotFound, Reason: "there is no collection of this number"}
	}
	return d.collections[number], nil
}

// recovered turns a panic into an error: one that left an export or a
// goroutine would end the whole program.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = panicError(p)
	}
}

func panicError(p any) error {
	switch p := p.(type) {
	case error:
		return &internalError{p.Error()}
	case string:
		return &internalError{p}
	}
	return &internalError{"a value that is neither an error nor text"}
}

// An internalError is a panic.
type internalError struct{ reason string }

func (e *internalError) Error() string { return "panic: " + e.reason }
