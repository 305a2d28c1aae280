package entity

import (
	"context"
	"errors"

	"github.com/larderdb/larder/backend"
)

// OpenOptions are what [Open] can be told by its context, see [WithOpenOptions].
type OpenOptions struct {
	// Progress is called after each of the transactions in which Open migrates
	// rows or builds an index, by the goroutine that does it.
	Progress func(Progress)

	// Background makes Open return as soon as the definitions are registered.
	// What is to be done to rows goes on beside the DB's transactions, until it is
	// closed or [DB.Ready] has returned. Until then an index that isn't built yet
	// can't be read: that is [backend.ErrUnsupported].
	Background bool
}

// A Progress says how far one part of what [Open] does has come.
type Progress struct {
	Store string
	Index string // the index that is built, empty while rows are migrated
	Done  int    // rows
	Total int    // rows that there were when the part began, or was taken up again
}

type openOptionsKey struct{}

// WithOpenOptions returns a context with which [Open] does as o says.
func WithOpenOptions(ctx context.Context, o OpenOptions) context.Context {
	return context.WithValue(ctx, openOptionsKey{}, o)
}

// Open reads the catalogue of s, registers what is new in defs, migrates rows
// and builds the indexes that are missing, and returns when all can be used. An
// empty database gets a catalogue; one whose catalogue says what defs say is not
// written to.
//
// Rows are migrated and indexes built in transactions of bounded size, beside
// those of other handles. When ctx ends or the program dies in between, the next
// Open goes on where they ended. When an index can't have the rows that there
// are (two have the same key in a unique index, one has a key that is too large
// or can't be encoded, one can't be read), Open fails with that error, and the
// index is taken out of the catalogue again, so that code without it can change
// the rows. [WithOpenOptions] has it tell how far it is, or do this behind the DB.
//
// Errors: [backend.ErrInvalid] and [backend.ErrTooLarge] for definitions that
// can't be (a name twice, a codec without a name), that say something else
// than the catalogue under the same version, or that would lose a field;
// [backend.ErrSchemaNewer] when the catalogue holds what defs don't know;
// [backend.ErrCorrupt] for a catalogue that can't be read; for rows that can't be migrated see
// [Store.WithMigrations].
func Open(ctx context.Context, s backend.Store, defs ...Definition) (*DB, error) {
	if err := checkDefinitions(defs); err != nil {
		return nil, err
	}
	db := &DB{backend: s, defs: defs, checked: backend.Checked(s), closed: make(chan struct{})}
	db.peeker, _ = s.(backend.Peeker)
	db.now, _ = s.(backend.NowUpdater)
	if err := db.register(ctx); err != nil {
		return nil, err
	}
	options, _ := ctx.Value(openOptionsKey{}).(OpenOptions)
	o := opening{db: db, progress: options.Progress}
	if options.Background && !db.bound.Load().complete() {
		ctx, db.stop = context.WithCancel(context.WithoutCancel(ctx))
		db.ready = make(chan struct{})
		go func() {
			defer close(db.ready)
			db.unready = o.run(ctx)
		}()
		return db, nil
	}
	if err := o.run(ctx); err != nil {
		return nil, err
	}
	return db, nil
}

// Ready waits until what [OpenOptions].Background left to be done is done, and
// returns its error: what Open would have returned, or context.Canceled when the
// DB was closed before. It returns nil at once where nothing was left.
func (db *DB) Ready(ctx context.Context) error {
	if db.ready == nil {
		return nil
	}
	select {
	case <-db.ready:
		return db.unready
	case <-ctx.Done():
		return ctx.Err()
	}
}

// An opening is what Open does to rows.
type opening struct {
	db       *DB
	progress func(Progress) // or nil
}

// run migrates rows and finishes the indexes that the catalogue knows as being
// built. Other handles of the database may do the same at the same time: each
// step begins where the last one ended, whoever did it.
func (o opening) run(ctx context.Context) error {
	db := o.db
	for {
		for _, s := range db.bound.Load().stores {
			if s.migrating {
				p := o.part(s.def.name, "")
				err := o.steps(ctx, p, func(w backend.WriteTx) (more bool, err error) { return s.def.steps.rewrite(s, w, p) })
				if err != nil {
					return err
				}
			}
			for i := range s.indexes {
				if err := o.buildIndex(ctx, s, i); err != nil {
					return errors.Join(err, db.withdraw(ctx, s, i, err))
				}
			}
		}
		// What other handles changed meanwhile is seen here: it is refused where
		// these definitions don't know it, and an index that was begun anew is
		// built like the first.
		var now *binding
		err := db.backend.View(ctx, func(ctx context.Context, r backend.ReadTx) (err error) {
			now, err = db.bind(r)
			return err
		})
		if err != nil || now.complete() {
			return err
		}
	}
}

// part returns the progress of one part before it begins, nil when nobody wants
// to know: then its rows need not be counted.
func (o opening) part(store, index string) *Progress {
	if o.progress == nil {
		return nil
	}
	return &Progress{Store: store, Index: index}
}

// steps runs step in one transaction after the other until there is no more to
// do, and tells of p, which may be nil, after each.
func (o opening) steps(ctx context.Context, p *Progress, step func(w backend.WriteTx) (more bool, err error)) error {
	for more := true; more; {
		var before Progress
		if p != nil {
			before = *p
		}
		err := o.db.backend.Update(ctx, func(ctx context.Context, w backend.WriteTx) (err error) {
			if p != nil {
				*p = before // the closure may run again
			}
			more, err = step(w)
			return err
		})
		if err != nil {
			return err
		}
		if p != nil && *p != before {
			o.progress(*p)
		}
	}
	return nil
}

// count adds n rows to p, of those after cursor, unless it is nil.
func (p *Progress) count(r backend.ReadTx, store string, cursor []byte, n int) error {
	if p == nil {
		return nil
	}
	if p.Total == 0 {
		total, err := backend.Count(r, store, backend.Range{})
		if err == nil && cursor != nil {
			p.Done, err = backend.Count(r, store, backend.Range{End: following(cursor)})
		}
		if err != nil {
			return ignoreNotFound(err)
		}
		p.Total = total
	}
	p.Done += n
	return nil
}
