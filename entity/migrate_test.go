package entity_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/faults"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

// The values of a store in three releases of a program. The second has a person
// in place of a name; the third has another codec, too.
type (
	task1 struct{ Title, Owner string }
	task2 struct{ Title, By string }
	task3 struct {
		Title string
		By    []string
	}
)

// terse is msgpack under a name of its own.
type terse[V any] struct{ msgpack.Codec[V] }

func (terse[V]) Name() string { return "terse" }

type tasks[V any] struct {
	*entity.Store[keys.Int, V]
	byWho *entity.Index[keys.String, keys.Int, V]
}

func tasksOf[V any](codec entity.Codec[V], who func(*V) string) tasks[V] {
	x := entity.NewIndex("by_who", func(_ keys.Int, v *V) keys.String { return keys.String(who(v)) })
	return tasks[V]{entity.New[keys.Int]("tasks", codec, x), x}
}

func release1() tasks[task1] {
	return tasksOf(msgpack.Of[task1](), func(v *task1) string { return v.Owner })
}

var step1 = entity.Migrate(1, msgpack.Of[task1](), msgpack.Of[task2](), func(old *task1) (task2, error) {
	return task2{Title: old.Title, By: "mr " + old.Owner}, nil
})

var step2 = entity.Migrate(2, msgpack.Of[task2](), terse[task3]{}, func(old *task2) (task3, error) {
	return task3{Title: old.Title, By: strings.Fields(old.By)}, nil
})

func release2() tasks[task2] {
	d := tasksOf(msgpack.Of[task2](), func(v *task2) string { return v.By })
	d.Store = d.WithMigrations(2, step1)
	return d
}

func release3(steps ...entity.Step) tasks[task3] {
	d := tasksOf(terse[task3]{}, func(v *task3) string { return v.By[len(v.By)-1] })
	d.Store = d.WithMigrations(3, steps...)
	return d
}

// withTasks fills s with n rows of the first release.
func withTasks(t testing.TB, s backend.Store, n int) (*entity.DB, tasks[task1]) {
	t.Helper()
	d := release1()
	db, err := entity.Open(t.Context(), s, d)
	if err != nil {
		t.Fatal(err)
	}
	update(t, db, func(tx *entity.Tx) error {
		return d.PutMany(tx, func(yield func(keys.Int, task1) bool) {
			for i := range n {
				if !yield(keys.Int(i), task1{fmt.Sprint("title ", i), fmt.Sprint("owner", i%7)}) {
					return
				}
			}
		})
	})
	return db, d
}

// wantTasks reports rows that aren't what the steps make of those of withTasks.
func wantTasks(t testing.TB, db *entity.DB, d tasks[task3], n int) {
	t.Helper()
	view(t, db, func(tx *entity.Tx) error {
		rows := 0
		for row, err := range d.Scan(tx, keys.All[keys.Int]()) {
			if err != nil {
				return err
			}
			want := fmt.Sprint("title ", row.Key, " mr owner", row.Key%7)
			if got := row.Value.Title + " " + strings.Join(row.Value.By, " "); got != want || int(row.Key) != rows {
				t.Errorf("row %d at place %d is %q, want %q", row.Key, rows, got, want)
			}
			rows++
		}
		for row, err := range d.byWho.Scan(tx, keys.Eq(keys.String("owner3"))) {
			if err != nil {
				return err
			}
			if row.Key%7 != 3 {
				t.Errorf("the index has row %d under owner3", row.Key)
			}
			rows++
		}
		if want := n + (n+3)/7; rows != want {
			t.Errorf("there are %d rows and entries, want %d", rows, want)
		}
		return nil
	})
}

// rowVersions counts the rows by the version in their frames.
func rowVersions(d dump) map[byte]int {
	n := make(map[byte]int)
	for _, frame := range d["tasks"] {
		n[frame[1]]++
	}
	return n
}

