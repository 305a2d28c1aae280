//go:build !wasm

package entity_test

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/larderdb/larder/backend/bolt"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/entity/codec/cbor"
	"github.com/larderdb/larder/entity/codec/msgpack"
	"github.com/larderdb/larder/keys"
)

// The test binary is its own second process: with LARDER_LAYER_CHILD in its
// environment (a file, a seed, and how many steps were made before) it makes
// the program of that seed on that file, until it is killed.
func TestMain(m *testing.M) {
	if s := os.Getenv("LARDER_LAYER_CHILD"); s != "" {
		var p killProgram
		var path string
		if _, err := fmt.Sscan(s, &p.seed, &p.made, &path); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(p.child(context.Background(), path)) // it ends with an error only
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// A killProgram is a program that a process makes and another one knows: step
// by step it is the same for the same seed. Every eighth step is a release, the
// others are transactions.
type killProgram struct {
	seed uint64
	made int // steps
}

const (
	killEvery = 8
	killRows  = 1600 // so that a release takes several transactions
)

func isRelease(step int) bool { return step%killEvery == 0 }

// releaseOf returns the number of the release that step is made by.
func releaseOf(step int) int { return step / killEvery }

// A killOp puts or deletes rows.
type killOp struct {
	from, to int // keys
	value    User
	delete   bool
}

// ops returns what a step does.
func (p killProgram) ops(step int) (all []killOp) {
	r := rand.New(rand.NewPCG(p.seed, uint64(step)))
	if step == 1 {
		all = append(all, killOp{to: killRows, value: User{Name: "first", Tags: []string{"x"}}})
	}
	for range 1 + r.IntN(5) {
		from := r.IntN(killRows)
		op := killOp{from: from, to: from + 1 + r.IntN(20), delete: r.IntN(3) == 0}
		op.value = User{Name: fmt.Sprint("step ", step), Team: strings.Repeat("t", r.IntN(4)), Age: r.IntN(5)}
		op.value.Tags = []string{"x", "y", "z"}[r.IntN(3):]
		all = append(all, op)
	}
	return all
}

// rows returns the rows after so many steps, as the first release has them.
func (p killProgram) rows(steps int) map[keys.Int]User {
	m := map[keys.Int]User{}
	for step := range steps {
		if isRelease(step) {
			continue
		}
		for _, op := range p.ops(step) {
			for k := op.from; k < op.to; k++ {
				if m[keys.Int(k)] = op.value; op.delete {
					delete(m, keys.Int(k))
				}
			}
		}
	}
	return m
}

// A killStore is a store as one release has it: of users or of citizens, in
// turn, in another codec, and with all of them a year older.
type killStore interface {
	entity.Definition
	do(tx *entity.Tx, op killOp) error
	text(tx *entity.Tx) (map[keys.Int]string, error)
	want(u User) string
}

func killStoreOf(release int) killStore {
	before := uint32(release) // the version of the release before
	switch r := release; {
	case r == 0:
		return killedStore(r, msgpack.Of[User](), func(u *User) User { return *u })
	case r%2 == 0:
		return killedStore(r, msgpack.Of[User](), func(u *User) User { return *u },
			entity.Migrate(before, cbor.Of[Citizen](), msgpack.Of[User](), func(c *Citizen) (User, error) {
				u := userOf(c)
				u.Age++
				return u, nil
			}))
	default:
		return killedStore(r, cbor.Of[Citizen](), citizenOf,
			entity.Migrate(before, msgpack.Of[User](), cbor.Of[Citizen](), func(u *User) (Citizen, error) {
				u.Age++
				return citizenOf(u), nil
			}))
	}
}

type killTable[V any] struct {
	*entity.Store[keys.Int, V]
	release int
	of      func(*User) V
}

func killedStore[V any](release int, codec entity.Codec[V], of func(*User) V, steps ...entity.Step) killStore {
	text := entity.NewIndex("by_text", func(_ keys.Int, v *V) keys.String { return keys.String(fmt.Sprintf("%+v", *v)) })
	indexes := []entity.IndexOf[keys.Int, V]{text}
	if release%3 != 0 { // comes and goes
		indexes = append(indexes, entity.NewUnique("by_key", func(k keys.Int, v *V) keys.T2[keys.Int, keys.String] {
			return keys.T2[keys.Int, keys.String]{A: k, B: keys.String(fmt.Sprintf("%+v", *v))}
		}).WithSchema(uint32(release), ""))
	}
	s := entity.New("rows", codec, indexes...).WithMigrations(uint32(release+1), steps...)
	return &killTable[V]{s, release, of}
}

// stored returns the value that the release stores for a user.
func (k *killTable[V]) stored(u User) V {
	u.Age += k.release
	return k.of(&u)
}

func (k *killTable[V]) want(u User) string { return fmt.Sprintf("%+v", k.stored(u)) }

func (k *killTable[V]) do(tx *entity.Tx, op killOp) error {
	if op.delete {
		_, err := k.DeleteRange(tx, keys.Between(keys.Int(op.from), keys.Int(op.to)))
		return err
	}
	for key := op.from; key < op.to; key++ {
		if err := k.Put(tx, keys.Int(key), k.stored(op.value)); err != nil {
			return err
		}
	}
	return nil
}

func (k *killTable[V]) text(tx *entity.Tx) (map[keys.Int]string, error) {
	all := map[keys.Int]string{}
	for row, err := range k.Scan(tx, keys.All[keys.Int]()) {
		if err != nil {
			return nil, err
		}
		all[row.Key] = fmt.Sprintf("%+v", row.Value)
	}
	return all, nil
}

// child makes steps from p.made on. It says "begin" before each, "moved" after
// each transaction of a migration, and "done" and how many were made when it is
// acknowledged.
func (p killProgram) child(ctx context.Context, path string) error {
	say := func(words ...any) { os.Stdout.WriteString(fmt.Sprintln(words...)) } // one write, so lines stay whole
	s, err := bolt.Open(ctx, path, nil)
	if err != nil {
		return err
	}
	ctx = entity.WithOpenOptions(ctx, entity.OpenOptions{Progress: func(entity.Progress) { say("moved") }})
	var db *entity.DB
	var d killStore
	for step := p.made; ; step++ {
		if isRelease(step) || db == nil {
			d = killStoreOf(releaseOf(step))
			say("begin")
			if db, err = entity.Open(ctx, s, d); err != nil {
				return err
			}
		}
		if !isRelease(step) {
			say("begin")
			err := db.Update(ctx, func(_ context.Context, tx *entity.Tx) error {
				for _, op := range p.ops(step) {
					if err := d.do(tx, op); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		say("done", step+1)
	}
}

// TestLayerKilled kills a process in the middle of transactions and of
// releases, and opens its file: the rows are those of all steps that it said
// were done, and of no others but the whole of the one that it was at. The next
// process goes on from there.
//
// LARDER_MODEL makes it go on as long as it says; see TestLayer.
func TestLayerKilled(t *testing.T) {
	long := modelTime(t)
	p := &killProgram{seed: rand.Uint64()}
	t.Logf("seed %d", p.seed)
	t.Run("B27 D7 a killed process leaves whole commits, and what it said", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "db")
		unfinished := 0
		for began, round := time.Now(), 0; (round < 8 || time.Since(began) < long) && !t.Failed(); round++ {
			if round%2 == 0 {
				p.kill(t, path, "moved", rand.IntN(10))
			} else {
				p.kill(t, path, "begin", rand.IntN(25))
			}
			if p.reopen(t, path) {
				unfinished++
			}
		}
		t.Logf("%d steps, a migration was finished %d times", p.made, unfinished)
	})
}

// kill has a process go on with the program, kills it when it has said a word
// once more than so many times, and notes what it said it had made.
func (p *killProgram) kill(t *testing.T, path, at string, times int) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), fmt.Sprint("LARDER_LAYER_CHILD=", p.seed, " ", p.made, " ", path))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewScanner(out)
	for n := 0; said.Scan(); { // also what it still said when it was killed
		word, number, _ := strings.Cut(said.Text(), " ")
		switch word {
		case "begin", "moved":
		case "done":
			if p.made, err = strconv.Atoi(number); err != nil {
				t.Fatal(err)
			}
		default:
			t.Errorf("the process says %q", said.Text())
		}
		if word != at {
			continue
		}
		if n++; n == times+1 {
			if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
		t.Fatalf("the process ended with %v, want that it was killed", err)
	}
}

// reopen opens the file, compares it with the steps that were made, and the one
// that may have been, and reports whether it finished a migration.
func (p *killProgram) reopen(t *testing.T, path string) (finished bool) {
	t.Helper()
	s, err := bolt.Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	d := killStoreOf(releaseOf(p.made))
	changes, err := entity.DryRun(t.Context(), s, d)
	if err != nil {
		t.Fatalf("DryRun: %v", err)
	}
	begun := !slices.ContainsFunc(changes, func(c entity.Change) bool { return c.Kind == entity.NewVersion || c.Kind == entity.NewStore })
	moved := func(entity.Progress) { finished = begun }
	db, err := entity.Open(entity.WithOpenOptions(t.Context(), entity.OpenOptions{Progress: moved}), s, d)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	defer func() {
		if err := db.Close(t.Context()); err != nil {
			t.Errorf("Close: %v", err)
		}
	}()
	if err := entity.Verify(t.Context(), db); err != nil {
		t.Errorf("Verify: %v", err)
	}
	var got map[keys.Int]string
	view(t, db, func(tx *entity.Tx) (err error) {
		got, err = d.text(tx)
		return err
	})
	next := p.made + 1
	if isRelease(p.made) {
		p.made = next // Open has made it
	}
	for ; p.made <= next; p.made++ {
		want := map[keys.Int]string{}
		for k, u := range p.rows(p.made) {
			want[k] = d.want(u)
		}
		if maps.Equal(got, want) {
			return finished
		}
	}
	t.Errorf("the %d rows are neither those after %d steps nor after one more", len(got), next-1)
	return finished
}
