//go:build js && wasm

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"syscall/js"
	"time"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/idb"
)

// smallCache makes checkpoints frequent: the log may take a quarter of it.
var smallCache = &idb.Options{CacheSize: 1 << 20}

// A model is what the database holds: by table and key.
type model map[string]map[string][]byte

// turn is the n-th commit of a load that overwrites, deletes and drops.
func turn(n int, put func(table string, key, value []byte) error, remove func(table string, key []byte) error, drop func(table string) error) error {
	err := put("turns", key(n), nil)
	for i := 0; i < 40 && err == nil; i++ {
		err = put("rows", key((n*7+i*3)%150), value(n, 2000+i))
	}
	if n > 0 && err == nil {
		err = remove("rows", key((n-1)*7%150))
	}
	if err == nil {
		err = put("big", key(n%3), value(n, 20_000))
	}
	if n%4 == 3 && err == nil {
		err = drop("passing")
	}
	if err == nil {
		err = put("passing", key(n), value(n, 5000))
	}
	return err
}

// modelOf returns what n turns lead to.
func modelOf(n int) model {
	m := model{}
	for i := range n {
		_ = turn(i,
			func(table string, key, value []byte) error {
				if m[table] == nil {
					m[table] = map[string][]byte{}
				}
				m[table][string(key)] = value
				return nil
			},
			func(table string, key []byte) error { delete(m[table], string(key)); return nil },
			func(table string) error { delete(m, table); return nil })
	}
	return m
}

// fold makes the turns from..to-1, and rests after some of them, so that
// checkpoints are made and collected.
func fold(ctx context.Context, s *idb.Store, from, to int) error {
	for n := from; n < to; n++ {
		err := s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
			return turn(n,
				func(table string, key, value []byte) error { return tx.Put(table, key, value) },
				func(table string, key []byte) error { _, err := tx.Delete(table, key); return err },
				tx.DropTable)
		})
		if err != nil {
			return err
		}
		fmt.Println("acknowledged", n)
		if n%3 == 2 {
			time.Sleep(8 * time.Second)
		}
	}
	return nil
}

// checkFold says how many turns the database holds, and that they are whole
// and sound.
func checkFold(ctx context.Context, s *idb.Store) error {
	damage, err := backend.Verify(ctx, s)
	if err != nil || len(damage) > 0 {
		return fmt.Errorf("Verify = %v, %w", damage, err)
	}
	n := 0
	err = s.View(ctx, func(_ context.Context, tx backend.ReadTx) error {
		tables, err := tx.Tables()
		if err != nil || len(tables) == 0 {
			return err
		}
		if n, err = backend.Count(tx, "turns", backend.Range{}); err != nil {
			return err
		}
		want := modelOf(n)
		if names := slices.Sorted(maps.Keys(want)); !slices.Equal(tables, names) {
			return fmt.Errorf("after %d turns there are the tables %q, want %q", n, tables, names)
		}
		for _, table := range tables {
			found := 0
			for kv, err := range tx.Scan(table, backend.Range{}) {
				if err != nil {
					return err
				}
				if v, ok := want[table][string(kv.Key)]; !ok || !bytes.Equal(v, kv.Value) {
					return fmt.Errorf("after %d turns %s holds something else under %x", n, table, kv.Key)
				}
				found++
			}
			if len(want[table]) != found {
				return fmt.Errorf("after %d turns %s has %d pairs, want %d", n, table, found, len(want[table]))
			}
		}
		return nil
	})
	fmt.Println("holds", n)
	return err
}

// settle lets a last checkpoint and the collection of what it replaced happen,
// and looks at what is left in IndexedDB: nothing but the pages of tables that
// the root leads to, and what the newest checkpoint has replaced.
func settle(ctx context.Context, s *idb.Store, name string) error {
	time.Sleep(20 * time.Second)
	status, err := backend.StatusOf(ctx, s)
	if err != nil {
		return err
	}
	req := js.Global().Get("indexedDB").Call("open", "larder:"+name)
	if err := wait(req, "onsuccess"); err != nil {
		return err
	}
	db := req.Get("result")
	defer db.Call("close")
	tx := db.Call("transaction", "pages")
	all := tx.Call("objectStore", "pages").Call("getAll")
	if err := wait(tx, "oncomplete"); err != nil {
		return err
	}
	kinds, size := map[string]int{}, 0
	for i := range all.Get("result").Length() {
		page := all.Get("result").Index(i)
		kind := string(rune(page.Index(0).Int()))
		kinds[kind]++
		if kind == "P" || kind == "N" || kind == "V" {
			size += page.Length()
		}
	}
	fmt.Printf("pages take %d of %d, %d heads, %d lists of garbage\n", size, status.Stored-status.Pending, kinds["H"], kinds["G"])
	return nil
}

func wait(target js.Value, event string) error {
	done := make(chan error, 1)
	good := js.FuncOf(func(js.Value, []js.Value) any { done <- nil; return nil })
	bad := js.FuncOf(func(js.Value, []js.Value) any { done <- errors.New("IndexedDB failed"); return nil })
	defer good.Release()
	defer bad.Release()
	target.Set(event, good)
	target.Set("onerror", bad)
	return <-done
}
