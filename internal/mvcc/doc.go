// Package mvcc keeps a database in memory as snapshots that never change, and
// runs the transactions of the engine contract on them.
//
// A [Snapshot] is a version and a set of tables, each a copy-on-write B-tree.
// Any number of goroutines read it without a lock. A [WriteTx] derives the
// next snapshot from one: it shares all nodes that it doesn't write to. Which
// snapshot is the newest, who may write, and what is kept on a disk are the
// engine's affair:
//
//	tx := snapshot.Write(ctx)
//	defer tx.End()
//	if err := fn(ctx, tx); err != nil {
//		return err
//	}
//	next, err := tx.Commit(snapshot.Version() + 1)
//
// An engine with a log calls [WriteTx.Record] before the closure runs, encodes
// [WriteTx.Ops] before it commits, and gives what others have logged to
// [Snapshot.Apply]. It fills a snapshot from its disk with a [Loader] and
// writes one to it with [Snapshot.Tables].
package mvcc