func TestMigrate(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		const n = 1300
		oldTab, old := withTasks(t, s, n)
		d := release3(step1, step2)
		db := open(t, s, d)
		t.Run("rows and index are those of the new release, whose codec and version they have", func(t *testing.T) {
			wantTasks(t, db, d, n)
			if v := rowVersions(dumpOf(t, s)); len(v) != 1 || v[3] != n {
				t.Errorf("rows by version: %v, want all of version 3", v)
			}
		})
		t.Run("the old release can do nothing any more", func(t *testing.T) {
			err := oldTab.Update(t.Context(), func(_ context.Context, tx *entity.Tx) error { return old.Put(tx, 1, task1{}) })
			wantClass(t, "Update of the open tab", err, backend.ErrSchemaNewer)
			_, err = entity.Open(t.Context(), s, release1())
			wantClass(t, "Open with the old release", err, backend.ErrSchemaNewer)
		})
		t.Run("a later release needs no steps, and opening writes nothing", func(t *testing.T) {
			before := dumpOf(t, s)
			later := release3()
			wantTasks(t, open(t, s, later), later, n)
			wantDump(t, "after Open", s, before)
		})
	})
}

// TestMigrateInStages goes from release to release, and so leaves rows of one
// version only.
func TestMigrateInStages(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		withTasks(t, s, 20)
		if _, err := entity.Open(t.Context(), s, release2()); err != nil {
			t.Fatal(err)
		}
		d := release3(step2)
		wantTasks(t, open(t, s, d), d, 20)
	})
}

// TestMigrateKilled dies at each commit of a migration, and opens again.
func TestMigrateKilled(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		const n = 1300 // three transactions of rows, three of entries
		withTasks(t, s, n)
		before := dumpOf(t, s)
		for commit := 1; commit <= 7; commit++ {
			t.Run(fmt.Sprint("at commit ", commit), func(t *testing.T) {
				raw(t, s, func(tx backend.WriteTx) error {
					names, err := tx.Tables()
					for _, name := range names {
						err = errors.Join(err, tx.DropTable(name))
					}
					return errors.Join(err, restore(tx, before))
				})
				killedOpen(t, s, commit, release3(step1, step2))
				if commit == 1 {
					wantDump(t, "when the registration died", s, before)
				}
				if v := rowVersions(dumpOf(t, s)); v[1]+v[3] != n {
					t.Errorf("rows by version: %v, want %d of versions 1 and 3", v, n)
				}
				d := release3(step1, step2)
				wantTasks(t, open(t, s, d), d, n)
			})
		}
	})
}

// TestMigrateBehind reads and writes while rows are being migrated.
func TestMigrateBehind(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		const n = 1300
		withTasks(t, s, n)
		d := release3(step1, step2)
		reached, goOn := make(chan entity.Progress), make(chan bool)
		ctx := entity.WithOpenOptions(t.Context(), entity.OpenOptions{Background: true, Progress: func(p entity.Progress) {
			reached <- p
			<-goOn
		}})
		db, err := entity.Open(ctx, s, d)
		if err != nil {
			t.Fatal(err)
		}
		ready := make(chan error, 1)
		go func() { ready <- db.Ready(t.Context()) }()
		var told []entity.Progress
		for done := false; !done; {
			select {
			case p := <-reached:
				told = append(told, p)
				view(t, db, func(tx *entity.Tx) error {
					row, _, err := d.Get(tx, n-1)
					if len(row.By) != 2 || err != nil {
						t.Errorf("the last row is %v, %v while rows are migrated", row, err)
					}
					if _, err = d.byWho.Count(tx, keys.All[keys.String]()); p.Index == "" {
						wantClass(t, "reading an index that isn't built", err, backend.ErrUnsupported)
					}
					return nil
				})
				update(t, db, func(tx *entity.Tx) error {
					_, err := d.Delete(tx, keys.Int(len(told)))
					return errors.Join(err,
						d.Put(tx, keys.Int(len(told)), task3{fmt.Sprint("title ", len(told)), []string{"mr", fmt.Sprint("owner", len(told)%7)}}),
						d.Put(tx, keys.Int(n-len(told)), task3{fmt.Sprint("title ", n-len(told)), []string{"mr", fmt.Sprint("owner", (n-len(told))%7)}}))
				})
				goOn <- true
			case err := <-ready:
				if done = true; err != nil {
					t.Fatalf("Ready: %v", err)
				}
			}
		}
		wantTasks(t, db, d, n)
		if err := entity.Verify(t.Context(), db); err != nil {
			t.Errorf("Verify: %v", err)
		}
		want := []entity.Progress{
			{"tasks", "", 512, n}, {"tasks", "", 1024, n}, {"tasks", "", n, n},
			{"tasks", "by_who", 512, n}, {"tasks", "by_who", 1024, n}, {"tasks", "by_who", n, n},
		}
		if fmt.Sprint(told) != fmt.Sprint(want) {
			t.Errorf("Progress was told %v, want %v", told, want)
		}
	})
}

