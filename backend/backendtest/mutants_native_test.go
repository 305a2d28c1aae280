//go:build !wasm

package backendtest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/backendtest"
	"github.com/larderdb/larder/backend/memory"
)

// A mutant is an engine that breaks one rule, made of one that keeps them. The
// suite is run on it in a process of its own, and has to fail in the case of
// that rule.
type mutant struct {
	fails  string // the case that must fail
	says   string // part of the rule that must be printed
	view   func(ctx context.Context, s backend.Store, fn func(context.Context, backend.ReadTx) error) error
	update func(ctx context.Context, s backend.Store, fn func(context.Context, backend.WriteTx) error) error
	read   func(tx backend.ReadTx) backend.ReadTx
	write  func(tx backend.WriteTx) backend.WriteTx
	store  func(s backend.Store) backend.Store
	open   func(disk, opened backend.Store, again bool) backend.Store // of a mutant that persists, see opener
}

var mutants = map[string]mutant{
	"nil for missing": {
		fails: "A6_B55_missing_keys", says: "Get of a missing key is ErrNotFound",
		read: func(tx backend.ReadTx) backend.ReadTx { return nilForMissing{tx} },
	},
	"skips after delete": {
		fails: "delete_while_scanning", says: "visits all of them",
		write: func(tx backend.WriteTx) backend.WriteTx { return &skips{WriteTx: tx} },
	},
	"commits on panic": {
		fails: "A9_panics_roll_back", says: "rolls the transaction back",
		update: func(ctx context.Context, s backend.Store, fn func(context.Context, backend.WriteTx) error) (err error) {
			var panicked any
			err = s.Update(ctx, func(ctx context.Context, tx backend.WriteTx) error {
				defer func() { panicked = recover() }()
				return fn(ctx, tx)
			})
			if panicked != nil {
				panic(panicked)
			}
			return err
		},
	},
	"commits on error": {
		fails: "A8_A9_B56_D12_all_or_nothing", says: "writes nothing",
		update: func(ctx context.Context, s backend.Store, fn func(context.Context, backend.WriteTx) error) (err error) {
			commit := s.Update(ctx, func(ctx context.Context, tx backend.WriteTx) error {
				err = fn(ctx, tx)
				return nil
			})
			return errors.Join(err, commit)
		},
	},
	"no snapshot": {
		fails: "A7_D17_a_view_is_one_snapshot", says: "holds no part of an Update",
		view: func(ctx context.Context, s backend.Store, fn func(context.Context, backend.ReadTx) error) error {
			return s.View(ctx, func(inner context.Context, _ backend.ReadTx) error { return fn(inner, noSnapshot{ctx, s}) })
		},
	},
	"lost updates": {
		fails: "no_lost_updates", says: "Updates are serializable",
		update: func(ctx context.Context, s backend.Store, fn func(context.Context, backend.WriteTx) error) error {
			w := &late{}
			err := s.View(ctx, func(ctx context.Context, tx backend.ReadTx) error {
				w.ReadTx = tx
				return fn(ctx, w)
			})
			if err != nil {
				return err
			}
			return s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
				for _, op := range w.ops {
					op(tx)
				}
				return nil
			})
		},
	},
	"wraps errors": {
		fails: "A9_errors_come_back_as_they_are", says: "not wrapped",
		update: func(ctx context.Context, s backend.Store, fn func(context.Context, backend.WriteTx) error) error {
			if err := s.Update(ctx, fn); err != nil {
				return fmt.Errorf("update: %w", err)
			}
			return nil
		},
	},
	"removes nothing": {
		fails: "A35_remove", says: "whether it exists or not",
		write: func(tx backend.WriteTx) backend.WriteTx { return &remover{skips{WriteTx: tx}, false} },
	},
	"skips after remove": {
		fails: "A35_remove_in_a_loop", says: "doesn't hide pairs",
		write: func(tx backend.WriteTx) backend.WriteTx { return &remover{skips{WriteTx: tx}, true} },
	},
	"misses what is not in memory": {
		fails: "reads_that_must_not_wait", says: "is right or ErrNotInMemory",
		view: func(ctx context.Context, s backend.Store, fn func(context.Context, backend.ReadTx) error) error {
			return s.View(ctx, func(ctx context.Context, tx backend.ReadTx) error {
				return fn(ctx, &forgetful{tx, backend.TxOptionsOf(ctx).Cached})
			})
		},
	},
	"misses what was not read yet": {
		fails: "reads_that_must_not_wait,_after_reopening", says: "when nothing was read yet",
		open: func(disk, _ backend.Store, again bool) backend.Store {
			return mutated{disk, mutant{read: func(tx backend.ReadTx) backend.ReadTx {
				if !again {
					return tx
				}
				return &forgetful{ReadTx: tx}
			}}}
		},
	},
	"hides asynchronous commits": {
		fails: "A9_asynchronous_commits", says: "the next View sees it",
		update: func(ctx context.Context, s backend.Store, fn func(context.Context, backend.WriteTx) error) error {
			err := s.Update(ctx, func(ctx context.Context, tx backend.WriteTx) error {
				if err := fn(ctx, tx); err != nil || backend.TxOptionsOf(ctx).Durability != backend.Async {
					return err
				}
				return errNeverCommitted
			})
			if err == errNeverCommitted {
				return nil
			}
			return err
		},
	},
	"loses asynchronous commits": {
		fails: "A9_asynchronous_commits_after_reopening", says: "Flush and Close wait",
		open: func(disk, opened backend.Store, _ bool) backend.Store {
			return mutated{opened, mutant{update: func(ctx context.Context, s backend.Store, fn func(context.Context, backend.WriteTx) error) error {
				if err := s.Update(ctx, fn); err != nil || backend.TxOptionsOf(ctx).Durability == backend.Async {
					return err
				}
				return disk.Update(ctx, fn)
			}}}
		},
	},
	"suspects everything": {
		fails: "a_sound_database", says: "Verify finds no damage",
		store: func(s backend.Store) backend.Store { return suspicious{s} },
	},
	"keeps the key": {
		fails: "put_copies_the_key", says: "the caller may write to its slice",
		write: func(tx backend.WriteTx) backend.WriteTx { return &late{ReadTx: tx, under: tx} },
		update: func(ctx context.Context, s backend.Store, fn func(context.Context, backend.WriteTx) error) error {
			return s.Update(ctx, func(ctx context.Context, tx backend.WriteTx) error {
				err := fn(ctx, tx)
				for _, op := range tx.(*late).ops {
					op(tx.(*late).under)
				}
				return err
			})
		},
	},
}

