//go:build js && wasm

package idb

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall/js"
	"time"
	"unicode/utf8"

	hackpad "github.com/hack-pad/go-indexeddb/idb"

	"github.com/larderdb/larder/backend"
)

// prefix begins the IndexedDB names of all databases, the names of their
// channels and of their locks.
const prefix = "larder:"

// nativeVersion is IndexedDB's version of every database, for ever: an upgrade
// would make each tab wait for all others.
const nativeVersion = 1

// factory returns IndexedDB.
func factory() (f js.Value, err error) {
	// Where storage is forbidden, merely looking may throw.
	if err := try(func() { f = js.Global().Get("indexedDB") }); err != nil {
		return f, classify("open", err)
	}
	if !f.Truthy() {
		return f, &backend.Error{Class: backend.ErrUnsupported, Reason: "this platform has no IndexedDB"}
	}
	return f, nil
}

// openPatience is how long a browser may take to open a database. Some hang
// there for ever. Tests have less of it.
var openPatience = 10 * time.Second

// connect opens the database of that name, and makes it when it is missing.
func connect(ctx context.Context, name string) (*conn, error) {
	if name == "" || !utf8.ValidString(name) {
		return nil, &backend.Error{Class: backend.ErrInvalid, Reason: "database name is empty or not valid UTF-8"}
	}
	db, err := openDatabase(ctx, name, true)
	if err != nil {
		return nil, err
	}
	return newConn(name, db), nil
}

// openDatabase opens the database of that name. One that is missing is made, if
// that is wanted, and else an [backend.ErrDeleted].
func openDatabase(ctx context.Context, name string, anew bool) (js.Value, error) {
	f, err := factory()
	if err != nil {
		return js.Value{}, err
	}
	native, err := hackpad.WrapFactory(f)
	if err != nil {
		return js.Value{}, err
	}
	// The request can't be called back, so that its own context outlives ctx:
	// a connection that comes too late must be closed again.
	reqCtx, done := context.WithCancel(context.WithoutCancel(ctx))
	var upgradeErr error
	req, err := native.Open(reqCtx, prefix+name, nativeVersion, func(db *hackpad.Database, _, _ uint) error {
		// An error returned here would end the program.
		if anew {
			upgradeErr = create(db)
		} else {
			upgradeErr = refuse(db)
		}
		return nil
	})
	if err != nil {
		done()
		return js.Value{}, err
	}
	type result struct {
		db  js.Value
		err error
	}
	opened := make(chan result, 1)
	go func() {
		defer done()
		db, err := req.Request.Await(reqCtx)
		opened <- result{db, err}
	}()
	late := time.NewTimer(openPatience)
	defer late.Stop()
	select {
	case r := <-opened:
		if upgradeErr != nil {
			if r.err == nil {
				r.db.Call("close")
			}
			r.err = upgradeErr
		}
		return r.db, r.err
	case <-late.C:
		err = &backend.Error{Class: backend.ErrIO, Reason: "the browser hasn't opened the database within " + openPatience.String() + "; " +
			"reload the page, or restart the browser"}
	case <-ctx.Done():
		err = ctx.Err()
	}
	go func() {
		if r := <-opened; r.err == nil {
			r.db.Call("close")
		}
	}()
	return js.Value{}, err
}

// create makes the object stores and the first root of a new database.
func create(db *hackpad.Database) error {
	for _, name := range []string{logStore, pageStore, rootStore} {
		store, err := db.CreateObjectStore(name, hackpad.ObjectStoreOptions{})
		if err != nil {
			return err
		}
		if name != rootStore {
			continue
		}
		raw := (&root{db: newID()}).encode()
		value := js.Global().Get("Uint8Array").New(len(raw))
		js.CopyBytesToJS(value, raw)
		for _, key := range []int{rootKey, copyKey} {
			if _, err := store.AddKey(js.ValueOf(key), value); err != nil {
				return err
			}
		}
	}
	return nil
}

// refuse undoes the making of a database, as if it had never been opened, and
// returns an [backend.ErrDeleted].
func refuse(db *hackpad.Database) error {
	store, err := db.CreateObjectStore(rootStore, hackpad.ObjectStoreOptions{})
	if err != nil {
		return err
	}
	// go-indexeddb doesn't lead to the transaction, but a request that fails
	// aborts it: the second one for the same key.
	for range 2 {
		if _, err := store.AddKey(js.ValueOf(rootKey), js.ValueOf(0)); err != nil {
			return err
		}
	}
	return &backend.Error{Class: backend.ErrDeleted, Reason: "the database was deleted while the connection was closed"}
}

// newID returns random bytes. The generator is seeded by the browser's
// cryptographic one.
func newID() (v id) {
	binary.BigEndian.PutUint64(v[:8], rand.Uint64())
	binary.BigEndian.PutUint64(v[8:], rand.Uint64())
	return v
}

// Delete deletes the database of that name; one that doesn't exist is no
// error. Stores that have it open, in this and in other tabs, fail with
// [backend.ErrDeleted] from then on. Delete waits until the last of them has
// let go. When ctx is done before, it returns ctx's error, and the deletion
// happens as soon as it can.
func Delete(ctx context.Context, name string) error {
	f, err := factory()
	if err != nil {
		return err
	}
	native, err := hackpad.WrapFactory(f)
	if err != nil {
		return classify("delete", err)
	}
	req, err := native.DeleteDatabase(prefix + name)
	if err != nil {
		return classify("delete", err)
	}
	deleted := make(chan error, 1)
	go func() { deleted <- req.Await(context.WithoutCancel(ctx)) }()
	select {
	case err := <-deleted:
		return classify("delete", err)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Names returns the names of all databases of this origin, in ascending order
// of bytes. A browser that can't list them is [backend.ErrUnsupported].
func Names(ctx context.Context) ([]string, error) {
	f, err := factory()
	if err != nil {
		return nil, err
	}
	if f.Get("databases").Type() != js.TypeFunction {
		return nil, &backend.Error{Class: backend.ErrUnsupported, Op: "list", Reason: "this browser doesn't list its databases"}
	}
	var list js.Value
	err = try(func() { list = f.Call("databases") })
	if err == nil {
		list, err = await(ctx, list)
	}
	if err != nil {
		return nil, classify("list", err)
	}
	var names []string
	for i := range list.Length() {
		// WebKit lists what was never made, with the version 0.
		info := list.Index(i)
		if name, ok := strings.CutPrefix(info.Get("name").String(), prefix); ok && info.Get("version").Int() > 0 {
			at, _ := slices.BinarySearch(names, name)
			names = slices.Insert(names, at, name)
		}
	}
	return names, nil
}

// await waits for a promise.
func await(ctx context.Context, promise js.Value) (js.Value, error) {
	type result struct {
		v   js.Value
		err error
	}
	settled := make(chan result, 1)
	var fulfilled, rejected js.Func
	release := func() { fulfilled.Release(); rejected.Release() }
	fulfilled = js.FuncOf(func(_ js.Value, args []js.Value) any {
		release()
		settled <- result{v: args[0]}
		return nil
	})
	rejected = js.FuncOf(func(_ js.Value, args []js.Value) any {
		release()
		settled <- result{err: exceptionOf(args[0])}
		return nil
	})
	promise.Call("then", fulfilled, rejected)
	select {
	case r := <-settled:
		return r.v, r.err
	case <-ctx.Done():
		return js.Value{}, ctx.Err() // the callbacks release themselves
	}
}
