package entitytest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/faults"
	"github.com/larderdb/larder/backend/memory"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/entity/entitytest"
	"github.com/larderdb/larder/keys"
)

// What is tested in the examples: accounts, with a rule about their money.
type Account struct {
	Owner string
	Cents int
}

var (
	ByOwner  = entity.NewUnique("by_owner", func(_ keys.UserID, a *Account) keys.String { return keys.String(a.Owner) })
	Accounts = entity.New[keys.UserID]("accounts", msgpack.Of[Account](), ByOwner)

	alice = keys.Must(keys.NewUserID("alice"))
	bob   = keys.Must(keys.NewUserID("bob"))
)

var errTooPoor = errors.New("not enough money")

// Transfer moves money from one account to another.
func Transfer(ctx context.Context, db *entity.DB, from, to keys.UserID, cents int) error {
	return db.Update(ctx, func(ctx context.Context, tx *entity.Tx) error {
		a, _, err := Accounts.Get(tx, from)
		if err != nil {
			return err
		}
		b, found, err := Accounts.Get(tx, to)
		if err != nil {
			return err
		}
		if !found || a.Cents < cents {
			return errTooPoor
		}
		a.Cents -= cents
		b.Cents += cents
		return errors.Join(Accounts.Put(tx, from, a), Accounts.Put(tx, to, b))
	})
}

// rich is a fixture.
func rich(t entitytest.T, db *entity.DB) {
	entitytest.Load(t, db, Accounts, map[keys.UserID]Account{
		alice: {Owner: "Alice", Cents: 500},
		bob:   {Owner: "Bob"},
	})
}

// testTransfer is a test as a program has it.
func testTransfer(t entitytest.T) {
	db := entitytest.New(t, Accounts)
	rich(t, db)
	if err := Transfer(t.Context(), db, alice, bob, 200); err != nil {
		t.Errorf("Transfer = %v", err)
	}
	want := `("alice") {"Owner":"Alice","Cents":300}
("bob") {"Owner":"Bob","Cents":200}
`
	if got := entitytest.Dump(t, db, Accounts); got != want {
		t.Errorf("the accounts are\n%swant\n%s", got, want)
	}
}

func ExampleNew() {
	report(testTransfer)
	// Output: ok
}

func ExampleLoad() {
	report(func(t entitytest.T) {
		db := entitytest.New(t, Accounts)
		entitytest.Load(t, db, Accounts, map[keys.UserID]Account{alice: {"Alice", 500}, bob: {"Bob", 0}})
		fmt.Print(entitytest.Dump(t, db, Accounts))
	})
	// Output:
	// ("alice") {"Owner":"Alice","Cents":500}
	// ("bob") {"Owner":"Bob","Cents":0}
	// ok
}

func ExampleDump() {
	report(func(t entitytest.T) {
		db := entitytest.New(t, Accounts)
		rich(t, db)
		lines := strings.Split(entitytest.Dump(t, db, Accounts), "\n")
		fmt.Println(lines[0])
	})
	// Output:
	// ("alice") {"Owner":"Alice","Cents":500}
	// ok
}

// A database whose definitions change is opened twice.
func ExampleOpen() {
	report(func(t entitytest.T) {
		s := memory.New()
		rich(t, entitytest.Open(t, s, Accounts))

		byCents := entity.NewIndex("by_cents", func(_ keys.UserID, a *Account) keys.Int { return keys.Int(a.Cents) })
		next := entity.New[keys.UserID]("accounts", msgpack.Of[Account](), byCents).WithSchema(2, "")
		db := entitytest.Open(t, s, next)
		err := db.View(t.Context(), func(ctx context.Context, tx *entity.Tx) error {
			n, err := byCents.Count(tx, keys.After(keys.Int(0)))
			fmt.Println(n)
			return err
		})
		if err != nil {
			t.Errorf("View: %v", err)
		}
	})
	// Output:
	// 1
	// ok
}

// What does the program say when there is no more space?
func ExampleWithFaults() {
	report(func(t entitytest.T) {
		full := false
		db := entitytest.WithFaults(t, func(c faults.Call) error {
			if full && c.Op == "put" && c.Table == "accounts" {
				return backend.ErrQuota
			}
			return nil
		}, Accounts)
		rich(t, db)
		full = true
		err := Transfer(t.Context(), db, alice, bob, 200)
		fmt.Println(errors.Is(err, backend.ErrQuota))
	})
	// Output:
	// true
	// ok
}

// Whatever fails in a transfer, no money is lost.
func ExampleEachFailure() {
	report(func(t entitytest.T) {
		fill := func(db *entity.DB) { rich(t, db) }
		entitytest.EachFailure(t, fill, func(db *entity.DB) error {
			return Transfer(t.Context(), db, alice, bob, 200)
		}, Accounts)
	})
	// Output: ok
}

// A transfer in two transactions may lose money: the first failure says so.
func ExampleEachFailure_halfDone() {
	reports := failures(func(t entitytest.T) {
		fill := func(db *entity.DB) { rich(t, db) }
		entitytest.EachFailure(t, fill, func(db *entity.DB) error {
			if err := Deposit(t.Context(), db, alice, -200); err != nil {
				return err
			}
			return Deposit(t.Context(), db, bob, 200)
		}, Accounts)
	})
	fmt.Println(reports[0])
	// Output: entitytest: when call 7 (update) fails, the error is "storage failure: a fault of the test", and yet this has changed: accounts ("alice")
}

// Deposit adds money to an account.
func Deposit(ctx context.Context, db *entity.DB, to keys.UserID, cents int) error {
	return db.Update(ctx, func(ctx context.Context, tx *entity.Tx) error {
		a, _, err := Accounts.Get(tx, to)
		if err != nil {
			return err
		}
		a.Cents += cents
		return Accounts.Put(tx, to, a)
	})
}
