package mvcc_test

import (
	"bytes"
	"context"
	"iter"
	"slices"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
)

var errAbsent = &backend.Error{Class: backend.ErrNotInMemory}

// A base is a Base in memory.
type base struct {
	pairs []backend.KV
	fails *failing
}

func (b *base) at(key []byte) (int, bool) {
	return slices.BinarySearchFunc(b.pairs, key, func(kv backend.KV, key []byte) int { return bytes.Compare(kv.Key, key) })
}

func (b *base) missing(cached bool) error {
	if cached && b.fails.next() {
		return errAbsent
	}
	return nil
}

// failing says which reads fail that must not wait: the nth, then the one n+1
// after it, and so on, so that whatever is tried again gets further. Nil is none.
type failing struct{ n, left int }

func (f *failing) next() bool {
	if f == nil {
		return false
	}
	f.left--
	if f.left > 0 {
		return false
	}
	f.n++
	f.left = f.n
	return true
}

func (b *base) Get(_ context.Context, key []byte, cached bool) ([]byte, error) {
	if err := b.missing(cached); err != nil {
		return nil, err
	}
	i, ok := b.at(key)
	if !ok {
		return nil, backend.ErrNotFound
	}
	return b.pairs[i].Value, nil
}

func (b *base) in(r backend.Range) []backend.KV {
	from, to := 0, len(b.pairs)
	if len(r.Start) > 0 {
		from, _ = b.at(r.Start)
	}
	if r.End != nil {
		to, _ = b.at(r.End)
	}
	return b.pairs[from:max(from, to)]
}

func (b *base) Scan(_ context.Context, r backend.Range, cached bool) iter.Seq2[backend.KV, error] {
	return func(yield func(backend.KV, error) bool) {
		pairs := b.in(r)
		if r.Reverse {
			pairs = slices.Clone(pairs)
			slices.Reverse(pairs)
		}
		for _, kv := range pairs {
			if err := b.missing(cached); err != nil {
				yield(backend.KV{}, err)
				return
			}
			if !yield(kv, nil) {
				return
			}
		}
	}
}

func (b *base) Count(_ context.Context, r backend.Range, cached bool) (int, error) {
	return len(b.in(r)), b.missing(cached)
}

func (b *base) Len() int { return len(b.pairs) }

// fold returns s with all its pairs in Bases, as a checkpoint makes them of the
// old ones and of what has changed.
func fold(s *mvcc.Snapshot, fails *failing) *mvcc.Snapshot {
	var tables []mvcc.BaseTable
	for t, changes := range s.Changes() {
		b := &base{fails: fails}
		if t.Base != nil {
			b.pairs = slices.Clone(t.Base.(*base).pairs)
		}
		for p, deleted := range changes {
			i, ok := b.at(p.Key())
			switch {
			case deleted && ok:
				b.pairs = slices.Delete(b.pairs, i, i+1)
			case deleted:
			case ok:
				b.pairs[i].Value = p.Value()
			default:
				b.pairs = slices.Insert(b.pairs, i, backend.KV{Key: p.Key(), Value: p.Value()})
			}
		}
		tables = append(tables, mvcc.BaseTable{Name: t.Name, Base: b})
	}
	return mvcc.NewSnapshot(s.Version(), tables)
}