// TestCloseEndsBackground closes a database that is still being migrated; the
// next Open takes it up.
func TestCloseEndsBackground(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		const n = 1300
		withTasks(t, s, n)
		d := release3(step1, step2)
		first := make(chan entity.Progress, 100)
		ctx, cancel := context.WithCancel(t.Context())
		ctx = entity.WithOpenOptions(ctx, entity.OpenOptions{Background: true, Progress: func(p entity.Progress) { first <- p }})
		db, err := entity.Open(ctx, unclosed{s}, d)
		if err != nil {
			t.Fatal(err)
		}
		cancel() // is Open's own, and doesn't end what goes on behind the DB
		<-first
		if err := db.Close(t.Context()); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := db.Ready(t.Context()); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("Ready after Close = %v, want nil or that it was cancelled", err)
		}
		var p entity.Progress
		again := entity.WithOpenOptions(t.Context(), entity.OpenOptions{Progress: func(now entity.Progress) {
			if p == (entity.Progress{}) {
				p = now
			}
		}})
		db, err = entity.Open(again, s, d)
		if err != nil {
			t.Fatal(err)
		}
		if p.Index == "" && p.Done <= 512 && p.Total > 0 {
			t.Errorf("the next Open was told %v first, want it to go on after the first 512 rows", p)
		}
		wantTasks(t, db, d, n)
	})
}

// unclosed keeps its engine open.
type unclosed struct{ backend.Store }

func (unclosed) Close(context.Context) error { return nil }

// TestMigrateRefusedRow has a step that can't do with one row.
func TestMigrateRefusedRow(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		const n = 1300
		withTasks(t, s, n)
		odd := errors.New("owner 600 is odd")
		failing := entity.Migrate(1, msgpack.Of[task1](), msgpack.Of[task2](), func(old *task1) (task2, error) {
			if old.Title == "title 600" {
				return task2{}, odd
			}
			return task2{Title: old.Title, By: "mr " + old.Owner}, nil
		})
		_, err := entity.Open(t.Context(), s, release3(failing, step2))
		wantClass(t, "Open", err, backend.ErrInvalid)
		if want := `migrate tasks (600): invalid argument: value of version 1 can't be migrated: owner 600 is odd`; !errors.Is(err, odd) || err.Error() != want {
			t.Errorf("Open = %v, want %s", err, want)
		}
		if v := rowVersions(dumpOf(t, s)); v[1] != n-512 || v[3] != 512 {
			t.Errorf("rows by version: %v, want 512 migrated and no row lost", v)
		}
		rewritten := 0
		counted := faults.Inject(s, func(c faults.Call) error {
			if c.Op == "put" && c.Table == "tasks" {
				rewritten++
			}
			return nil
		})
		d := release3(step1, step2)
		wantTasks(t, open(t, counted, d), d, n)
		if rewritten != n-512 {
			t.Errorf("the next Open wrote %d rows, want the %d that were left", rewritten, n-512)
		}
	})
}

// TestUnfinishedMigration opens a database whose rows are of two versions with
// code that lacks the step for the older.
func TestUnfinishedMigration(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		withTasks(t, s, 1300)
		killedOpen(t, s, 3, release3(step1, step2))
		before := dumpOf(t, s)
		_, err := entity.Open(t.Context(), s, release3())
		wantClass(t, "Open without the steps", err, backend.ErrInvalid)
		if err == nil || !strings.Contains(err.Error(), "with the release that has the step") {
			t.Errorf("the error is %v, want it to say what to do", err)
		}
		wantDump(t, "after the refused Open", s, before)
		d := release3(step1, step2)
		wantTasks(t, open(t, s, d), d, 1300)
	})
}

