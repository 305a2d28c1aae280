package entity_test

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/faults"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/keys"
)

var orders = entity.NewSequence("orders")

// next returns the next number of orders.
func next(t testing.TB, db *entity.DB) uint64 {
	t.Helper()
	n, err := orders.Next(t.Context(), db)
	if err != nil {
		t.Fatalf("Next: %v", err)
	}
	return n
}

// putSequence sets the record of orders, as docs/FORMAT.md describes it.
func putSequence(t testing.TB, s backend.Store, version byte, payload []byte) {
	t.Helper()
	sum := crc32.Checksum(append([]byte{1, version}, payload...), crc32.MakeTable(crc32.Castagnoli))
	frame := append(binary.BigEndian.AppendUint32([]byte{1, version}, sum), payload...)
	raw(t, s, func(tx backend.WriteTx) error { return tx.Put("_sequences", encoded(t, keys.String("orders")), frame) })
}

func TestSequence(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		db := open(t, s)
		before := dumpOf(t, s)["_catalog"]
		t.Run("numbers ascend from 1 without gaps in one DB", func(t *testing.T) {
			for want := uint64(1); want <= 2500; want++ {
				if got := next(t, db); got != want {
					t.Fatalf("Next = %d, want %d", got, want)
				}
			}
		})
		t.Run("another DB goes on after the block, and neither gives a number of the other", func(t *testing.T) {
			other := open(t, s)
			if got := next(t, other); got != 3001 {
				t.Errorf("Next of another DB = %d, want 3001", got)
			}
			if got := next(t, db); got != 2501 {
				t.Errorf("Next of the first DB = %d, want 2501", got)
			}
		})
		t.Run("sequences of other names, and of the same", func(t *testing.T) {
			if got, err := entity.NewSequence("invoices").Next(t.Context(), db); got != 1 || err != nil {
				t.Errorf("Next of another sequence = %d, %v, want 1", got, err)
			}
			if got, err := entity.NewSequence("orders").Next(t.Context(), db); got != 2502 || err != nil {
				t.Errorf("Next of the sequence by its name = %d, %v, want 2502", got, err)
			}
			if got := orders.Name(); got != "orders" {
				t.Errorf("Name = %q", got)
			}
		})
		t.Run("the catalogue is as before", func(t *testing.T) {
			wantEqualDumps(t, "after it", dump{"_catalog": dumpOf(t, s)["_catalog"]}, dump{"_catalog": before})
		})
		t.Run("names are as those of stores", func(t *testing.T) {
			for name, class := range map[string]backend.Class{"": backend.ErrInvalid, "_x": backend.ErrInvalid, "\xff": backend.ErrInvalid, strings.Repeat("x", 129): backend.ErrTooLarge} {
				_, err := entity.NewSequence(name).Next(t.Context(), db)
				wantClass(t, "Next of "+name, err, class)
			}
		})
	})
}

// TestSequenceAtTheSameTime takes numbers from two DBs of one store.
func TestSequenceAtTheSameTime(t *testing.T) {
	const each, perDB = 700, 4
	onEngines(t, func(t *testing.T, s backend.Store) {
		dbs := []*entity.DB{open(t, s), open(t, s)}
		got := make([][]uint64, perDB*len(dbs))
		var all sync.WaitGroup
		for i := range got {
			all.Go(func() {
				for range each {
					n, err := orders.Next(t.Context(), dbs[i%len(dbs)])
					if err != nil {
						t.Errorf("Next: %v", err)
						return
					}
					got[i] = append(got[i], n)
				}
			})
		}
		all.Wait()
		seen := make(map[uint64]bool)
		for i, list := range got {
			last := uint64(0)
			for _, n := range list {
				if n <= last {
					t.Errorf("goroutine %d got %d after %d", i, n, last)
				}
				if seen[n] {
					t.Errorf("%d was given twice", n)
				}
				seen[n], last = true, n
			}
		}
		if len(seen) != each*perDB*len(dbs) {
			t.Errorf("%d numbers were given, want %d", len(seen), each*perDB*len(dbs))
		}
	})
}

// An announcer says when an Update is about to wait for its turn.
type announcer struct {
	backend.Store
	began chan struct{} // nil while nobody listens; has room for one
}

func (a *announcer) Update(ctx context.Context, fn func(context.Context, backend.WriteTx) error) error {
	select {
	case a.began <- struct{}{}:
	default:
	}
	return a.Store.Update(ctx, fn)
}

