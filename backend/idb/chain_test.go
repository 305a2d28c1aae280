package idb

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/mvcc"
	"pgregory.net/rapid"
)

// The chain is tested from inside: here is a log that several contexts share.

// A sharedLog is the log of a database.
type sharedLog struct{ commits [][]byte }

// A caller is a context with its chain.
type caller struct {
	t     testing.TB
	log   *sharedLog
	chain chain
	seen  int // commits of the log that the chain stands on
}

func newCaller(t testing.TB, log *sharedLog) *caller {
	return &caller{t: t, log: log, chain: chain{base: new(mvcc.Snapshot)}}
}

// A program is a closure, with how often it has run.
type program struct {
	fn   func(tx *mvcc.WriteTx) error
	runs int
	d    backend.Durability
}

// start runs p's closure up to its end, which finish makes it join at.
func (c *caller) start(p *program) (*run, *mvcc.WriteTx, error) {
	p.runs++
	r := c.chain.begin()
	tx := r.snap.Write(context.Background())
	tx.Record()
	err := p.fn(tx)
	tx.End()
	return r, tx, err
}

// update runs p and appends the member that it leads to.
func (c *caller) update(p *program) *member {
	c.t.Helper()
	for range 100 {
		r, tx, err := c.start(p)
		m := newMember(tx, err == nil, p.d)
		if c.chain.join(r, m, tx) {
			return m
		}
	}
	c.t.Fatal("a closure ran a hundred times")
	return nil
}

// catchUp puts the chain on all of the log and returns who has to run again.
func (c *caller) catchUp() []*member {
	c.t.Helper()
	var changes []change
	snap := c.chain.base
	for _, b := range c.log.commits[c.seen:] {
		ops, err := decodeOps(bytes.Clone(b))
		if err != nil {
			c.t.Fatal(err)
		}
		number := snap.Version() + 1
		if snap, err = snap.Apply(number, ops); err != nil {
			c.t.Fatal(err)
		}
		changes = append(changes, change{number, ops})
	}
	c.seen = len(c.log.commits)
	return c.chain.advance(snap, changes)
}

// store appends the first n members to the log, or reports that others were
// faster.
func (c *caller) store(n int) bool {
	if c.seen != len(c.log.commits) {
		return false
	}
	for _, m := range c.chain.members[:n] {
		if m.ops != nil {
			c.log.commits = append(c.log.commits, bytes.Clone(m.ops))
		}
	}
	c.seen = len(c.log.commits)
	c.chain.stored(n)
	return true
}

// content returns what the log holds.
func (l *sharedLog) content(t testing.TB) string {
	c := newCaller(t, l)
	c.catchUp()
	return content(t, c.chain.base)
}

func content(t testing.TB, s *mvcc.Snapshot) string {
	tx := s.Read(context.Background())
	tables, err := tx.Tables()
	if err != nil {
		t.Fatal(err)
	}
	out := fmt.Sprint(s.Version())
	for _, table := range tables {
		for kv, err := range tx.Scan(table, backend.Range{}) {
			if err != nil {
				t.Fatal(err)
			}
			out += fmt.Sprintf(" %s/%q=%q", table, kv.Key, kv.Value)
		}
	}
	return out
}

func putting(key, value string, stamps ...backend.Stamp) *program {
	return &program{fn: func(tx *mvcc.WriteTx) error { return tx.Put("t", []byte(key), []byte(value), stamps...) }}
}

// copying reads from and writes what it has read to another key.
func copying(from, to string) *program {
	return &program{fn: func(tx *mvcc.WriteTx) error {
		b, err := tx.Get("t", []byte(from))
		if err != nil && !backend.IsNotFound(err) {
			return err
		}
		return tx.Put("t", []byte(to), append([]byte("copy of "), b...))
	}}
}

func wantRuns(t *testing.T, what string, p *program, want int) {
	t.Helper()
	if p.runs != want {
		t.Errorf("%s ran %d times, want %d", what, p.runs, want)
	}
}

