// Package idb is the engine for browsers: a small storage engine whose disk is
// IndexedDB.
//
// IndexedDB holds a log with one checksummed record for each group of commits,
// and checkpoints: immutable pages, a B+tree for each table, which are read when
// they are needed and kept in memory under a budget. What the log holds since the
// last checkpoint is in memory, above the pages. Opening reads the root, the list
// of tables and that log, and no page of a table. A View runs on the newest
// snapshot and waits for nothing but pages. An Update runs its closure on the
// newest local state and then, with others that have ended meanwhile, adds a
// record to the log, in one IndexedDB transaction that notices whether another
// tab was faster; if so the others' commits are taken over, and what has read
// what they changed runs again. It is acknowledged when IndexedDB says that the
// transaction is complete. So any number of tabs and workers write to one
// database, without a leader, and whatever a closure waits for, its transaction
// stays open.
//
// A checkpoint folds the log into new pages, in bounded steps beside everything
// else; pages that it replaced are deleted when no tab reads them any more. Every
// record has a checksum: what is damaged is named when it is read, the rest can
// still be read, [Store.Verify] looks at everything, and [Salvage] hands out all
// that is sound.
//
// Commits of other tabs arrive over BroadcastChannel where there is one. A
// View may trail them by a moment; with [backend.TxOptions].Fresh it asks
// IndexedDB first.
//
// The package works in every js/wasm program, loaded by the toolchain's own
// wasm_exec.js. On other platforms it is empty but for its formats.
package idb
