//go:build js && wasm

// Guest is the program that the crash tests of package idb start, kill and
// start again.
//
//	guest load db from to size   makes the commits from..to-1, one after the other, and says so after each
//	guest burst db from to size  makes them in groups of ten, which start at once
//	guest check db               says how many commits the database holds, and that they are whole
//	guest increment db n         adds one, n times
//	guest fold db from to        makes commits that overwrite and delete, with rests between them
//	guest checkfold db           says how many of those the database holds, and that they are whole
//	guest settle db              says what is stored when there is nothing left to do
package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/idb"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := run(ctx, os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, command, name string, args []string) error {
	var opts *idb.Options
	switch command {
	case "fold", "checkfold", "settle":
		opts = smallCache
	}
	s, err := idb.Open(ctx, name, opts)
	if err != nil {
		return err
	}
	var n []int
	for _, a := range args {
		v, err := strconv.Atoi(a)
		if err != nil {
			return err
		}
		n = append(n, v)
	}
	switch command {
	case "load":
		err = load(ctx, s, n[0], n[1], n[2])
	case "burst":
		err = burst(ctx, s, n[0], n[1], n[2])
	case "check":
		err = check(ctx, s)
	case "increment":
		err = increment(ctx, s, n[0])
	case "fold":
		err = fold(ctx, s, n[0], n[1])
	case "checkfold":
		err = checkFold(ctx, s)
	case "settle":
		err = settle(ctx, s, name)
	}
	if err != nil {
		return err
	}
	return s.Close(ctx)
}

// load makes commits of two pairs each. One that finds no space is tried again,
// after a look that it has left nothing behind.
func load(ctx context.Context, s *idb.Store, from, to, size int) error {
	for i := from; i < to; {
		err := s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
			if err := tx.Put("a", key(i), value(i, size)); err != nil {
				return err
			}
			return tx.Put("b", key(i), value(-i, 10))
		})
		switch {
		case err == nil:
			fmt.Println("acknowledged", i)
			i++
		case errors.Is(err, backend.ErrQuota):
			fmt.Println("quota", i, err)
			if n, err := count(ctx, s); err != nil || n != i {
				return fmt.Errorf("without space, the store holds %d commits, %v, want %d", n, err, i)
			}
		default:
			return err
		}
	}
	return nil
}

// burst makes the commits of load, ten at once. Which of them is which, they
// find out themselves.
func burst(ctx context.Context, s *idb.Store, from, to, size int) error {
	for ; from < to; from += 10 {
		results := make(chan error)
		for range min(10, to-from) {
			go func() {
				i := 0
				err := s.Update(ctx, func(_ context.Context, tx backend.WriteTx) (err error) {
					i, err = backend.Count(tx, "a", backend.Range{})
					if err != nil && !backend.IsNotFound(err) {
						return err
					}
					if err := tx.Put("a", key(i), value(i, size)); err != nil {
						return err
					}
					return tx.Put("b", key(i), value(-i, 10))
				})
				if err == nil {
					fmt.Println("acknowledged", i)
				}
				results <- err
			}()
		}
		for range min(10, to-from) {
			if err := <-results; err != nil {
				return err
			}
		}
	}
	return nil
}

func check(ctx context.Context, s *idb.Store) error {
	n, err := count(ctx, s)
	fmt.Println("holds", n)
	return err
}

// count returns how many commits of load there are: the numbers from 0 on,
// each whole.
func count(ctx context.Context, s *idb.Store) (n int, err error) {
	fresh := backend.WithTxOptions(ctx, backend.TxOptions{Fresh: true})
	err = s.View(fresh, func(_ context.Context, tx backend.ReadTx) error {
		tables, err := tx.Tables()
		if err != nil || len(tables) == 0 {
			return err
		}
		for kv, err := range tx.Scan("a", backend.Range{}) {
			if err != nil {
				return err
			}
			b, err := tx.Get("b", key(n))
			if err != nil {
				return err
			}
			if string(kv.Key) != string(key(n)) || string(kv.Value) != string(value(n, len(kv.Value))) || string(b) != string(value(-n, 10)) {
				return fmt.Errorf("commit %d is not what was written", n)
			}
			n++
		}
		if others, err := backend.Count(tx, "b", backend.Range{}); err != nil || others != n {
			return fmt.Errorf("of %d commits, one table has %d, %v", n, others, err)
		}
		if v := tx.ReadVersion(); v != uint64(n) {
			return fmt.Errorf("the version is %d after %d commits", v, n)
		}
		return nil
	})
	return n, err
}

func key(i int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(i)) }

func value(i, size int) []byte {
	return []byte(strings.Repeat(fmt.Sprintf("%09d,", i), size/10))
}

func increment(ctx context.Context, s *idb.Store, n int) error {
	runs := 0
	for range n {
		err := s.Update(ctx, func(_ context.Context, tx backend.WriteTx) error {
			runs++
			b, err := tx.Get("t", []byte("n"))
			if err != nil && !backend.IsNotFound(err) {
				return err
			}
			was := uint64(0)
			if err == nil {
				was = binary.BigEndian.Uint64(b)
			}
			return tx.Put("t", []byte("n"), binary.BigEndian.AppendUint64(nil, was+1))
		})
		if err != nil {
			return err
		}
	}
	fresh := backend.WithTxOptions(ctx, backend.TxOptions{Fresh: true})
	return s.View(fresh, func(_ context.Context, tx backend.ReadTx) error {
		b, err := tx.Get("t", []byte("n"))
		if err == nil {
			fmt.Println(binary.BigEndian.Uint64(b), tx.ReadVersion(), runs)
		}
		return err
	})
}
