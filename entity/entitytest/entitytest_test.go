package entitytest_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/faults"
	"github.com/larderdb/larder/backend/memory"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/entity/entitytest"
	"github.com/larderdb/larder/keys"
)

// A recorder is a test that keeps what it was told, so that failures of tests
// can be tested.
type recorder struct {
	ctx      context.Context
	cleanups []func()
	messages []string
}

func (r *recorder) Helper()                  {}
func (r *recorder) Context() context.Context { return r.ctx }
func (r *recorder) Cleanup(f func())         { r.cleanups = append(r.cleanups, f) }

func (r *recorder) Errorf(format string, args ...any) {
	r.messages = append(r.messages, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// failures runs a test, as the go command would, and returns what it reports.
func failures(test func(t entitytest.T)) []string {
	ctx, cancel := context.WithCancel(context.Background())
	r := &recorder{ctx: ctx}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			cancel()
			for _, f := range slices.Backward(r.cleanups) {
				f()
			}
		}()
		test(r)
	}()
	<-done
	return r.messages
}

// report prints what a test reports.
func report(test func(t entitytest.T)) {
	all := failures(test)
	if len(all) == 0 {
		all = []string{"ok"}
	}
	for _, s := range all {
		fmt.Println(s)
	}
}

// want reports that a test doesn't fail as it should: once for each of says,
// with a message that holds it.
func want(t *testing.T, test func(t entitytest.T), says ...string) {
	t.Helper()
	got := failures(test)
	if len(got) != len(says) {
		t.Errorf("the test reports %d failures, want %d:\n%s", len(got), len(says), strings.Join(got, "\n"))
		return
	}
	for i, s := range says {
		if !strings.Contains(got[i], s) {
			t.Errorf("the test reports %q, want it to say %q", got[i], s)
		}
	}
}

// breakIndex takes an entry of the account's owner out of the index.
func breakIndex(t entitytest.T, db *entity.DB) {
	err := db.Backend().Update(context.Background(), func(_ context.Context, tx backend.WriteTx) error {
		return tx.DropTable("_index/1")
	})
	if err != nil {
		t.Fatalf("Update: %v", err)
	}
}