func TestUnrelatedCommitsRunNothingAgain(t *testing.T) {
	log := &sharedLog{}
	here, there := newCaller(t, log), newCaller(t, log)
	a, b := putting("a", "1"), copying("b", "c")
	here.update(a)
	here.update(b)
	there.update(putting("x", "9"))
	there.store(1)
	if here.store(2) {
		t.Fatal("a group was stored before what others had committed")
	}
	if again := here.catchUp(); len(again) > 0 {
		t.Errorf("%d members run again, want none", len(again))
	}
	here.store(2)
	wantRuns(t, "a blind put", a, 1)
	wantRuns(t, "a copy of an unrelated key", b, 1)
	if got, want := log.content(t), `3 t/"a"="1" t/"c"="copy of " t/"x"="9"`; got != want {
		t.Errorf("the log holds %s, want %s", got, want)
	}
	if got := content(t, here.chain.base); got != log.content(t) {
		t.Errorf("the context holds %s, want what the log does", got)
	}
}

// The first member that has read what others changed runs again, with all that
// may have read what it wrote; those before it don't.
func TestConflictInTheMiddleOfAGroup(t *testing.T) {
	log := &sharedLog{}
	here, there := newCaller(t, log), newCaller(t, log)
	programs := []*program{putting("a", "1"), copying("x", "b"), copying("b", "c"), putting("d", "4")}
	var members []*member
	for _, p := range programs {
		members = append(members, here.update(p))
	}
	there.update(putting("x", "9"))
	there.store(1)
	again := here.catchUp()
	if !slices.Equal(again, members[1:]) {
		t.Errorf("%d members run again, want the last 3", len(again))
	}
	for _, p := range programs[1:] {
		here.update(p)
	}
	here.store(4)
	wantRuns(t, "the member before the conflict", programs[0], 1)
	if got, want := log.content(t), `5 t/"a"="1" t/"b"="copy of 9" t/"c"="copy of copy of 9" t/"d"="4" t/"x"="9"`; got != want {
		t.Errorf("the log holds %s, want %s", got, want)
	}
}

// What an Update without writes has read is looked at like the others'. It
// takes nobody along.
func TestReadersInAGroup(t *testing.T) {
	log := &sharedLog{}
	here, there := newCaller(t, log), newCaller(t, log)
	read := func(key string) *program {
		return &program{fn: func(tx *mvcc.WriteTx) error {
			_, err := tx.Get("t", []byte(key))
			return err
		}}
	}
	here.update(putting("a", "1"))
	here.update(read("a"))
	stale := here.update(read("x"))
	after := putting("b", "2")
	here.update(after)
	there.update(putting("x", "9"))
	there.store(1)
	if again := here.catchUp(); len(again) != 1 || again[0] != stale {
		t.Errorf("%d members run again, want the one that has read x", len(again))
	}
	if len(here.chain.members) != 3 || after.runs != 1 {
		t.Errorf("%d members are left, and the last ran %d times, want 3 and 1", len(here.chain.members), after.runs)
	}
}

// Members get new numbers, and so do their stamps; who has read the old ones
// runs again.
func TestStampsAfterOthersCommitted(t *testing.T) {
	number := func(n uint64) string { return fmt.Sprintf("%q", binary.BigEndian.AppendUint64(nil, n)) }
	log := &sharedLog{}
	here, there := newCaller(t, log), newCaller(t, log)
	stamped := putting("a", "________", backend.Stamp{})
	keyed := putting("k________", "1", backend.Stamp{InKey: true, Offset: 1})
	here.update(stamped)
	here.update(keyed)
	reader, other := copying("a", "b"), putting("c", "3")
	saw := here.update(reader)
	there.update(putting("x", "9"))
	there.store(1)
	again := here.catchUp()
	if len(again) != 1 || again[0] != saw {
		t.Fatalf("%d members run again, want the one that has read the stamp", len(again))
	}
	here.update(reader)
	here.update(other)
	here.store(len(here.chain.members))
	wantRuns(t, "the stamped put", stamped, 1)
	wantRuns(t, "the put with a stamped key", keyed, 1)
	copied := fmt.Sprintf("%q", append([]byte("copy of "), binary.BigEndian.AppendUint64(nil, 2)...))
	want := `5 t/"a"=` + number(2) + ` t/"b"=` + copied + ` t/"c"="3" t/` +
		fmt.Sprintf("%q", append([]byte("k"), binary.BigEndian.AppendUint64(nil, 3)...)) + `="1" t/"x"="9"`
	if got := log.content(t); got != want {
		t.Errorf("the log holds %s, want %s", got, want)
	}
	if got := content(t, here.chain.base); got != want {
		t.Errorf("the context holds %s, want %s", got, want)
	}
}

