package entity_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/memory"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

// A PersonV1 is what the first release stored.
type PersonV1 struct {
	Name string // "Ada Lovelace"
}

// A Person is what this release stores.
type Person struct {
	First, Last string
}

var (
	PeopleV1 = entity.New[keys.UserID]("people", msgpack.Of[PersonV1]())

	ByLast = entity.NewIndex("by_last", func(_ keys.UserID, p *Person) keys.String { return keys.String(p.Last) })

	splitName = entity.Migrate(1, msgpack.Of[PersonV1](), msgpack.Of[Person](), func(old *PersonV1) (Person, error) {
		first, last, ok := strings.Cut(old.Name, " ")
		if !ok {
			return Person{}, fmt.Errorf("%q has no last name", old.Name)
		}
		return Person{First: first, Last: last}, nil
	})

	People = entity.New[keys.UserID]("people", msgpack.Of[Person](), ByLast).WithMigrations(2, splitName)
)

// openPeopleV1 returns an engine's store with what the first release wrote.
func openPeopleV1(ctx context.Context, names ...string) backend.Store {
	s := memory.New()
	db, err := entity.Open(ctx, s, PeopleV1)
	if err != nil {
		log.Fatal(err)
	}
	err = db.Update(ctx, func(ctx context.Context, tx *entity.Tx) error {
		for _, name := range names {
			id := keys.Must(keys.NewUserID(strings.ToLower(strings.Fields(name)[0])))
			if err := PeopleV1.Put(tx, id, PersonV1{Name: name}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	return s
}

func ExampleStore_WithMigrations() {
	ctx := context.Background()
	s := openPeopleV1(ctx, "Ada Lovelace", "Grace Hopper")

	db, err := entity.Open(ctx, s, People)
	if err != nil {
		log.Fatal(err)
	}
	err = db.View(ctx, func(ctx context.Context, tx *entity.Tx) error {
		for row, err := range ByLast.Scan(tx, keys.All[keys.String]()) {
			if err != nil {
				return err
			}
			fmt.Println(row.Value.Last, row.Value.First)
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}

	_, err = entity.Open(ctx, s, PeopleV1)
	fmt.Println(errors.Is(err, backend.ErrSchemaNewer))
	// Output:
	// Hopper Grace
	// Lovelace Ada
	// true
}

func ExampleDryRun() {
	ctx := context.Background()
	s := openPeopleV1(ctx, "Ada Lovelace", "Plato")

	changes, err := entity.DryRun(ctx, s, People)
	for _, c := range changes {
		fmt.Println(c.Kind, c.Store, c.Index, c.Rows)
	}
	fmt.Println(err)
	// Output:
	// new version people  0
	// migrate rows people  2
	// build index people by_last 2
	// migrate people ("plato"): invalid argument: value of version 1 can't be migrated: "Plato" has no last name
}

func ExampleWithOpenOptions() {
	ctx := context.Background()
	s := openPeopleV1(ctx, "Ada Lovelace", "Grace Hopper")

	progress := func(p entity.Progress) { fmt.Println(p.Store, p.Index, p.Done, "of", p.Total) }
	db, err := entity.Open(entity.WithOpenOptions(ctx, entity.OpenOptions{Progress: progress}), s, People)
	if err != nil {
		log.Fatal(err)
	}
	if err := db.Close(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// people  2 of 2
	// people by_last 2 of 2
}

func ExampleDB_Ready() {
	ctx := context.Background()
	s := openPeopleV1(ctx, "Ada Lovelace")

	db, err := entity.Open(entity.WithOpenOptions(ctx, entity.OpenOptions{Background: true}), s, People)
	if err != nil {
		log.Fatal(err)
	}
	err = db.View(ctx, func(ctx context.Context, tx *entity.Tx) error {
		ada, _, err := People.Get(tx, keys.Must(keys.NewUserID("ada"))) // is migrated as it is read
		fmt.Println(ada.Last)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := db.Ready(ctx); err != nil { // from here on ByLast can be read
		log.Fatal(err)
	}
	// Output: Lovelace
}

func ExampleKeep() {
	type Short struct{ First string }
	people := entity.New[keys.UserID]("people", msgpack.Of[Short]()).WithMigrations(3, splitName, entity.Keep(2))

	ctx := context.Background()
	db, err := entity.Open(ctx, openPeopleV1(ctx, "Ada Lovelace"), people)
	if err != nil {
		log.Fatal(err)
	}
	err = db.View(ctx, func(ctx context.Context, tx *entity.Tx) error {
		ada, _, err := people.Get(tx, keys.Must(keys.NewUserID("ada")))
		fmt.Println(ada.First)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: Ada
}
