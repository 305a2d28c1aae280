package entity_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/keys"
)

// An absent store's transactions that must not wait find the nth thing that
// they read not to be in memory.
type absent struct {
	backend.Store
	n      int // reads up to the one that fails
	writes int
}

func (s *absent) Update(ctx context.Context, fn func(context.Context, backend.WriteTx) error) error {
	return s.Store.Update(ctx, func(ctx context.Context, tx backend.WriteTx) error {
		return fn(ctx, &absentTx{tx, s, backend.TxOptionsOf(ctx).Cached})
	})
}

type absentTx struct {
	backend.WriteTx
	s      *absent
	cached bool
}

func (tx *absentTx) SetCached(on bool) { tx.cached = on }

// read returns the error of a read: once n is 0 every one fails.
func (tx *absentTx) read() error {
	if !tx.cached {
		return nil
	}
	if tx.s.n--; tx.s.n > 0 {
		return nil
	}
	return &backend.Error{Class: backend.ErrNotInMemory, Op: "get"}
}

func (tx *absentTx) Get(table string, key []byte) ([]byte, error) {
	if err := tx.read(); err != nil {
		return nil, err
	}
	return tx.WriteTx.Get(table, key)
}

func (tx *absentTx) Scan(table string, r backend.Range) iter.Seq2[backend.KV, error] {
	return func(yield func(backend.KV, error) bool) {
		for kv, err := range tx.WriteTx.Scan(table, r) {
			if err == nil {
				err = tx.read()
			}
			if !yield(kv, err) || err != nil {
				return
			}
		}
	}
}

func (tx *absentTx) Delete(table string, key []byte) (bool, error) {
	if err := tx.read(); err != nil {
		return false, err
	}
	tx.s.writes++
	return tx.WriteTx.Delete(table, key)
}

func (tx *absentTx) Remove(table string, key []byte) error {
	tx.s.writes++
	return backend.Remove(tx.WriteTx, table, key)
}

func (tx *absentTx) Put(table string, key, value []byte, stamps ...backend.Stamp) error {
	tx.s.writes++
	return tx.WriteTx.Put(table, key, value, stamps...)
}

// A call that would have to wait has written nothing, whichever of its reads it
// is, and the transaction goes on: the same call succeeds when it may wait.
func TestNotInMemoryIsBeforeTheFirstWrite(t *testing.T) {
	older := ada
	older.Name, older.Age, older.Tags = "Augusta", 37, []string{"poet", "lady"}
	for name, call := range map[string]func(d schema, tx *entity.Tx) error{
		"put of a new row":    func(d schema, tx *entity.Tx) error { return d.users.Put(tx, uid("n"), older) },
		"put of another row":  func(d schema, tx *entity.Tx) error { return d.users.Put(tx, uid("a"), older) },
		"put of an equal row": func(d schema, tx *entity.Tx) error { return d.users.Put(tx, uid("a"), ada) },
		"update": func(d schema, tx *entity.Tx) error {
			return d.users.Update(tx, uid("a"), func(u *User) error { *u = older; return nil })
		},
		"upsert": func(d schema, tx *entity.Tx) error {
			return d.users.Upsert(tx, uid("n"), func(u *User, _ bool) error { *u = older; return nil })
		},
		"take": func(d schema, tx *entity.Tx) error {
			_, _, err := d.users.Take(tx, uid("a"))
			return err
		},
		"insert": func(d schema, tx *entity.Tx) error { return d.users.Insert(tx, uid("n"), older) },
		"delete": func(d schema, tx *entity.Tx) error {
			existed, err := d.users.Delete(tx, uid("a"))
			if err == nil && !existed {
				err = errors.New("the row doesn't exist")
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			onEngines(t, func(t *testing.T, s backend.Store) {
				db, d := withUsers(t, s)
				before := dumpOf(t, s)
				update(t, db, func(tx *entity.Tx) error { return call(d, tx) })
				want := dumpOf(t, s)
				for n, failed := 1, true; failed; n++ {
					raw(t, s, func(tx backend.WriteTx) error { return restore(tx, before) })
					engine := &absent{Store: s}
					adb, err := entity.Open(t.Context(), engine, d.users)
					if err != nil {
						t.Fatal(err)
					}
					failed = false
					update(t, adb, func(tx *entity.Tx) error {
						tx.SetCached(true)
						engine.n, engine.writes = n, 0
						err := call(d, tx)
						tx.SetCached(false)
						if !errors.Is(err, backend.ErrNotInMemory) {
							return err
						}
						failed = true
						if engine.writes > 0 {
							t.Errorf("with read %d not in memory the call wrote %d times, want not at all", n, engine.writes)
						}
						return call(d, tx)
					})
					wantDump(t, "after the call", s, want)
				}
			})
		})
	}
}

