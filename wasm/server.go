package wasm

import (
	"context"
	"encoding/binary"
	"errors"
	"runtime"
	"sync"

	"github.com/larderdb/larder"
	"github.com/larderdb/larder/backend"
)

// The kinds of completions.
const (
	kindDone = iota
	kindFailed
	kindAttempt
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
	txs       map[uint32]*transaction
	ready     []byte // completions that the callback hasn't had
	flushing  bool
}

// A database is an open one with its collections, in the order of OpOpen.
type database struct {
	db          *larder.DB
	collections []*collection
}

// A transaction is an attempt that JavaScript works on. Its goroutine waits
// for finish.
type transaction struct {
	tx       *larder.Tx
	database *database
	finish   chan bool // whether to commit; holds one
}

func newServer(p platform) *server {
	return &server{platform: p, databases: map[uint32]*database{}, txs: map[uint32]*transaction{}}
}

// errRolledBack ends the closure of a transaction that JavaScript gave up.
// JavaScript reports its own error in its place.
var errRolledBack = errors.New("the transaction's function failed")

// do answers op at once.
func (s *server) do(op, handle, aux uint32, request []byte, a *answer) (err error) {
	defer recovered(&err)
	a.reset()
	if op == opFinish {
		return s.finish(handle, aux == 1)
	}
	if handle&txBit != 0 {
		s.mu.Lock()
		t := s.txs[handle]
		s.mu.Unlock()
		if t == nil {
			return &backend.Error{Class: backend.ErrTxDone, Reason: "the transaction has ended"}
		}
		c, err := t.database.collection(aux)
		if err != nil {
			return err
		}
		if isWrite(op) {
			a.count, err = write(t.tx, op, c, request)
			return err
		}
		return read(t.tx, op, c, request, a)
	}
	d, err := s.database(handle)
	if err != nil {
		return err
	}
	c, err := d.collection(aux)
	if err != nil {
		return err
	}
	// A View never waits, so it can run on the export's own stack.
	return d.db.View(context.Background(), func(_ context.Context, tx *larder.Tx) error {
		return read(tx, op, c, request, a)
	})
}

// start begins op and returns its id. request is the server's to keep.
func (s *server) start(op, handle, aux uint32, request []byte) (id uint32, err error) {
	defer recovered(&err)
	work, err := s.work(op, handle, aux, request)
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	s.lastID++
	if s.lastID == 0 {
		s.lastID++
	}
	id = s.lastID
	s.mu.Unlock()
	go func() {
		value, result, err := s.run(id, work)
		if err != nil {
			s.complete(id, kindFailed, 0, appendError(nil, err))
			return
		}
		s.complete(id, kindDone, value, result)
	}()
	return id, nil
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
	case opList:
		return func(ctx context.Context, _ uint32) (uint32, []byte, error) {
			names, err := s.list(ctx)
			return 0, appendTexts(nil, names), err
		}, nil
	}
	d, err := s.database(handle)
	if err != nil {
		return nil, err
	}
	switch op {
	case opClose:
		s.mu.Lock()
		delete(s.databases, handle)
		s.mu.Unlock()
		return func(ctx context.Context, _ uint32) (uint32, []byte, error) {
			return 0, nil, d.db.Close(ctx)
		}, nil
	case opUpdate, opView:
		begin := d.db.Update
		if op == opView {
			begin = d.db.View
		}
		return func(ctx context.Context, id uint32) (uint32, []byte, error) {
			return 0, nil, begin(ctx, func(_ context.Context, tx *larder.Tx) error {
				return s.attempt(id, d, tx)
			})
		}, nil
	}
	c, err := d.collection(aux)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, _ uint32) (uint32, []byte, error) {
		var n int
		err := d.db.Update(ctx, func(_ context.Context, tx *larder.Tx) (err error) {
			n, err = write(tx, op, c, request)
			return err
		})
		return uint32(n), nil, err
	}, nil
}

func (s *server) open(request []byte) (job, error) {
	o, err := decodeOpen(request)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, _ uint32) (uint32, []byte, error) {
		d := &database{}
		options := &larder.Options{Memory: o.memory, Durability: o.durability}
		for _, spec := range o.collections {
			c, err := newCollection(spec)
			if err != nil {
				return 0, nil, err
			}
			d.collections = append(d.collections, c)
			options.Stores = append(options.Stores, c.store)
		}
		if d.db, err = s.platform.open(ctx, o.name, options); err != nil {
			return 0, nil, err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.last = (s.last + 1) &^ txBit
		s.databases[s.last] = d
		return s.last, nil, nil
	}, nil
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

// attempt lets JavaScript run its function on tx and waits for its end.
func (s *server) attempt(id uint32, d *database, tx *larder.Tx) error {
	t := &transaction{tx: tx, database: d, finish: make(chan bool, 1)}
	s.mu.Lock()
	s.last = (s.last + 1) &^ txBit
	number := s.last | txBit
	s.txs[number] = t
	s.mu.Unlock()
	s.complete(id, kindAttempt, number, nil)
	if !<-t.finish {
		return errRolledBack
	}
	return nil
}

// finish ends the transaction with that number. Its goroutine goes on when the
// caller of the export resumes it.
func (s *server) finish(number uint32, commit bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.txs[number]
	if t == nil {
		return &backend.Error{Class: backend.ErrTxDone, Op: "finish"}
	}
	delete(s.txs, number)
	t.finish <- commit
	return nil
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
		go s.flush()
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
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.databases[handle]
	if d == nil {
		return nil, &backend.Error{Class: backend.ErrClosed}
	}
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
