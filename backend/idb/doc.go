// Package idb is the engine for browsers: a small storage engine whose disk is
// IndexedDB.
//
// The data lives in memory, as one immutable snapshot. IndexedDB holds a log
// with one checksummed record for each commit, and checkpoints: the whole
// snapshot cut into pages, so that opening reads few, large records. A View
// runs on the newest snapshot and waits for nothing. An Update runs its closure
// on that snapshot and then adds one record to the log, in one IndexedDB
// transaction that first looks whether another tab was faster; if so it takes
// over what the other wrote and runs the closure again. It is acknowledged when
// IndexedDB says that the transaction is complete. So any number of tabs and
// workers write to one database, without a leader, and whatever a closure waits
// for, its transaction stays open.
//
// Commits of other tabs arrive over BroadcastChannel where there is one. A
// View may trail them by a moment; with [backend.TxOptions].Fresh it asks
// IndexedDB first.
//
// The package works in every js/wasm program, loaded by the toolchain's own
// wasm_exec.js. On other platforms it is empty but for its formats.
package idb