func TestSequenceInATransaction(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		engine := &announcer{Store: s}
		db := open(t, engine)
		t.Run("it is ErrNestedTx where numbers must be reserved", func(t *testing.T) {
			err := db.Update(t.Context(), func(ctx context.Context, _ *entity.Tx) error {
				_, err := orders.Next(ctx, db)
				return err
			})
			wantClass(t, "Next in an Update", err, backend.ErrNestedTx)
			err = db.View(t.Context(), func(ctx context.Context, _ *entity.Tx) error {
				_, err := orders.Next(ctx, db)
				return err
			})
			wantClass(t, "Next in a View", err, backend.ErrNestedTx)
		})
		t.Run("it doesn't wait for who waits for its transaction", func(t *testing.T) {
			outside := make(chan error, 1)
			err := db.Update(t.Context(), func(ctx context.Context, _ *entity.Tx) error {
				engine.began = make(chan struct{}, 1)
				go func() {
					_, err := orders.Next(t.Context(), db)
					outside <- err
				}()
				<-engine.began // and so whoever asks now finds it reserving
				_, err := orders.Next(ctx, db)
				return err
			})
			wantClass(t, "Next in the Update", err, backend.ErrNestedTx)
			if err := <-outside; err != nil {
				t.Errorf("Next outside: %v", err)
			}
		})
		t.Run("it gives a number that is reserved already", func(t *testing.T) {
			update(t, db, func(*entity.Tx) error { return nil })
			err := db.Update(t.Context(), func(ctx context.Context, _ *entity.Tx) error {
				n, err := orders.Next(ctx, db)
				if n != 2 {
					t.Errorf("Next = %d, want 2", n)
				}
				return err
			})
			if err != nil {
				t.Errorf("Update: %v", err)
			}
		})
		t.Run("who waits for the one who reserves can leave, and so can that one", func(t *testing.T) {
			other := entity.NewSequence("others")
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 2)
			err := db.Update(t.Context(), func(context.Context, *entity.Tx) error {
				engine.began = make(chan struct{}, 1)
				ask := func() {
					_, err := other.Next(ctx, db)
					ended <- err
				}
				go ask()
				<-engine.began
				go ask()
				cancel()
				for range 2 {
					if err := <-ended; !errors.Is(err, context.Canceled) {
						t.Errorf("Next = %v, want the context's error", err)
					}
				}
				return nil
			})
			if err != nil {
				t.Errorf("Update: %v", err)
			}
			if n, err := other.Next(t.Context(), db); n != 1 || err != nil {
				t.Errorf("Next = %d, %v, want 1, which nobody was given", n, err)
			}
		})
	})
}

func TestSequenceFailures(t *testing.T) {
	one := encoded(t, keys.Uint(1))
	for name, c := range map[string]struct {
		version byte
		payload []byte
		class   backend.Class
	}{
		"a record of newer code":           {2, one, backend.ErrSchemaNewer},
		"a record without a number":        {1, nil, backend.ErrCorrupt},
		"a record of text":                 {1, encoded(t, keys.String("1")), backend.ErrCorrupt},
		"a record with more than a number": {1, append(one, one...), backend.ErrCorrupt},
		"a record that begins with 0":      {1, encoded(t, keys.Uint(0)), backend.ErrCorrupt},
	} {
		onEngines(t, func(t *testing.T, s backend.Store) {
			t.Run(name, func(t *testing.T) {
				db, err := entity.Open(t.Context(), s)
				if err != nil {
					t.Fatal(err)
				}
				putSequence(t, s, c.version, c.payload)
				before := dumpOf(t, s)
				_, err = orders.Next(t.Context(), db)
				wantClass(t, "Next", err, c.class)
				if err == nil || !strings.HasPrefix(err.Error(), `next _sequences ("orders"): `) {
					t.Errorf("the error is %v, want it to name the sequence", err)
				}
				wantDump(t, "after it", s, before)
				err = entity.Verify(t.Context(), db)
				wantClass(t, "Verify", err, c.class)
				if err == nil || !strings.HasPrefix(err.Error(), `verify _sequences ("orders"): `) {
					t.Errorf("Verify = %v, want it to name the sequence", err)
				}
			})
		})
	}
	onEngines(t, func(t *testing.T, s backend.Store) {
		t.Run("records under keys that are no name", func(t *testing.T) {
			db, err := entity.Open(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			next(t, db)
			raw(t, s, func(tx backend.WriteTx) error {
				v, err := tx.Get("_sequences", encoded(t, keys.String("orders")))
				return errors.Join(err, tx.Put("_sequences", encoded(t, keys.Int(1)), append([]byte{}, v...)),
					tx.Put("_sequences", encoded(t, keys.String("_x")), append([]byte{}, v...)))
			})
			err = entity.Verify(t.Context(), db)
			wantClass(t, "Verify", err, backend.ErrCorrupt)
			if got := strings.Count(err.Error(), "verify _sequences"); got != 2 {
				t.Errorf("Verify has %d findings, %v, want 2", got, err)
			}
		})
		t.Run("the last numbers", func(t *testing.T) {
			db := open(t, s)
			const last = math.MaxUint64 - 1000
			putSequence(t, s, 1, encoded(t, keys.Uint(last)))
			for want := uint64(last); want < math.MaxUint64; want++ {
				if got := next(t, db); got != want {
					t.Fatalf("Next = %d, want %d", got, want)
				}
			}
			_, err := orders.Next(t.Context(), db)
			wantClass(t, "Next after the last", err, backend.ErrTooLarge)
			raw(t, s, func(tx backend.WriteTx) error { return tx.DropTable("_sequences") })
		})
		t.Run("D7 a reservation that fails is made again", func(t *testing.T) {
			injected := errors.New("injected")
			call, fail := int64(0), int64(0)
			db := open(t, faults.Inject(s, func(faults.Call) error {
				if call++; call == fail {
					return injected
				}
				return nil
			}))
			failures := 0
			for fail = 1; ; fail++ {
				call = 0
				got, err := orders.Next(t.Context(), db)
				if err == nil {
					if got != 1 {
						t.Errorf("Next = %d, want 1", got)
					}
					break
				}
				if failures++; !errors.Is(err, injected) {
					t.Fatalf("Next with call %d failing = %v, want the injected error", fail, err)
				}
			}
			if fail = 0; failures < 2 {
				t.Errorf("%d calls failed, want at least the read and the write", failures)
			}
		})
	})
}
