// Package entity gives a [backend.Store] types: stores of values under typed
// keys, indexes that can't disagree with their rows, and a catalogue that
// keeps code with old definitions from spoiling them.
//
// Definitions are package-level values. They hold no database state and are
// shared by all databases that are opened with them:
//
//	var (
//		ByDue  = entity.NewIndex("by_due", func(id keys.UserRowID, t *Todo) keys.Time { return t.Due })
//		BySlug = entity.NewUnique("by_slug", func(id keys.UserRowID, t *Todo) keys.String { return t.Slug })
//		Todos  = entity.New[keys.UserRowID]("todos", msgpack.Of[Todo](), ByDue, BySlug)
//	)
//
// [Open] turns an engine's store and definitions into a [DB]. Everything else
// happens in the closures of [DB.View] and [DB.Update], by methods of the
// definitions that take the transaction first:
//
//	err := db.Update(ctx, func(ctx context.Context, tx *entity.Tx) error {
//		return Todos.Put(tx, id, todo)
//	})
//
// # Rows and indexes
//
// A row is a key and a value; the value is stored in a frame with a checksum.
// An index has one entry per index key and row, written in the row's own
// transaction. A write that fails leaves nothing behind: uniqueness is checked
// before anything is written, and where an engine fails between two writes of
// one row the transaction can't be committed any more.
//
// # Reading
//
// Store.Get, Store.Scan and Index.Scan read rows one by one and in order. A
// [Query] adds ranges of several keys, several indexes, filters, orders, pages
// and, by functions, sums, groups and projections; its Explain says what it
// reads.
//
// # Definitions change
//
// The catalogue in the database says which stores and indexes it holds, in
// which versions, and which fields their values have. Code that opens a database
// with a new index or a new field has it registered, and the index built, within
// Open. From then on, code whose definition of that store lacks it gets
// [backend.ErrSchemaNewer] from every transaction, in a tab that was open before
// as in one that opens later. To change what an index extracts, raise its
// version, and it is built anew. To remove an index, leave it out and raise the
// store's version. To change what the rows are, raise it with a step that leads
// from the old rows to the new, see [Store.WithMigrations].
//
// # Errors
//
// All errors are of the classes in package backend, except a closure's own and
// those of a context. They are wrapped once in an [Error], which names the
// operation, store, index and key.
package entity
