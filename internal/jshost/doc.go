// Package jshost runs GOOS=js programs in native tests, without a browser and without node: their WebAssembly on
// wazero, their JavaScript, the toolchain's own wasm_exec.js among it, on goja, with npm's fake-indexeddb for
// IndexedDB. It serves tests alone; `make setup` makes the bundle of fake-indexeddb that it needs.
//
// A Realm is one origin: an event loop, the databases and the messages of all its pages. A Program is one page of it, so
// that two programs at once are two tabs, and one after another are a reload:
//
//	realm, err := jshost.NewRealm(jshost.Config{VirtualTime: true})
//	…
//	defer realm.Close()
//
//	tab, err := realm.Start(ctx, jshost.Command{
//		Wasm:      "guest.wasm",
//		Stdout:    &out,
//		IndexedDB: jshost.At(jshost.Commit, 3, jshost.Kill),
//	})
//	err = tab.Wait(ctx) // ErrKilled; what it had not committed is gone
//
//	reloaded, err := realm.Start(ctx, jshost.Command{Wasm: "guest.wasm"})
//	answer, err := reloaded.Call(ctx, "store.get", "key") // a function that the guest gave to JavaScript
//	reloaded.Kill()
//
// A page has what pages and workers have in common: timers, text codecs, crypto, performance, structuredClone, events,
// abort signals, MessageChannel, BroadcastChannel, navigator.locks, WebAssembly, IndexedDB. It has no DOM and no
// network. With a Dir, it has files too, as node has.
//
// # How it resembles a browser
//
// Transactions of IndexedDB end as they do in Chromium: testdata/probe.js shows the same on both. Output is
// written before the call returns, so that printing never ends a transaction. Microtasks run when a task's JavaScript
// has returned, and see the page that asked for them.
//
// Databases are in memory; there is no quota but the one that a Step's Action plays. Tasks can't be interrupted. All
// pages of a Realm take turns on one goroutine, where those of a browser may run at once; they share the built-in
// objects, such as Array.prototype, which a page must not change.
package jshost
