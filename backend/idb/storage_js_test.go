//go:build js && wasm

package idb_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall/js"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/idb"
)

// openWith opens a store with options that is closed when the test ends.
func openWith(t *testing.T, name string, opts *idb.Options) *idb.Store {
	t.Helper()
	s, err := idb.Open(testContext(t), name, opts)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { closeStore(t, s) })
	return s
}

// putRows commits n pairs of about 1,000 bytes, whose values begin with word.
func putRows(t *testing.T, s backend.Store, n int, word string) {
	t.Helper()
	var pairs []string
	for i := range n {
		pairs = append(pairs, rowKey(i), word+strings.Repeat("x", 1000))
	}
	put(t, s, pairs...)
}

func rowKey(i int) string { return fmt.Sprintf("%04d", i) }

// rows says what words the values of a View's rows begin with, and how many
// there are of each, in order.
func rows(tx backend.ReadTx) (string, error) {
	out, last, n := "", "", 0
	for kv, err := range tx.Scan("t", backend.Range{}) {
		if err != nil {
			return out, err
		}
		word, _, _ := strings.Cut(string(kv.Value), "x")
		if word != last && n > 0 {
			out, n = out+fmt.Sprintf("%s:%d ", last, n), 0
		}
		last = word
		n++
	}
	return out + fmt.Sprintf("%s:%d", last, n), nil
}

func wantRows(t *testing.T, s backend.Store, want string) {
	t.Helper()
	err := s.View(testContext(t), func(_ context.Context, tx backend.ReadTx) error {
		got, err := rows(tx)
		if err == nil && got != want {
			t.Errorf("the store holds the rows %s, want %s", got, want)
		}
		return err
	})
	if err != nil {
		t.Errorf("View: %v", err)
	}
}

// pagesOf returns the ids of all pages of a kind, ascending.
func (r rawDB) pagesOf(kind byte) (ids []float64) {
	r.t.Helper()
	keys, pages := r.do("pages", "getAllKeys"), r.do("pages", "getAll")
	for i := range keys.Length() {
		if pages.Index(i).Index(0).Int() == int(kind) {
			ids = append(ids, keys.Index(i).Float())
		}
	}
	return ids
}

// damage flips a bit of a record.
func (r rawDB) damage(store string, key any) {
	r.t.Helper()
	r.do(store, "put", jsBytes(damaged(bytesOf(r.do(store, "get", key)))), key)
}

// Every kind of record is verified, and the damage names it.
func TestVerifyFindsEveryKindOfDamage(t *testing.T) {
	for _, c := range []struct {
		name, want string
		harm       func(raw rawDB)
		openHeals  bool // what a store that is opened finds it repairs
	}{
		{"root", "root record", func(raw rawDB) { raw.damage("root", 0) }, true},
		{"copy of the root", "copy of the root record", func(raw rawDB) { raw.damage("root", 1) }, false},
		{"janitor's record", "janitor's record", func(raw rawDB) { raw.damage("root", 2) }, false},
		{"head", "head page", func(raw rawDB) { raw.damage(raw.place("head")) }, true},
		{"copy of the head", "head page", func(raw rawDB) { raw.damage(raw.place("copy of the head")) }, false},
		{"leaf", "leaf", func(raw rawDB) { raw.damage("pages", raw.pagesOf('P')[3]) }, false},
		{"inner node", "inner node", func(raw rawDB) { nodes := raw.pagesOf('N'); raw.damage("pages", nodes[len(nodes)-1]) }, false},
		{"value", "value page", func(raw rawDB) { raw.damage("pages", raw.pagesOf('V')[0]) }, false},
		{"garbage", "garbage page", func(raw rawDB) { raw.damage("pages", raw.pagesOf('G')[0]) }, false},
		{"missing leaf", "is missing", func(raw rawDB) { raw.do("pages", "delete", raw.pagesOf('P')[3]) }, false},
		{"missing janitor's record", "", func(raw rawDB) { raw.do("root", "delete", 2) }, false},
		{"no bytes", "", func(raw rawDB) {}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := newName(t)
			s, raw := open(t, name), openRaw(t, name)
			defer raw.close()
			putRows(t, s, 1500, "a")
			raw.awaitCheckpoint(0)
			number, _ := raw.checkpoint()
			put(t, s, "big", strings.Repeat("v", 1<<20), "big2", strings.Repeat("w", 1<<20))
			raw.awaitCheckpoint(number)
			put(t, s, "last", "1")
			closeStore(t, s)
			if !c.openHeals {
				c.harm(raw)
			}
			s = open(t, name)
			if c.openHeals {
				c.harm(raw)
			}
			damage, err := backend.Verify(testContext(t), s)
			if err != nil {
				t.Fatalf("Verify: %v", err)
			}
			if c.want == "" {
				if len(damage) != 0 {
					t.Errorf("Verify = %v, want no damage", damage)
				}
				return
			}
			if len(damage) != 1 || damage[0].Class != backend.ErrCorrupt || damage[0].Op != "verify" || !strings.Contains(damage[0].Error(), c.want) {
				t.Errorf("Verify = %v, want one ErrCorrupt with %q", damage, c.want)
			}
		})
	}
}