type nilForMissing struct{ backend.ReadTx }

func (tx nilForMissing) Get(table string, key []byte) ([]byte, error) {
	v, err := tx.ReadTx.Get(table, key)
	if errors.Is(err, backend.ErrNotFound) {
		return nil, nil
	}
	return v, err
}

// skips loses the pair after each that is deleted in a loop, as a cursor does.
type skips struct {
	backend.WriteTx
	deleted bool
}

func (tx *skips) Delete(table string, key []byte) (bool, error) {
	tx.deleted = true
	return tx.WriteTx.Delete(table, key)
}

func (tx *skips) Scan(table string, r backend.Range) iter.Seq2[backend.KV, error] {
	return func(yield func(backend.KV, error) bool) {
		tx.deleted = false
		for kv, err := range tx.WriteTx.Scan(table, r) {
			if tx.deleted {
				tx.deleted = false
				continue
			}
			if !yield(kv, err) {
				return
			}
		}
	}
}

// noSnapshot reads each time what is the newest.
type noSnapshot struct {
	ctx context.Context
	s   backend.Store
}

func (n noSnapshot) view(fn func(tx backend.ReadTx) error) error {
	return n.s.View(n.ctx, func(_ context.Context, tx backend.ReadTx) error { return fn(tx) })
}

func (n noSnapshot) Get(table string, key []byte) (v []byte, err error) {
	err = n.view(func(tx backend.ReadTx) error { v, err = tx.Get(table, key); v = bytes.Clone(v); return err })
	return v, err
}

