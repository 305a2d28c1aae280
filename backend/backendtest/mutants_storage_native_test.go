//go:build !wasm

package backendtest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/memory"
)

// A remover has a Remove of its own: one that does nothing, or one with the
// fault of skips.
type remover struct {
	skips
	deletes bool
}

func (tx *remover) Remove(table string, key []byte) error {
	if !tx.deletes {
		return nil
	}
	_, err := tx.Delete(table, key)
	return err
}

// forgetful has nothing in memory, and takes that for nothing at all.
type forgetful struct {
	backend.ReadTx
	cached bool
}

func (tx *forgetful) SetCached(on bool) { tx.cached = on }

func (tx *forgetful) Get(table string, key []byte) ([]byte, error) {
	if tx.cached {
		return nil, backend.ErrNotFound
	}
	return tx.ReadTx.Get(table, key)
}

var errNeverCommitted = errors.New("never committed")

type suspicious struct{ backend.Store }

func (suspicious) Verify(context.Context) ([]*backend.Error, error) {
	return []*backend.Error{{Class: backend.ErrCorrupt, Reason: "it looks odd"}}, nil
}

type unclosed struct{ backend.Store }

func (unclosed) Close(context.Context) error { return nil }

// opener returns an Open that keeps what each name holds: open gets that, a
// copy of it, and whether the name was opened before.
func opener(open func(disk, opened backend.Store, again bool) backend.Store) func(testing.TB, string) (backend.Store, error) {
	disks := map[string]backend.Store{}
	return func(_ testing.TB, name string) (backend.Store, error) {
		_, again := disks[name]
		if !again {
			disks[name] = unclosed{memory.New()}
		}
		opened := memory.New()
		return open(disks[name], opened, again), opened.Update(context.Background(), func(ctx context.Context, to backend.WriteTx) error {
			return disks[name].View(ctx, func(_ context.Context, from backend.ReadTx) error {
				names, err := from.Tables()
				for _, table := range names {
					for kv := range from.Scan(table, backend.Range{}) {
						err = errors.Join(err, to.Put(table, kv.Key, kv.Value))
					}
				}
				return err
			})
		})
	}
}
