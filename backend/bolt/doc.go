// Package bolt is the engine of native programs: one file, kept by bbolt. It
// exists in all builds but wasm.
//
// A table is a bucket. A bucket of the engine's own, whose name no table can
// have, holds the version of the format and the number of the newest commit.
// The file is locked while it is open: a second store on it, in whatever
// process, is [backend.ErrLocked].
//
// Every commit is flushed to the disk before Update returns, also one that asks
// for less. Updates that come while others are being committed share a flush:
// their closures run one after another in one bbolt transaction, which is
// committed once. Each of them is still all or nothing for itself, has a commit
// number of its own, and is not held up for long by one that takes its time: see
// the type group. They don't share where the file's map is small, on Windows and
// with 32 bits.
//
// A View reads a page-mapped snapshot and waits for nothing. While it runs,
// the file can't reuse the pages that its snapshot refers to, so a View that
// runs for hours lets the file grow.
package bolt