func (n noSnapshot) Scan(table string, r backend.Range) iter.Seq2[backend.KV, error] {
	return func(yield func(backend.KV, error) bool) {
		n.view(func(tx backend.ReadTx) error {
			tx.Scan(table, r)(yield)
			return nil
		})
	}
}

func (n noSnapshot) Tables() (names []string, err error) {
	err = n.view(func(tx backend.ReadTx) error { names, err = tx.Tables(); return err })
	return names, err
}

func (n noSnapshot) ReadVersion() (v uint64) {
	n.view(func(tx backend.ReadTx) error { v = tx.ReadVersion(); return nil })
	return v
}

// late writes when the closure has returned.
type late struct {
	backend.ReadTx
	under backend.WriteTx
	ops   []func(tx backend.WriteTx)
}

func (l *late) Put(table string, key, value []byte, stamps ...backend.Stamp) error {
	l.ops = append(l.ops, func(tx backend.WriteTx) { tx.Put(table, key, value, stamps...) })
	return nil
}

func (l *late) Delete(table string, key []byte) (bool, error) {
	l.ops = append(l.ops, func(tx backend.WriteTx) { tx.Delete(table, key) })
	return true, nil
}

func (l *late) DropTable(table string) error {
	l.ops = append(l.ops, func(tx backend.WriteTx) { tx.DropTable(table) })
	return nil
}

// mutated is a store with the mutant's rule broken.
type mutated struct {
	backend.Store
	m mutant
}

func (s mutated) View(ctx context.Context, fn func(context.Context, backend.ReadTx) error) error {
	if s.m.view != nil {
		return s.m.view(ctx, s.Store, fn)
	}
	return s.Store.View(ctx, func(ctx context.Context, tx backend.ReadTx) error {
		if s.m.read != nil {
			tx = s.m.read(tx)
		}
		return fn(ctx, tx)
	})
}

func (s mutated) Update(ctx context.Context, fn func(context.Context, backend.WriteTx) error) error {
	inner := s.Store
	if s.m.write != nil {
		inner = wrapped{inner, s.m.write}
	}
	if s.m.update != nil {
		return s.m.update(ctx, inner, fn)
	}
	return inner.Update(ctx, fn)
}

type wrapped struct {
	backend.Store
	write func(tx backend.WriteTx) backend.WriteTx
}

func (s wrapped) Update(ctx context.Context, fn func(context.Context, backend.WriteTx) error) error {
	return s.Store.Update(ctx, func(ctx context.Context, tx backend.WriteTx) error { return fn(ctx, s.write(tx)) })
}

const mutantEnv = "LARDER_MUTANT"

// TestMutant is the suite on the mutant that the environment names; without
// one it is the suite on the engine that the mutants are made of.
func TestMutant(t *testing.T) {
	m := mutants[os.Getenv(mutantEnv)]
	cfg := backendtest.Config{Open: func(testing.TB, string) (backend.Store, error) { return mutated{memory.New(), m}, nil }}
	switch {
	case m.store != nil:
		cfg.Open = func(testing.TB, string) (backend.Store, error) { return m.store(memory.New()), nil }
	case m.open != nil:
		cfg.Open, cfg.Persists = opener(m.open), true
	}
	backendtest.Run(t, cfg)
}

func TestTheSuiteFindsMutants(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, m := range mutants {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(exe, "-test.run=^TestMutant$/^("+m.fails+")$")
			cmd.Env = append(os.Environ(), mutantEnv+"="+name)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Errorf("the case %s passes", m.fails)
			}
			for _, want := range []string{m.says, "--- FAIL: TestMutant/" + m.fails} {
				if !strings.Contains(string(out), want) {
					t.Errorf("the output doesn't have %q:\n%.2000s", want, out)
				}
			}
		})
	}
}
