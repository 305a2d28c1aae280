//go:build js && wasm

// Guest is the program that the scenario tests of jshost run. Its first argument says what it does.
package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall/js"
	"time"
)

func main() {
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(command string, args []string) error {
	switch command {
	case "echo":
		fmt.Println(args, os.Getenv("LARDER_GREETING"))
	case "exit":
		code, err := strconv.Atoi(args[0])
		if err != nil {
			return err
		}
		os.Exit(code)
	case "panic":
		panic("the guest panics")
	case "deadlock":
		select {}
	case "throw":
		// An exception out of a getter isn't caught by the glue: it unwinds this program.
		js.Global().Call("eval", "({ get x() { throw new Error('from a getter') } })").Get("x")
	case "day":
		day()
	case "increment":
		n, err := strconv.Atoi(args[0])
		if err != nil {
			return err
		}
		return increment(n)
	case "put":
		return put(args)
	case "get":
		return get()
	case "serve":
		serve()
	}
	return nil
}

//go:wasmexport product
func product(a, b int64) int64 { return a * b }

// day counts the minutes of a day.
func day() {
	begin := time.Now()
	ticker := time.NewTicker(time.Minute)
	defer ticker.Stop()
	ticks := 0
	for range ticker.C {
		if ticks++; ticks == 24*60 {
			break
		}
	}
	fmt.Println(ticks, time.Since(begin).Round(time.Hour), time.Now().UTC().Sub(begin.UTC()).Round(time.Hour))
}

// serve gives JavaScript functions and lives on.
func serve() {
	js.Global().Set("guest", map[string]any{
		"sum": js.FuncOf(func(_ js.Value, args []js.Value) any {
			sum := 0
			for _, a := range args {
				sum += a.Int()
			}
			return sum
		}),
		"later": js.FuncOf(func(_ js.Value, args []js.Value) any {
			return js.Global().Get("Promise").New(js.FuncOf(func(_ js.Value, settle []js.Value) any {
				go func() {
					time.Sleep(time.Millisecond)
					settle[0].Invoke(args[0])
				}()
				return nil
			}))
		}),
	})
	fmt.Println("serving")
	select {}
}

// increment adds 1 to the counter n times, each in a transaction of its own.
func increment(n int) error {
	db, err := open()
	if err != nil {
		return err
	}
	for range n {
		tx := begin(db, "readwrite")
		v, err := await(tx.store.Call("get", "counter"))
		if err != nil {
			return err
		}
		count := 0
		if !v.IsUndefined() {
			count = v.Int()
		}
		tx.store.Call("put", count+1, "counter")
		if err := tx.wait(); err != nil {
			return err
		}
	}
	return nil
}

// put writes keys in one transaction and says so when it has committed.
func put(keys []string) error {
	db, err := open()
	if err != nil {
		return err
	}
	tx := begin(db, "readwrite")
	for _, k := range keys {
		if _, err := await(tx.store.Call("put", true, k)); err != nil {
			return errors.Join(fmt.Errorf("put %s: %w", k, err), tx.wait())
		}
	}
	if err := tx.wait(); err != nil {
		return err
	}
	fmt.Println("committed", keys)
	return nil
}

// get prints all keys.
func get() error {
	db, err := open()
	if err != nil {
		return err
	}
	keys, err := await(begin(db, "readonly").store.Call("getAllKeys"))
	if err != nil {
		return err
	}
	fmt.Println("keys", keys.Call("join", " "))
	return nil
}

func open() (js.Value, error) {
	request := js.Global().Get("indexedDB").Call("open", "guest", 1)
	request.Set("onupgradeneeded", js.FuncOf(func(js.Value, []js.Value) any {
		request.Get("result").Call("createObjectStore", "store")
		return nil
	}))
	return await(request)
}

type transaction struct {
	store js.Value
	ended chan error
}

func begin(db js.Value, mode string) transaction {
	tx := db.Call("transaction", "store", mode)
	ended := make(chan error, 1)
	tx.Set("oncomplete", js.FuncOf(func(js.Value, []js.Value) any { ended <- nil; return nil }))
	tx.Set("onabort", js.FuncOf(func(js.Value, []js.Value) any {
		ended <- fmt.Errorf("aborted: %s", name(tx.Get("error")))
		return nil
	}))
	return transaction{tx.Call("objectStore", "store"), ended}
}

func (tx transaction) wait() error { return <-tx.ended }

func await(request js.Value) (js.Value, error) {
	done := make(chan error, 1)
	request.Set("onsuccess", js.FuncOf(func(js.Value, []js.Value) any { done <- nil; return nil }))
	request.Set("onerror", js.FuncOf(func(js.Value, []js.Value) any {
		done <- errors.New(name(request.Get("error")))
		return nil
	}))
	if err := <-done; err != nil {
		return js.Undefined(), err
	}
	return request.Get("result"), nil
}

func name(err js.Value) string {
	if err.IsNull() || err.IsUndefined() {
		return "no error"
	}
	return err.Get("name").String()
}