// The catalogue is read before a closure runs, under the options of its context.
func TestCachedTransactionsReadTheCatalogueSo(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		_, d := withUsers(t, s)
		engine := &absent{Store: s, n: 1}
		db, err := entity.Open(t.Context(), engine, d.users)
		if err != nil {
			t.Fatal(err)
		}
		ctx := backend.WithTxOptions(t.Context(), backend.TxOptions{Cached: true})
		err = db.Update(ctx, func(context.Context, *entity.Tx) error {
			t.Error("the closure ran without its catalogue")
			return nil
		})
		if !errors.Is(err, backend.ErrNotInMemory) {
			t.Errorf("Update = %v, want ErrNotInMemory", err)
		}
	})
}

// A reporter is an engine that knows of damage, and how much it stores.
type reporter struct {
	backend.Store
	damage  []*backend.Error
	flushed int
}

func (r *reporter) Verify(context.Context) ([]*backend.Error, error) { return r.damage, nil }
func (r *reporter) Flush(context.Context) error                      { r.flushed++; return nil }
func (r *reporter) Status(context.Context) (backend.Status, error) {
	return backend.Status{Stored: 42}, nil
}

func TestDBPassesOnWhatTheEngineKnows(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		_, d := withUsers(t, s)
		engine := &reporter{Store: s}
		db, err := entity.Open(t.Context(), engine, d.users)
		if err != nil {
			t.Fatal(err)
		}
		if err := entity.Verify(t.Context(), db); err != nil {
			t.Errorf("Verify of a sound database = %v, want nil", err)
		}
		engine.damage = []*backend.Error{
			{Class: backend.ErrCorrupt, Table: "users", Key: encoded(t, uid("a")), Reason: "page 7 has a wrong checksum"},
			{Class: backend.ErrCorrupt, Reason: "log record 3 has a wrong checksum"},
		}
		err = entity.Verify(t.Context(), db)
		var says []string
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			for _, err := range joined.Unwrap() {
				says = append(says, err.Error())
			}
		}
		want := []string{
			`verify users ("a"): users/"\x02a\x00": corrupt data: page 7 has a wrong checksum`,
			`verify: corrupt data: log record 3 has a wrong checksum`,
		}
		if !slices.Equal(says, want) || !errors.Is(err, backend.ErrCorrupt) {
			t.Errorf("Verify of a damaged one = %q, want %q", says, want)
		}
		if st, err := db.Status(t.Context()); st.Stored != 42 || err != nil {
			t.Errorf("Status = %+v, %v, want 42 bytes stored", st, err)
		}
		if err := db.Flush(t.Context()); err != nil || engine.flushed != 1 {
			t.Errorf("Flush = %v after %d calls of the engine's, want 1", err, engine.flushed)
		}
	})
}

// A batch that would have to wait in its midst goes on where it ended.
func TestNotInMemoryInTheMidstOfABatch(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		_, d := withUsers(t, s)
		engine := &absent{Store: s}
		db := open(t, engine, d.users)
		ids := []keys.UserID{uid("a"), uid("b"), uid("c")}
		update(t, db, func(tx *entity.Tx) error {
			tx.SetCached(true)
			engine.n = 2
			n, err := d.users.DeleteMany(tx, slices.Values(ids))
			if n != 1 || !errors.Is(err, backend.ErrNotInMemory) {
				t.Errorf("DeleteMany = %d, %v, want 1, ErrNotInMemory", n, err)
			}
			tx.SetCached(false)
			if n, err = d.users.DeleteMany(tx, slices.Values(ids[n:])); n != 2 {
				t.Errorf("DeleteMany of the rest = %d, want 2", n)
			}
			return err
		})
		view(t, db, func(tx *entity.Tx) error {
			if n, err := d.users.Count(tx, keys.All[keys.UserID]()); n != 0 || err != nil {
				t.Errorf("Count = %d, %v, want 0", n, err)
			}
			return nil
		})
	})
}