// A closure that is running while others' commits come below it runs again only
// if it has read what they changed, and always when its snapshot held what was
// never stored.
func TestRunningClosures(t *testing.T) {
	for _, c := range []struct {
		name  string
		first *program // it's on its way while the closure runs
		p     *program
		lost  bool // the first one's commit fails
		joins bool
	}{
		{"unrelated", putting("a", "1"), copying("b", "c"), false, true},
		{"related", putting("a", "1"), copying("x", "c"), false, false},
		{"what it may have read fails", putting("a", "1"), putting("b", "2"), true, false},
		{"what it may have read runs again", copying("x", "a"), putting("b", "2"), false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			log := &sharedLog{}
			here, there := newCaller(t, log), newCaller(t, log)
			here.update(c.first)
			r, tx, err := here.start(c.p)
			if err != nil {
				t.Fatal(err)
			}
			if c.lost {
				here.chain.cut(0)
			} else {
				there.update(putting("x", "9"))
				there.store(1)
				here.catchUp()
			}
			if joined := here.chain.join(r, newMember(tx, true, 0), tx); joined != c.joins {
				t.Errorf("the closure's member joins: %v, want %v", joined, c.joins)
			}
		})
	}
}

// A base that moves changes nothing.
func TestChainsMoveToAnotherBase(t *testing.T) {
	log := &sharedLog{}
	c := newCaller(t, log)
	first := putting("a", "________", backend.Stamp{})
	c.update(first)
	r, tx, err := c.start(copying("a", "b"))
	if err != nil {
		t.Fatal(err)
	}
	if again := c.chain.advance(new(mvcc.Snapshot), nil); len(again) > 0 {
		t.Errorf("%d members run again, want none", len(again))
	}
	if !c.chain.join(r, newMember(tx, true, 0), tx) {
		t.Error("the closure runs again")
	}
	c.store(2)
	if got, want := content(t, c.chain.base), log.content(t); got != want {
		t.Errorf("the context holds %s, want %s", got, want)
	}
}

// Members that are acknowledged before they are stored are visible, and none
// before those that stand before them.
func TestShownMembers(t *testing.T) {
	c := newCaller(t, &sharedLog{})
	async := func(key string) *program { p := putting(key, ""); p.d = backend.Async; return p }
	c.update(async("a"))
	c.update(putting("b", ""))
	c.update(async("c"))
	wantVisible := func(version uint64, told int) {
		t.Helper()
		if got := len(c.chain.show()); got != told {
			t.Errorf("%d members are acknowledged, want %d", got, told)
		}
		if got := c.chain.visible().Version(); got != version {
			t.Errorf("the visible snapshot is at %d, want %d", got, version)
		}
	}
	wantVisible(1, 1)
	wantVisible(1, 0)
	c.store(2)
	wantVisible(3, 1)
	if gone := c.chain.cut(0); len(gone) != 1 {
		t.Errorf("%d members are lost, want 1", len(gone))
	}
	wantVisible(2, 0)
}

func TestGroupsAreBounded(t *testing.T) {
	big := make([]byte, maxRecord/2+1)
	c := chain{members: []*member{{ops: big}, {}, {ops: big}, {ops: big}}}
	for want := 2; len(c.members) > 0; want = 1 {
		if got := c.group(10); got != want {
			t.Errorf("a group has %d members, want %d", got, want)
		}
		c.members = c.members[want:]
	}
	c.members = []*member{{}, {}, {}}
	if got := c.group(2); got != 2 {
		t.Errorf("a group of at most 2 members has %d", got)
	}
}

