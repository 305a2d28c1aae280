package entity

import (
	"context"
	"errors"
	"sync"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/keys"
)

// sequenceTable holds, for each sequence, the first number that nobody has
// reserved. docs/FORMAT.md has its records.
const sequenceTable = "_sequences"

// sequenceVersion is the schema version of the records.
const sequenceVersion = 1

// sequenceBlock is how many numbers a DB reserves at once.
const sequenceBlock = 1000

// A Sequence gives numbers from 1, each once, whatever program, tab or [DB]
// asks. Like a store's it is a definition: it holds no numbers, works with any
// DB, and is safe for concurrent use. Two of one name are the same sequence.
type Sequence struct{ name string }

// NewSequence returns the sequence of that name, which is as a store's name.
// [Sequence.Next] reports what is wrong with it.
func NewSequence(name string) *Sequence { return &Sequence{name} }

// Name returns the name that the sequence was given.
func (s *Sequence) Name() string { return s.name }

// Next returns the next number. Those that one DB gives ascend. It reserves a
// thousand at a time in db, by an Update of its own that is on the disk before
// Next returns, and gives the others from memory, so that writers don't wait
// for one another's numbers. Those that are left when the DB is closed are never
// given: there are gaps, and another DB may give lower numbers later.
//
// Take numbers before the Update that uses them. Called with the context of a
// transaction, Next is [backend.ErrNestedTx] when it has to reserve. An invalid
// name is [backend.ErrInvalid] or [backend.ErrTooLarge], a record that can't be
// read [backend.ErrCorrupt], one of newer code [backend.ErrSchemaNewer]; after
// 2^64 - 1001 there may be no more numbers, which is ErrTooLarge. What else the
// Update fails with is passed on. All are an [Error] with the sequence's name as
// the key.
func (s *Sequence) Next(ctx context.Context, db *DB) (uint64, error) {
	number, err := s.next(ctx, db)
	if err != nil {
		return 0, rowError("next", sequenceTable, "", tuple(keys.String(s.name)), err)
	}
	return number, nil
}

func (s *Sequence) next(ctx context.Context, db *DB) (uint64, error) {
	if err := checkName(s.name); err != nil {
		return 0, err
	}
	b := db.blocks.of(s.name)
	if number, ok := b.take(); ok {
		return number, nil
	}
	select {
	case b.turn <- struct{}{}:
	default:
		// Whoever has the turn may be waiting for the transaction that ctx is of.
		// A View never waits, and says so.
		plain := backend.WithTxOptions(ctx, backend.TxOptions{})
		err := db.backend.View(plain, func(context.Context, backend.ReadTx) error { return nil })
		if err != nil {
			return 0, err
		}
		select {
		case b.turn <- struct{}{}:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	defer func() { <-b.turn }()
	if number, ok := b.take(); ok {
		return number, nil // of the block that was waited for
	}
	next, end, err := s.reserve(ctx, db.backend)
	if err != nil {
		return 0, err
	}
	b.set(next+1, end)
	return next, nil
}

// reserve returns the next numbers that nobody has, from next up to and without
// end.
func (s *Sequence) reserve(ctx context.Context, store backend.Store) (next, end uint64, err error) {
	options := backend.TxOptionsOf(ctx)
	options.Durability = backend.Strict
	ctx = backend.WithTxOptions(ctx, options)
	key := tuple(keys.String(s.name))
	err = store.Update(ctx, func(_ context.Context, w backend.WriteTx) error {
		next = 1
		frame, err := w.Get(sequenceTable, key)
		if err == nil {
			next, err = parseSequence(frame)
		}
		if ignoreNotFound(err) != nil {
			return err
		}
		if end = next + sequenceBlock; end < next {
			return failure(backend.ErrTooLarge, "the sequence has no more numbers")
		}
		return w.Put(sequenceTable, key, sequenceFrame(end))
	})
	return next, end, err
}

func sequenceFrame(next uint64) []byte {
	return newFrame(sequenceVersion, tuple(keys.Uint(next)))
}

// parseSequence returns the first number that a sequence's record says to be
// free.
func parseSequence(frame []byte) (uint64, error) {
	version, payload, err := parseFrame(frame)
	if err == nil && version > sequenceVersion {
		err = failure(backend.ErrSchemaNewer, "the sequence was written by newer code")
	}
	f := &fields{payload, err}
	next := uint64(field[keys.Uint](f))
	if f.err == nil && next == 0 {
		f.err = failure(backend.ErrCorrupt, "next number is 0")
	}
	return next, f.end()
}

// sequences looks for records of sequences that can't be read.
func (v *verifier) sequences() error {
	for kv, err := range v.r.Scan(sequenceTable, backend.Range{}) {
		if err != nil {
			return ignoreNotFound(err)
		}
		k := &fields{rest: kv.Key}
		name := string(field[keys.String](k))
		if err = k.end(); err == nil {
			err = checkName(name)
		}
		if err == nil {
			_, err = parseSequence(kv.Value)
		}
		if errors.Is(err, backend.ErrSchemaNewer) {
			return rowError("verify", sequenceTable, "", kv.Key, err)
		}
		if err != nil {
			v.found(sequenceTable, "", kv.Key, err)
		}
	}
	return nil
}

// blocks are the numbers that a DB has reserved, by sequence.
type blocks struct {
	mu    sync.Mutex
	names map[string]*block
}

// of returns the block of a sequence.
func (s *blocks) of(name string) *block {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.names[name]
	if b == nil {
		if s.names == nil {
			s.names = make(map[string]*block)
		}
		b = &block{turn: make(chan struct{}, 1)}
		s.names[name] = b
	}
	return b
}

// A block is the numbers that are left of those that were reserved together.
type block struct {
	mu        sync.Mutex
	next, end uint64
	turn      chan struct{} // is full while somebody reserves
}

func (b *block) take() (number uint64, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == b.end {
		return 0, false
	}
	b.next++
	return b.next - 1, true
}

func (b *block) set(next, end uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next, b.end = next, end
}