// A damaged log record is among what Verify finds, and so is everything else.
func TestVerifyOfADamagedLog(t *testing.T) {
	name := newName(t)
	s, raw := open(t, name), openRaw(t, name)
	defer raw.close()
	for i := range 4 {
		put(t, s, fmt.Sprint(i+1), "v")
	}
	closeStore(t, s)
	raw.damage("log", 2)
	raw.damage("root", 1)
	s = open(t, name)
	damage, err := backend.Verify(testContext(t), s)
	if err != nil || len(damage) != 2 || !strings.Contains(damage[0].Error(), "copy of the root") || !strings.Contains(damage[1].Error(), "log record 2") {
		t.Errorf("Verify = %v, %v, want the root's copy and log record 2", damage, err)
	}
}

// A damaged leaf takes its own pairs with it and no others.
func TestDamagedLeaf(t *testing.T) {
	name := newName(t)
	s, raw := open(t, name), openRaw(t, name)
	defer raw.close()
	putRows(t, s, 1500, "a")
	raw.awaitCheckpoint(0)
	closeStore(t, s)
	page := raw.pagesOf('P')[3]
	raw.damage("pages", page)
	s = open(t, name)
	lost, first := 0, ""
	err := s.View(testContext(t), func(_ context.Context, tx backend.ReadTx) error {
		for i := range 1500 {
			v, err := tx.Get("t", []byte(rowKey(i)))
			switch {
			case err == nil && string(v) == "a"+strings.Repeat("x", 1000):
			case errors.Is(err, backend.ErrCorrupt):
				if lost++; first == "" {
					first = rowKey(i)
				}
				var e *backend.Error
				if !errors.As(err, &e) || e.Table != "t" || string(e.Key) > first || len(e.Key) == 0 ||
					!strings.Contains(err.Error(), fmt.Sprintf("leaf %.0f checksum doesn't match", page)) {
					return fmt.Errorf("Get = %w, want that leaf %.0f of t is damaged, up from %s at most", err, page, first)
				}
			default:
				return fmt.Errorf("Get(%d) = %d bytes, %w", i, len(v), err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if lost == 0 || lost > 64 {
		t.Errorf("%d rows are lost with a leaf, want a few", lost)
	}
	put(t, s, "after", "1") // the log is sound
	if first == "" {
		return
	}
	// A checkpoint that would have to read the leaf can't be made.
	big := strings.Repeat("y", 1<<20)
	var harm error
	for range 50 {
		if harm = tryPut(testContext(t), s, first, big); harm != nil {
			break
		}
		giveTurn()
	}
	if !errors.Is(harm, backend.ErrCorrupt) || !strings.Contains(harm.Error(), fmt.Sprintf("%.0f", page)) {
		t.Errorf("an Update after the checkpoint that met the damage = %v, want ErrCorrupt that names the leaf", harm)
	}
	status, err := backend.StatusOf(testContext(t), s)
	if err != nil || !errors.Is(status.Damage, backend.ErrCorrupt) {
		t.Errorf("Status = %+v, %v, want the damage", status, err)
	}
	wantState := func(key, want string) {
		t.Helper()
		err := s.View(testContext(t), func(_ context.Context, tx backend.ReadTx) error {
			v, err := tx.Get("t", []byte(key))
			if err == nil && !strings.HasPrefix(string(v), want) {
				t.Errorf("%s is %.10s, want %s", key, v, want)
			}
			return err
		})
		if err != nil {
			t.Errorf("View: %v", err)
		}
	}
	wantState(first, "y")
	wantState(rowKey(1499), "a")
	// All that is sound is handed out.
	closeStore(t, s)
	found := 0
	damage, err := idb.Salvage(testContext(t), name, func(table string, kv backend.KV) error {
		if table == "t" && len(kv.Value) > 1000 {
			found++
		}
		return nil
	})
	if err != nil || len(damage) != 1 || !strings.Contains(damage[0].Error(), fmt.Sprintf("%.0f", page)) {
		t.Errorf("Salvage = %v, %v, want the damaged leaf", damage, err)
	}
	if want := 1500 - lost + 1; found != want {
		t.Errorf("Salvage found %d rows, want %d", found, want)
	}
}

func TestSalvage(t *testing.T) {
	name := newName(t)
	if _, err := idb.Salvage(testContext(t), name, nil); !errors.Is(err, backend.ErrDeleted) {
		t.Errorf("Salvage of a database that is missing = %v, want ErrDeleted", err)
	}
	s, raw := open(t, name), openRaw(t, name)
	defer raw.close()
	putRows(t, s, 1200, "a")
	raw.awaitCheckpoint(0)
	put(t, s, "b", "from the log")
	closeStore(t, s)
	raw.do("root", "clear")
	if _, err := idb.Open(testContext(t), name, nil); !errors.Is(err, backend.ErrCorrupt) {
		t.Errorf("Open without roots = %v, want ErrCorrupt", err)
	}
	n, b := 0, ""
	collect := func(_ string, kv backend.KV) error {
		if n++; string(kv.Key) == "b" {
			b = string(kv.Value)
		}
		return nil
	}
	damage, err := idb.Salvage(testContext(t), name, collect)
	if err != nil || len(damage) != 2 || n != 1201 || b != "from the log" {
		t.Errorf("Salvage found %d pairs, b=%s, %v, %v, want 1201, all that there was, and two damages", n, b, damage, err)
	}
	stop := errors.New("stop")
	n = 0
	_, err = idb.Salvage(testContext(t), name, func(string, backend.KV) error { n++; return stop })
	if err != stop || n != 1 {
		t.Errorf("Salvage with an fn that fails = %v after %d pairs, want its error after 1", err, n)
	}
	raw.close() // so that it can be deleted
}

// A View reads its snapshot while others make checkpoints and delete what they
// replaced, or learns that it is too old; and a Store that slept meanwhile
// catches up.
func TestOldSnapshotOverTwoCheckpoints(t *testing.T) {
	for _, held := range []bool{true, false} {
		t.Run(fmt.Sprintf("held %v", held), func(t *testing.T) {
			name := newName(t)
			if !held {
				withoutGlobal(t, "BroadcastChannel")
				withoutGlobal(t, "navigator")
			}
			opts := idb.Restless(200_000)
			first := openWith(t, name, opts)
			raw := openRaw(t, name)
			defer raw.close()
			putRows(t, first, 1500, "a")
			raw.awaitCheckpoint(0)
			closeStore(t, first)
			reader, writer := openWith(t, name, opts), openWith(t, name, opts)
			err := reader.View(testContext(t), func(_ context.Context, tx backend.ReadTx) error {
				if _, err := tx.Get("t", []byte(rowKey(3))); err != nil {
					return err
				}
				for _, word := range []string{"b", "c"} {
					number, _ := raw.checkpoint()
					putRows(t, writer, 1500, word)
					raw.awaitCheckpoint(number)
				}
				got, err := rows(tx)
				if err == nil && got != "a:1500" {
					t.Errorf("the old View reads %s, want a:1500", got)
				}
				return err
			})
			if held && err != nil || err != nil && (!errors.Is(err, backend.ErrConflict) || !strings.Contains(err.Error(), "the snapshot is too old")) {
				t.Errorf("the old View = %v, want nil or, where nobody knows of it, ErrConflict", err)
			}
			// An Update that began before runs again.
			runs := 0
			err = reader.Update(testContext(t), func(_ context.Context, tx backend.WriteTx) error {
				runs++
				got, err := rows(tx)
				if err == nil && got != "c:1500" {
					t.Errorf("the Update reads %s, want c:1500", got)
				}
				if err != nil {
					return err
				}
				return tx.Put("t", []byte(rowKey(0)), []byte("d"))
			})
			if err != nil || runs > 3 {
				t.Errorf("Update = %v after %d runs", err, runs)
			}
			wantRows(t, reader, "d:1 c:1499")
		})
	}
}

// What is committed while a checkpoint is made is neither lost nor doubled.
func TestCommitsDuringCheckpoints(t *testing.T) {
	name := newName(t)
	s, other := openWith(t, name, idb.Restless(100_000)), openWith(t, name, idb.Restless(100_000))
	const n = 60
	done := make(chan error, 2)
	for i, s := range []backend.Store{s, other} {
		go func() {
			for j := range n {
				err := tryPut(testContext(t), s, fmt.Sprintf("%d-%03d", i, j), strings.Repeat("x", 20_000))
				if err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Errorf("Update: %v", err)
		}
	}
	for _, s := range []*idb.Store{s, other, openWith(t, name, idb.Restless(100_000))} {
		err := s.View(fresh(t), func(_ context.Context, tx backend.ReadTx) error {
			count, err := backend.Count(tx, "t", backend.Range{})
			if err == nil && (count != 2*n || tx.ReadVersion() != 2*n) {
				t.Errorf("there are %d pairs at commit %d, want %d at %d", count, tx.ReadVersion(), 2*n, 2*n)
			}
			return err
		})
		if err != nil {
			t.Errorf("View: %v", err)
		}
		if damage, err := backend.Verify(testContext(t), s); err != nil || len(damage) > 0 {
			t.Errorf("Verify = %v, %v", damage, err)
		}
	}
	status, err := backend.StatusOf(testContext(t), s)
	if err != nil || status.Pending > 4*100_000+2*20_100 || status.Stored < 2*n*20_000 || status.Cached > 1<<20 {
		t.Errorf("Status = %+v, %v, want little pending, %d bytes stored and at most 1 MiB of them in memory", status, err, 2*n*20_000)
	}
}

// Opening reads each table's first page and no other, however many there are, and
// a Cached View of what was not read yet reads nothing.
func TestOpenReadsFirstPagesOnly(t *testing.T) {
	name := newName(t)
	s, raw := open(t, name), openRaw(t, name)
	defer raw.close()
	err := s.Update(testContext(t), func(_ context.Context, tx backend.WriteTx) error {
		return tx.Put("small", []byte("k"), []byte("v"))
	})
	if err != nil {
		t.Fatal(err)
	}
	putRows(t, s, 3000, "a")
	raw.awaitCheckpoint(0)
	closeStore(t, s)
	for _, page := range raw.pagesOf('P') {
		if b := bytesOf(raw.do("pages", "get", page)); !bytes.Contains(b, []byte("small")) {
			raw.do("pages", "put", jsBytes([]byte("not looked at")), page)
		}
	}
	s = open(t, name)
	cached := backend.WithTxOptions(testContext(t), backend.TxOptions{Cached: true})
	err = s.View(cached, func(_ context.Context, tx backend.ReadTx) error {
		if v, err := tx.Get("small", []byte("k")); err != nil || string(v) != "v" {
			t.Errorf("Get from a table of one page = %q, %v; want v", v, err)
		}
		if _, err := tx.Get("t", []byte(rowKey(7))); !errors.Is(err, backend.ErrNotInMemory) {
			t.Errorf("Get = %v, want ErrNotInMemory", err)
		}
		return nil
	})
	if err != nil {
		t.Errorf("View: %v", err)
	}
	status, err := backend.StatusOf(testContext(t), s)
	if err != nil || status.Cached == 0 || status.Cached > 2*30_000 {
		t.Errorf("Status = %+v, %v, want two pages in memory", status, err)
	}
}

// Misses of one turn go out together, and of one page only once.
func TestMissesShareRequests(t *testing.T) {
	name := newName(t)
	s, raw := open(t, name), openRaw(t, name)
	defer raw.close()
	putRows(t, s, 3000, "a")
	raw.awaitCheckpoint(0)
	closeStore(t, s)
	s = open(t, name)
	transactions := 0
	intercept(t, "IDBDatabase", "transaction", func(js.Value, []js.Value) { transactions++ })
	const n = 40
	done := make(chan error, n)
	for i := range n {
		go func() {
			done <- s.View(testContext(t), func(_ context.Context, tx backend.ReadTx) error {
				_, err := tx.Get("t", []byte(rowKey(i*2999/n)))
				return err
			})
		}()
	}
	for range n {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	// One for each level of the tree: it is the same turn each time.
	if transactions > 3 {
		t.Errorf("%d gets of different pages at once took %d transactions, want one for each level of the tree", n, transactions)
	}
}
