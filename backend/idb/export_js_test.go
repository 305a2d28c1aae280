//go:build js && wasm

package idb

// Restless returns options of a Store that folds its log whenever that holds
// more than so many bytes, deletes replaced pages at once, and keeps as little
// as it can in memory.
func Restless(logBound uint64) *Options {
	return &Options{CacheSize: minCacheSize, logBound: logBound, noGrace: true}
}