// Any interleaving of contexts acts as if each Update had run alone, in the
// order of the commits: what a closure has read is what the log held before
// its commit.
func TestChainsAreSerializable(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		log := &sharedLog{}
		var callers []*caller
		for range rapid.IntRange(1, 3).Draw(rt, "contexts") {
			callers = append(callers, newCaller(t, log))
		}
		keys := rapid.SampledFrom([]string{"a", "b", "c", "d"})
		type update struct {
			p *program
			m *member
		}
		pending := make([][]*update, len(callers))
		total := 0
		// Each closure writes down what it has read, so that the log can be
		// replayed and compared.
		begin := func(i int) {
			id := total
			total++
			from, to := keys.Draw(rt, "from"), keys.Draw(rt, "to")
			scan, stamp, drop := rapid.IntRange(0, 4).Draw(rt, "scan") == 0, rapid.Bool().Draw(rt, "stamp"), rapid.IntRange(0, 9).Draw(rt, "drop") == 0
			p := &program{fn: func(tx *mvcc.WriteTx) error {
				saw := ""
				if scan {
					for kv, err := range tx.Scan("t", backend.Range{Start: []byte(from)}) {
						if err != nil && !backend.IsNotFound(err) {
							return err
						}
						saw += fmt.Sprintf("%s=%x ", kv.Key, kv.Value)
					}
				} else if b, err := tx.Get("t", []byte(from)); err == nil {
					saw = fmt.Sprintf("%x", b)
				} else if !backend.IsNotFound(err) {
					return err
				}
				if drop {
					if err := tx.DropTable("t"); err != nil && !backend.IsNotFound(err) {
						return err
					}
				} else if stamp {
					if err := tx.Put("t", []byte(to), fmt.Appendf(make([]byte, 8), "%d", id), backend.Stamp{}); err != nil {
						return err
					}
				} else if err := tx.Put("t", []byte(to), fmt.Appendf(nil, "%d", id)); err != nil {
					return err
				}
				return tx.Put("saw", fmt.Appendf(nil, "%06d", id), fmt.Appendf(nil, "%v %s %s", scan, from, saw))
			}}
			pending[i] = append(pending[i], &update{p: p, m: callers[i].update(p)})
		}
		rerun := func(i int, again []*member) {
			for _, u := range pending[i] {
				if slices.Contains(again, u.m) {
					u.m = callers[i].update(u.p)
				}
			}
		}
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			i := rapid.IntRange(0, len(callers)-1).Draw(rt, "context")
			c := callers[i]
			switch rapid.SampledFrom([]string{"update", "update", "store", "catch up", "fail"}).Draw(rt, "step") {
			case "update":
				begin(i)
			case "catch up":
				rerun(i, c.catchUp())
			case "store":
				for n := c.chain.group(rapid.IntRange(1, 5).Draw(rt, "members")); !c.store(min(n, len(c.chain.members))); {
					rerun(i, c.catchUp())
				}
			case "fail":
				if n := len(c.chain.members); n > 0 {
					gone := c.chain.cut(rapid.IntRange(0, n-1).Draw(rt, "member"))
					pending[i] = slices.DeleteFunc(pending[i], func(u *update) bool { return u.m == gone[0] })
					rerun(i, gone[1:])
				}
			}
		}
		if err := replay(log); err != nil {
			rt.Fatal(err)
		}
		for i, c := range callers {
			rerun(i, c.catchUp())
			c.store(len(c.chain.members))
			if got, want := content(t, c.chain.base), log.content(t); got != want {
				rt.Fatalf("context %d holds %s, want %s", i, got, want)
			}
		}
		if err := replay(log); err != nil {
			rt.Fatal(err)
		}
	})
}

// replay applies the log and returns an error when a commit has written down
// that it has read anything but what was there.
func replay(log *sharedLog) error {
	snap := new(mvcc.Snapshot)
	for i, b := range log.commits {
		ops, err := decodeOps(bytes.Clone(b))
		if err != nil {
			return err
		}
		for _, op := range ops {
			if op.Table != "saw" {
				continue
			}
			kind, rest, _ := strings.Cut(string(op.Pair.Value()), " ")
			from, saw, _ := strings.Cut(rest, " ")
			tx := snap.Read(context.Background())
			want := ""
			if kind == "true" {
				for kv, err := range tx.Scan("t", backend.Range{Start: []byte(from)}) {
					if err != nil {
						break
					}
					want += fmt.Sprintf("%s=%x ", kv.Key, kv.Value)
				}
				// A missing table yields its error once.
				if _, err := tx.Get("t", []byte("a")); errors.Is(err, backend.ErrTableNotFound) {
					want = "= "
				}
			} else if b, err := tx.Get("t", []byte(from)); err == nil {
				want = fmt.Sprintf("%x", b)
			}
			if saw != want {
				return fmt.Errorf("commit %d has read %q from %s, where %q was", i+1, saw, from, want)
			}
		}
		if snap, err = snap.Apply(snap.Version()+1, ops); err != nil {
			return err
		}
	}
	return nil
}
