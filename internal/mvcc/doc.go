// Package mvcc keeps a database in memory as snapshots that never change, and
// runs the transactions of the engine contract on them.
//
// A [Snapshot] is a version and a set of tables, each a copy-on-write B-tree
// that may lie over a [Base]: pairs that are somewhere else, which those in
// memory replace and tombstones hide. Any number of goroutines read it without a
// lock. A [WriteTx] derives the next snapshot from one: it shares all nodes that
// it doesn't write to. Which snapshot is the newest, who may write, and what is
// kept on a disk are the engine's affair:
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
// [Snapshot.Apply]. [WriteTx.Reads] says whether what others have committed
// concerns a transaction. [Snapshot.Changes] is what a checkpoint folds into the
// Bases, over which [NewSnapshot] begins again.
package mvcc
