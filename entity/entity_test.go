package entity_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

type engine struct {
	name string
	open func(testing.TB) backend.Store
}

// onEngines runs test on an empty store of each engine.
func onEngines(t *testing.T, test func(t *testing.T, s backend.Store)) {
	t.Helper()
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			s := e.open(t)
			t.Cleanup(func() {
				if err := s.Close(context.Background()); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
			test(t, s)
		})
	}
}

// open opens s with defs and verifies it when the test is over, unless newer
// code has changed the catalogue meanwhile.
func open(t testing.TB, s backend.Store, defs ...entity.Definition) *entity.DB {
	t.Helper()
	db, err := entity.Open(t.Context(), s, defs...)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := entity.Verify(context.Background(), db); err != nil && !errors.Is(err, backend.ErrSchemaNewer) {
			t.Errorf("Verify: %v", err)
		}
	})
	return db
}

func update(t testing.TB, db *entity.DB, fn func(tx *entity.Tx) error) {
	t.Helper()
	if err := updateErr(t, db, fn); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

// updateErr is update for what may fail.
func updateErr(t testing.TB, db *entity.DB, fn func(tx *entity.Tx) error) error {
	t.Helper()
	return db.Update(t.Context(), func(_ context.Context, tx *entity.Tx) error { return fn(tx) })
}

func view(t testing.TB, db *entity.DB, fn func(tx *entity.Tx) error) {
	t.Helper()
	err := db.View(t.Context(), func(_ context.Context, tx *entity.Tx) error { return fn(tx) })
	if err != nil {
		t.Fatalf("View: %v", err)
	}
}

// wantClass reports an error that isn't of class.
func wantClass(t testing.TB, what string, err error, class backend.Class) {
	t.Helper()
	if !errors.Is(err, class) {
		t.Errorf("%s: error is %v, want one of class %q", what, err, class)
	}
}

// A User is the row of most tests: a unique index on Name, as many entries as
// it has tags in one index, one entry in another if it has a team.
type User struct {
	Name string
	Team string
	Tags []string
	Age  int
}

// The definitions of one store. Tests that change definitions make their own.
type schema struct {
	byName *entity.Unique[keys.String, keys.UserID, User]
	byAge  *entity.Index[keys.Int, keys.UserID, User]
	byTag  *entity.Index[keys.String, keys.UserID, User]
	byTeam *entity.Index[keys.T2[keys.String, keys.Int], keys.UserID, User]
	users  *entity.Store[keys.UserID, User]
}

func newSchema() schema {
	var d schema
	d.byName = entity.NewUnique("by_name", func(_ keys.UserID, u *User) keys.String { return keys.String(u.Name) })
	d.byAge = entity.NewIndex("by_age", func(_ keys.UserID, u *User) keys.Int { return keys.Int(u.Age) })
	d.byTag = entity.NewMultiIndex("by_tag", func(_ keys.UserID, u *User) iter.Seq[keys.String] {
		return func(yield func(keys.String) bool) {
			for _, tag := range u.Tags {
				if !yield(keys.String(tag)) {
					return
				}
			}
		}
	})
	d.byTeam = entity.NewMultiIndex("by_team", func(_ keys.UserID, u *User) iter.Seq[keys.T2[keys.String, keys.Int]] {
		return func(yield func(keys.T2[keys.String, keys.Int]) bool) {
			if u.Team != "" {
				yield(keys.T2[keys.String, keys.Int]{A: keys.String(u.Team), B: keys.Int(u.Age)})
			}
		}
	})
	d.users = entity.New[keys.UserID]("users", msgpack.Of[User](), d.byName, d.byAge, d.byTag, d.byTeam)
	return d
}

func uid(s string) keys.UserID { return keys.Must(keys.NewUserID(s)) }

var (
	ada   = User{Name: "Ada", Team: "math", Tags: []string{"poet", "count"}, Age: 36}
	bob   = User{Name: "Bob", Team: "ops", Tags: []string{"count"}, Age: 36}
	carol = User{Name: "Carol", Age: 20}
)

// withUsers opens a database with ada, bob and carol under the keys a, b, c.
func withUsers(t testing.TB, s backend.Store) (*entity.DB, schema) {
	t.Helper()
	d := newSchema()
	db := open(t, s, d.users)
	update(t, db, func(tx *entity.Tx) error {
		return errors.Join(d.users.Put(tx, uid("a"), ada), d.users.Put(tx, uid("b"), bob), d.users.Put(tx, uid("c"), carol))
	})
	return db, d
}

// collect returns the keys of the rows, and the error that ended them.
func collect[K keys.Key[K], V any](rows iter.Seq2[*entity.Row[K, V], error]) (ks []K, err error) {
	for row, err := range rows {
		if err != nil {
			return ks, err
		}
		ks = append(ks, row.Key)
	}
	return ks, nil
}

// list is collect for rows of users, as one string of keys.
func list(t testing.TB, rows iter.Seq2[*entity.Row[keys.UserID, User], error]) string {
	t.Helper()
	ks, err := collect(rows)
	if err != nil {
		t.Errorf("scan: %v", err)
	}
	var s []string
	for _, k := range ks {
		s = append(s, k.String())
	}
	return strings.Join(s, " ")
}

// A dump is all pairs of a database, to be compared with another.
type dump map[string]map[string]string

func dumpOf(t testing.TB, s backend.Store) dump {
	t.Helper()
	d := make(dump)
	err := s.View(t.Context(), func(ctx context.Context, tx backend.ReadTx) error {
		tables, err := tx.Tables()
		for _, table := range tables {
			d[table] = make(map[string]string)
			for kv, err := range tx.Scan(table, backend.Range{}) {
				if err != nil {
					return err
				}
				d[table][string(kv.Key)] = string(kv.Value)
			}
		}
		return err
	})
	if err != nil {
		t.Fatalf("dump: %v", err)
	}
	return d
}

// wantDump reports that the database isn't as it was.
func wantDump(t testing.TB, what string, s backend.Store, want dump) {
	t.Helper()
	wantEqualDumps(t, what, dumpOf(t, s), want)
}

func wantEqualDumps(t testing.TB, what string, got, want dump) {
	t.Helper()
	for table, pairs := range want {
		for key, value := range pairs {
			if got[table][key] != value {
				t.Errorf("%s: %s %s is %x, want %x as before", what, table, keys.Fmt([]byte(key)), got[table][key], value)
			}
		}
	}
	for table, pairs := range got {
		for key := range pairs {
			if _, ok := want[table][key]; !ok {
				t.Errorf("%s: %s has a new key %s", what, table, keys.Fmt([]byte(key)))
			}
		}
	}
}

// raw runs fn in an Update of the engine's store.
func raw(t testing.TB, s backend.Store, fn func(tx backend.WriteTx) error) {
	t.Helper()
	err := s.Update(t.Context(), func(_ context.Context, tx backend.WriteTx) error { return fn(tx) })
	if err != nil {
		t.Fatalf("Update: %v", err)
	}
}

// encoded returns the encoding of a key.
func encoded(t testing.TB, parts ...keys.Part) []byte {
	t.Helper()
	var b []byte
	for _, p := range parts {
		var err error
		if b, err = p.AppendKey(b); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func equalUsers(a, b User) bool {
	return a.Name == b.Name && a.Team == b.Team && a.Age == b.Age && slices.Equal(a.Tags, b.Tags)
}
