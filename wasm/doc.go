// Package wasm gives Larder's stores to JavaScript.
//
// A main package that calls [Serve] and is built with GOOS=js GOARCH=wasm is a
// module that the npm package larder loads; wasm/module is the one that is
// shipped. This page is the contract between the two sides, the ABI. It is of
// numbers and of bytes in the module's memory: nothing crosses as a JavaScript
// object, since a crossing by syscall/js costs a thousand times more than a call
// of an export.
//
// # Loading
//
// The loader instantiates the module with the toolchain's own wasm_exec.js and
// passes, as the environment's LARDER_CALLBACK, the name of a property of
// globalThis that holds the callback. It may delete the property when Go.run has
// returned to it. Then it
// compares larder_abi with its own number, and larder_go with the version that
// its wasm_exec.js came from.
//
// # Exports
//
//	larder_abi() u32                        the ABI's number, Version
//	larder_go() u32                         length of runtime.Version(), which is the answer
//	larder_request(n u32) u32               address of a request buffer of n bytes, or 0
//	larder_answer() u32                     address of the answer header, always the same
//	larder_do(op, handle, aux, n u32) u32   does it at once; returns 0, or 1 for an error
//	larder_start(op, handle, aux, n u32) u32  begins it; returns an id, or 0 for an error
//
// No export blocks and none panics: a panic inside is an answer with the code
// INTERNAL. The caller is one thread, so calls never overlap.
//
// A request is the first n bytes of the request buffer. The buffer belongs to
// the caller until the call that consumes it, and again when that has returned: Go
// keeps no reference to it, and it serves for all requests that are no longer.
// larder_request may move it, which makes older addresses void. Over 128 MiB it
// returns 0, with an error in the answer.
//
// larder_do answers from memory. It returns 0 when the answer is a result and 1
// when it is an error. The answer header is six little-endian u32:
//
//	0  address of the answer's bytes     3  address of the page token
//	1  length of the answer's bytes      4  length of the page token
//	2  count                             5  1 when resume must be called soon, or 0
//
// What these addresses name belongs to Go, must not be written to, and is valid
// until the next call of any export, resume included. Views of the memory are
// to be made anew after each call, because a call can grow the memory.
//
// larder_start begins what may have to wait: it copies the request, starts a
// goroutine and returns an id that is not 0; or it returns 0 with an error in the
// answer. The caller must call the export resume after it, and after every
// larder_do of [OpFinish], because the goroutine runs only then. The outcome comes
// through the callback. Writes to a database that are started one after the other,
// with nothing else and no resume in between, become one commit, in which each
// succeeds or fails by itself.
//
// # The callback
//
// The callback is called with an address and a length: a run of completions, as
// many as were ready together, each
//
//	u32  id        of the call of larder_start
//	u32  kind      0 done, 1 failed, 2 attempt, 3 part
//	u32  value     done and part: a handle, or a count; attempt: the transaction's number
//	u32  size      of the payload
//	     payload   done and part: the result, or a part of it; failed: an error
//
// little-endian, packed. The bytes are valid while the callback runs. It is called
// from Go code that runs on, so it must only take the completions over: it calls no
// export and runs nobody else's code. An id is done or failed exactly once;
// attempts and parts come before that.
//
// # Operations
//
// Values are msgpack as internal/msgp describes it. "keys" and "rows" are values
// one after the other, to the request's end. aux is a collection's number: its
// place in the definitions given to [OpOpen]. For reads and writes handle is a
// database's handle or a transaction's number; the latter has its highest bit set.
//
//	op          by     handle  request                    result
//	OpOpen      start  –       [name, engine, durability, value: the handle
//	                           cache size, collections],
//	                           see below
//	OpClose     start  db      –                          –
//	OpDrop      start  –       name                       –
//	OpList      start  –       –                          payload: array of names
//	OpUpdate    start  db      –                          attempts, then done
//	OpView      start  db      – (aux 1: fresh)           one attempt, then done
//	OpFinish    do     tx      – (aux 1: commit, 0: roll back)  –
//	OpGet       do     any     one key                    bytes: the row; count 0 or 1
//	OpGetMany   do     any     keys                       rows; count
//	OpQuery     do     any     query, see below           rows; count; page token
//	OpCount     do     any     query                      count
//	OpPut       do, start db   rows                       –
//	OpInsert    do, start db   one row                    –
//	OpDelete    do, start db   keys                       count, or value: how many existed
//	OpResume    start  tx      –                          value: as of the write
//	OpPreload   start  any     query                      value: how many rows
//	OpFlush     start  db      –                          –
//	OpStatus    start  db      –                          payload: map, see below
//	OpVerify    start  db      –                          payload: array of errors
//	OpSalvage   start  –       name                       parts, then payload: array of errors
//	OpWait      start  db      –                          failed: why it can't be used any more
//
// What larder_do can't answer without waiting for the storage is an error with
// the code NOT_IN_MEMORY. A read can then be started: OpGet, OpGetMany, OpQuery and
// OpCount by larder_start have the payload [rows, page token] and the count as
// their value. A write of a transaction has been done up to the row that must
// wait; OpResume, the next call, goes on from there, and its count is of the whole.
// While a call on a transaction waits, larder_do on it is NOT_IN_MEMORY.
//
// A write to a database by larder_do has the durability async, and is done or
// refused at once; it is NOT_IN_MEMORY, and nothing has happened, where it would
// have to wait or async isn't granted, and can be started then.
//
// A key of OpGetMany without a row is undefined.
//
// A transaction's number is good from its attempt until OpFinish, or until an
// attempt of the same id with another number; after that it is TX_DONE. When
// OpFinish says commit, the outcome is the completion of OpUpdate: done, failed, or
// another attempt, because another writer's commit got in between.
//
// # Definitions and queries
//
// The collections of OpOpen are an array of [name, key path, indexes, version],
// where indexes is an array of [name, paths, flags, version]; paths is an array of
// one path, or of several for a compound index, and flags is 1 unique + 2
// multi-valued. A path is names joined by points: "address.city". The engine is 0 for
// the platform's own and 1 for memory, the durability 0 for the engine's own, 1
// relaxed, 2 strict, 3 async. The cache size is in bytes, 0 is the engine's own.
//
// A query is [index, eq, gt, gte, lt, lte, prefix, reverse, limit, after]. index is
// nil for the primary key. Of the bounds, those that are undefined don't bound.
// limit 0 is no limit. after is the page token of the page before, which is text of
// base64url's characters, or nil.
//
// The map of OpStatus has the numbers used, allowed, stored, pending and cached, in
// bytes, the booleans persisted and exclusive, and damage, an error, when there is
// one. A part of OpSalvage is an array of collection, row, collection, row, …
//
// # Errors
//
// An error is the map {code, message, op, collection, index, key, path, used,
// allowed}, less what isn't known, all text. The codes are the table in codes.go, the same as
// js/src/errors.ts has.
package wasm