func TestBadSteps(t *testing.T) {
	m := msgpack.Of[task1]()
	same := func(old *task1) (task1, error) { return *old, nil }
	for _, c := range []struct {
		name  string
		says  string
		steps []entity.Step
	}{
		{"nil", "is nil", []entity.Step{nil}},
		{"version 0", "out of order", []entity.Step{entity.Keep(0)}},
		{"twice", "out of order", []entity.Step{entity.Keep(1), entity.Keep(1)}},
		{"descending", "out of order", []entity.Step{entity.Keep(2), entity.Keep(1)}},
		{"from the store's version", "out of order", []entity.Step{entity.Keep(3)}},
		{"no codec", "has no codec", []entity.Step{entity.Migrate(1, nil, m, same)}},
		{"codecs that don't meet", "reads codec terse, the one before writes msgpack", []entity.Step{entity.Migrate(1, m, m, same), entity.Migrate(2, terse[task1]{}, m, same)}},
		{"another codec than the store's", "the last migration step writes codec terse", []entity.Step{entity.Migrate(1, m, terse[task1]{}, same)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			onEngines(t, func(t *testing.T, s backend.Store) {
				_, err := entity.Open(t.Context(), s, entity.New[keys.Int]("tasks", m).WithMigrations(3, c.steps...))
				wantClass(t, "Open", err, backend.ErrInvalid)
				if err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("the error is %v, want it to say %q", err, c.says)
				}
			})
		})
	}
}

// TestMigrateKeepsRevisions migrates rows with revisions, and ones that were
// written before the store had them.
func TestMigrateKeepsRevisions(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		withTasks(t, s, 3)
		first := release1()
		first.Store = first.WithRevisions()
		db, err := entity.Open(t.Context(), s, first)
		if err != nil {
			t.Fatal(err)
		}
		update(t, db, func(tx *entity.Tx) error { return first.Put(tx, 1, task1{"title 1", "owner1"}) })
		before := revisionsOf(t, db, first.Store)
		if before[0] != 0 || before[1] == 0 || before[2] != 0 {
			t.Fatalf("revisions are %v, want one of row 1 alone", before)
		}
		d := release3(step1, step2)
		d.Store = d.WithRevisions()
		db = open(t, s, d)
		wantTasks(t, db, d, 3)
		after := revisionsOf(t, db, d.Store)
		for key, want := range before {
			if after[key] != want {
				t.Errorf("row %d has revision %d after the migration, want %d as before", key, after[key], want)
			}
		}
		update(t, db, func(tx *entity.Tx) error {
			return d.Swap(tx, 1, before[1], task3{"title 1", []string{"mr", "owner1"}})
		})
	})
}

func revisionsOf[V any](t testing.TB, db *entity.DB, s *entity.Store[keys.Int, V]) map[keys.Int]uint64 {
	t.Helper()
	got := make(map[keys.Int]uint64)
	view(t, db, func(tx *entity.Tx) error {
		for row, err := range s.Scan(tx, keys.All[keys.Int]()) {
			if err != nil {
				return err
			}
			got[row.Key] = row.Revision
		}
		return nil
	})
	return got
}

// TestNextReleaseGoesOn opens a database whose migration to another codec has
// died with a release after that one. It was refused with ErrSchemaNewer, since
// the catalogue names the codec of the new rows, and the first step another.
func TestNextReleaseGoesOn(t *testing.T) {
	onEngines(t, func(t *testing.T, s backend.Store) {
		withTasks(t, s, 1300)
		killedOpen(t, s, 3, release3(step1, step2))
		d := release3()
		d.Store = d.WithMigrations(4, step1, step2, entity.Keep(3))
		wantTasks(t, open(t, s, d), d, 1300)
		if v := rowVersions(dumpOf(t, s)); v[1] != 0 {
			t.Errorf("rows by version: %v, want none of version 1", v)
		}
	})
}
