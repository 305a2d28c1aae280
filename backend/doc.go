// Package backend is the contract between Larder and the engines that store
// its data: an ordered map from (table, key bytes) to value bytes with
// serializable transactions.
//
// The contract is intentionally small, so that a B-tree in memory, a file on
// disk, a browser's IndexedDB and a database server can all hold to it. Every
// sentence in the comments of [Store], [ReadTx] and [WriteTx] has a test in
// package backendtest, which every engine runs.
//
// The package imports no engine. Engines live in the packages below it, and
// code above it is handed a [Store] and never learns which one it is.
package backend