func TestB47_TheEndOfTheTestVerifiesAndCloses(t *testing.T) {
	t.Run("B47 a sound database is closed", func(t *testing.T) {
		var db *entity.DB
		want(t, func(t entitytest.T) {
			db = entitytest.New(t, Accounts)
			rich(t, db)
		})
		err := db.View(t.Context(), func(context.Context, *entity.Tx) error { return nil })
		if !errors.Is(err, backend.ErrClosed) {
			t.Errorf("View after the test = %v, want ErrClosed", err)
		}
	})
	t.Run("B47 the findings of Verify fail the test", func(t *testing.T) {
		want(t, func(t entitytest.T) {
			db := entitytest.New(t, Accounts)
			rich(t, db)
			breakIndex(t, db)
		}, "verify accounts (\"Alice\", \"alice\"), index by_owner: corrupt data: the row has no such entry")
	})
	t.Run("B47 a database that the test closed is no failure", func(t *testing.T) {
		want(t, func(t entitytest.T) {
			db := entitytest.New(t, Accounts)
			if err := db.Close(t.Context()); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	})
	t.Run("B47 of two on one engine the newer verifies", func(t *testing.T) {
		plain := entity.New[keys.UserID]("accounts", msgpack.Of[Account]())
		want(t, func(t entitytest.T) {
			s := memory.New()
			rich(t, entitytest.Open(t, s, Accounts))
			if _, err := entity.Open(t.Context(), s, plain.WithSchema(2, "")); err != nil {
				t.Errorf("Open: %v", err)
			}
		})
		want(t, func(t entitytest.T) {
			s := memory.New()
			entitytest.Open(t, s, plain)
			db := entitytest.Open(t, s, Accounts)
			rich(t, db)
			breakIndex(t, db)
		}, "the row has no such entry")
	})
	t.Run("B47 definitions that can't be opened end the test", func(t *testing.T) {
		want(t, func(t entitytest.T) {
			entitytest.New(t, Accounts, Accounts)
			t.Errorf("New went on")
		}, "two stores have this name")
	})
}

func TestB47_LoadAndDump(t *testing.T) {
	t.Run("B47 rows that break a rule end the test, and none is loaded", func(t *testing.T) {
		var db *entity.DB
		want(t, func(t entitytest.T) {
			db = entitytest.New(t, Accounts)
			t.Cleanup(func() {
				err := db.View(context.Background(), func(_ context.Context, tx *entity.Tx) error {
					if n, err := Accounts.Count(tx, keys.All[keys.UserID]()); n != 0 || err != nil {
						t.Errorf("there are %d rows, %v, want none", n, err)
					}
					return nil
				})
				if err != nil {
					t.Errorf("View: %v", err)
				}
			})
			entitytest.Load(t, db, Accounts, map[keys.UserID]Account{alice: {Owner: "A"}, bob: {Owner: "A"}})
		}, "unique index violation")
	})
	t.Run("B47 a dump has the rows in order, with text as it is", func(t *testing.T) {
		db := entitytest.New(t, Accounts)
		if got := entitytest.Dump(t, db, Accounts); got != "" {
			t.Errorf("Dump of an empty store = %q, want nothing", got)
		}
		entitytest.Load(t, db, Accounts, map[keys.UserID]Account{bob: {Owner: "<b>"}, alice: {Owner: "a\n", Cents: -1}})
		want := `("alice") {"Owner":"a\n","Cents":-1}` + "\n" + `("bob") {"Owner":"<b>","Cents":0}` + "\n"
		if got := entitytest.Dump(t, db, Accounts); got != want {
			t.Errorf("Dump =\n%swant\n%s", got, want)
		}
	})
	t.Run("B47 a value without JSON ends the test", func(t *testing.T) {
		odd := entity.New[keys.UserID]("odd", msgpack.Of[float64]())
		want(t, func(t entitytest.T) {
			db := entitytest.New(t, odd)
			entitytest.Load(t, db, odd, map[keys.UserID]float64{alice: math.NaN()})
			_ = entitytest.Dump(t, db, odd)
			t.Errorf("Dump went on")
		}, "entitytest: dump odd: json: unsupported value")
	})
}

func TestA39_WithFaults(t *testing.T) {
	broken := errors.New("broken")
	t.Run("A39 B47 calls are counted from the end of Open", func(t *testing.T) {
		var calls []faults.Call
		db := entitytest.WithFaults(t, func(c faults.Call) error {
			calls = append(calls, c)
			return nil
		}, Accounts)
		if len(calls) != 0 {
			t.Errorf("Open has shown %d calls, want none", len(calls))
		}
		if err := db.View(t.Context(), func(context.Context, *entity.Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if len(calls) == 0 || calls[0].N != 1 || calls[0].Op != "view" {
			t.Errorf("the calls are %v, want view first, with number 1", calls)
		}
	})
	t.Run("A39 B47 a commit that fails leaves nothing, and the test's end none of it", func(t *testing.T) {
		db := entitytest.WithFaults(t, func(c faults.Call) error {
			if c.Op == "commit" {
				return broken
			}
			return nil
		}, Accounts)
		err := db.Update(t.Context(), func(_ context.Context, tx *entity.Tx) error {
			return Accounts.Put(tx, alice, Account{Owner: "Alice"})
		})
		if err != broken {
			t.Errorf("Update = %v, want the fault itself", err)
		}
		if got := entitytest.Dump(t, db, Accounts); got != "" {
			t.Errorf("the store holds %s, want nothing", got)
		}
	})
	t.Run("A39 B47 faults that go on do not reach the test's end", func(t *testing.T) {
		want(t, func(t entitytest.T) {
			entitytest.WithFaults(t, func(faults.Call) error { return broken }, Accounts)
		})
	})
}

func TestA39_EachFailure(t *testing.T) {
	put := func(db *entity.DB, id keys.UserID, owner string) error {
		return db.Update(context.Background(), func(_ context.Context, tx *entity.Tx) error {
			return Accounts.Put(tx, id, Account{Owner: owner})
		})
	}
	each := func(work func(db *entity.DB) error) func(entitytest.T) {
		return func(t entitytest.T) { entitytest.EachFailure(t, nil, work, Accounts) }
	}

	t.Run("A39 B47 a transaction is done as a whole or not at all", func(t *testing.T) {
		runs, failed := 0, 0
		entitytest.EachFailure(t, func(db *entity.DB) { rich(t, db) }, func(db *entity.DB) error {
			runs++
			err := Transfer(t.Context(), db, alice, bob, 200)
			if errors.Is(err, backend.ErrIO) {
				failed++
			}
			return err
		}, Accounts)
		if failed < 8 || runs != failed+2 {
			t.Errorf("of %d runs %d failed, want all but the first and the last, and one for each call", runs, failed)
		}
	})
	t.Run("A39 B47 trying again is as good", func(t *testing.T) {
		want(t, each(func(db *entity.DB) error {
			if err := put(db, alice, "Alice"); err == nil {
				return nil
			}
			return put(db, alice, "Alice")
		}))
	})

	// What it is there to find. A fault in the second transaction leaves the
	// first; the reports name the call and what has changed.
	t.Run("A39 B47 two transactions are found", func(t *testing.T) {
		got := failures(each(func(db *entity.DB) error {
			if err := put(db, alice, "Alice"); err != nil {
				return err
			}
			return put(db, bob, "Bob")
		}))
		if len(got) == 0 {
			t.Fatal("no failure is reported")
		}
		for _, s := range got {
			if !strings.Contains(s, `yet this has changed: _index/1 ("Alice", "alice"), accounts ("alice")`) {
				t.Errorf("the report is %q, want it to name the row", s)
			}
		}
	})
	t.Run("A39 B47 an error that is dropped is found", func(t *testing.T) {
		got := failures(each(func(db *entity.DB) error {
			_ = put(db, alice, "Alice")
			return nil
		}))
		if len(got) == 0 || !strings.Contains(got[0], "when call 1 (update) fails, nothing is done and no error returned") {
			t.Errorf("the reports are %q, want one that no error was returned", got)
		}
	})
	t.Run("A39 B47 an error of a part that is dropped is found", func(t *testing.T) {
		got := failures(each(func(db *entity.DB) error {
			_ = put(db, alice, "Alice")
			return put(db, bob, "Bob")
		}))
		if len(got) == 0 || !strings.Contains(got[0], `this is not as it should be: _index/1 ("Alice", "alice"), accounts ("alice")`) {
			t.Errorf("the reports are %q, want one that names the missing row", got)
		}
	})
	t.Run("A39 B47 work that fails by itself ends the test", func(t *testing.T) {
		want(t, each(func(*entity.DB) error { return errTooPoor }), "without any failure: not enough money")
	})
	t.Run("A39 B47 work that calls nothing is found", func(t *testing.T) {
		want(t, each(func(*entity.DB) error { return nil }), "the engine isn't called")
	})
}
