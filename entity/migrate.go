package entity

import (
	"context"
	"errors"

	"github.com/larderdb/larder/backend"
)

// A Step leads the rows of one version of a store to the next, see
// [Store.WithMigrations]. [Migrate] and [Keep] make it.
type Step interface {
	// from returns the last version whose rows the step reads.
	from() uint32

	// reads and writes describe the codecs of the rows before and after, nil for
	// a step that leaves rows as they are.
	reads() *stepSide
	writes() *stepSide

	// apply appends to dst what comes of payload.
	apply(dst, payload []byte) ([]byte, error)
}

// A stepSide is a codec without its type.
type stepSide struct {
	codec string
	model []Field
}

func sideOf[V any](c Codec[V]) *stepSide {
	if c == nil {
		return &stepSide{}
	}
	return &stepSide{codec: c.Name(), model: modelOf(c)}
}

// Migrate returns a step that reads rows of version from, and of earlier ones
// that no other step reads, by the codec before, and makes of each what fn
// returns, written by the codec after: that of the next step, or the store's.
//
// fn must depend on nothing but old, since it may run whenever an old row is
// read, and must not keep it. Its error is that of whatever reads the row; see
// [Store.WithMigrations] for what it means to Open.
func Migrate[Old, New any](from uint32, before Codec[Old], after Codec[New], fn func(old *Old) (New, error)) Step {
	return &migration[Old, New]{version: from, before: before, after: after, fn: fn}
}

type migration[Old, New any] struct {
	version uint32
	before  Codec[Old]
	after   Codec[New]
	fn      func(*Old) (New, error)
}

func (m *migration[Old, New]) from() uint32      { return m.version }
func (m *migration[Old, New]) reads() *stepSide  { return sideOf(m.before) }
func (m *migration[Old, New]) writes() *stepSide { return sideOf(m.after) }

func (m *migration[Old, New]) apply(dst, payload []byte) ([]byte, error) {
	old := new(Old)
	if err := m.before.Decode(payload, old); err != nil {
		return dst, &backend.Error{Class: backend.ErrCorrupt, Reason: "value of version " + text(m.version) + " can't be decoded", Err: err}
	}
	v, err := m.fn(old)
	if err == nil {
		dst, err = m.after.Append(dst, &v)
	}
	if err != nil {
		err = &backend.Error{Class: backend.ErrInvalid, Reason: "value of version " + text(m.version) + " can't be migrated", Err: err}
	}
	return dst, err
}

// Keep returns a step that leaves rows of version from as they are. It says
// that it is meant when the next version lacks a field that they have.
func Keep(from uint32) Step { return keep(from) }

type keep uint32

func (k keep) from() uint32    { return uint32(k) }
func (keep) reads() *stepSide  { return nil }
func (keep) writes() *stepSide { return nil }

func (keep) apply(dst, payload []byte) ([]byte, error) { return append(dst, payload...), nil }

// WithMigrations returns a copy of the store of another version whose rows
// come from those of earlier versions by steps, in ascending order of the
// versions that they read. Versions between which there is no step have rows
// alike.
//
// A row says which version it is of, and the steps run whenever an older one is
// read. [Open] of a database with a lower version raises it, which ends what
// older code can do with the store, and then writes all older rows anew and
// builds the store's indexes anew, in transactions of bounded size; when the
// program dies in between, the next Open goes on. When a step returns an error,
// Open fails with it, naming the row, and the next Open, with a step that is mended, goes
// on from there; [DryRun] tells before. Once Open has succeeded, later code for the
// same database can do without the steps.
//
// Where the codec is a [Modeler], Open compares the fields of its values with
// those that the database's code had. Without a step for it, a version that lacks a
// field, or has one of another type, is [backend.ErrInvalid]. Within one version
// fields may only be added: code that lacks one is [backend.ErrSchemaNewer],
// since it would drop it from each row that it changes.
func (s *Store[K, V]) WithMigrations(version uint32, steps ...Step) *Store[K, V] {
	c := s.WithSchema(version, s.def.spec)
	c.def.steps = steps
	return c
}

// checkSteps returns an error when the store's steps don't lead to its values.
func checkSteps(s *storeSchema) error {
	refuse := func(reason string) error {
		return &Error{Op: "open", Store: s.name, Err: failure(backend.ErrInvalid, reason)}
	}
	last := uint32(0)
	codec := "" // what the step before has written
	for _, step := range s.steps {
		if step == nil {
			return refuse("a migration step is nil")
		}
		from := step.from()
		if from <= last || from >= s.version {
			return refuse("the migration step from version " + text(from) + " is out of order: steps ascend and end below version " + text(s.version))
		}
		last = from
		in, out := step.reads(), step.writes()
		if in == nil {
			continue
		}
		if in.codec == "" || out.codec == "" {
			return refuse("the migration step from version " + text(from) + " has no codec")
		}
		if codec != "" && in.codec != codec {
			return refuse("the migration step from version " + text(from) + " reads codec " + in.codec + ", the one before writes " + codec)
		}
		codec = out.codec
	}
	if codec != "" && codec != s.codec {
		return refuse("the last migration step writes codec " + codec + ", the store has " + s.codec)
	}
	return nil
}

// stepFrom returns the first step that changes rows of the given version, or nil.
func (s *storeSchema) stepFrom(version uint32) Step {
	for _, step := range s.steps {
		if step.from() >= version && step.reads() != nil {
			return step
		}
	}
	return nil
}

// upgrade returns what the steps make of a payload of the given version, which
// is the payload itself where there is nothing to do.
func (s *storeSchema) upgrade(version uint32, payload []byte) ([]byte, error) {
	for _, step := range s.steps {
		if step.from() < version || step.reads() == nil {
			continue
		}
		var err error
		if payload, err = step.apply(nil, payload); err != nil {
			return nil, err
		}
	}
	return payload, nil
}

// migrateRows writes the store's old rows anew.
func (o opening) migrateRows(ctx context.Context, s *boundStore) error {
	if !s.migrating {
		return nil
	}
	p := Progress{Store: s.def.name}
	return o.steps(ctx, &p, func(w backend.WriteTx) (more bool, err error) { return s.migrateStep(w, &p) })
}

// migrateStep writes the next rows anew and reports whether there may be more.
func (s *boundStore) migrateStep(w backend.WriteTx, p *Progress) (more bool, err error) {
	c, err := readCatalog(w)
	if err != nil {
		return false, err
	}
	rec := c.stores[s.def.name]
	if rec == nil || rec.version != s.def.version || rec.migration == nil {
		return false, nil // another handle has finished or replaced it
	}
	last, n, err := s.rewriteRows(w, rec.migration.cursor)
	if err != nil {
		return false, err
	}
	if err := p.count(w, s.def.name, rec.migration.cursor, n); err != nil {
		return false, rowError("migrate", s.def.name, "", nil, err)
	}
	if last != nil {
		rec.migration.cursor = last
		err = w.Put(catalogTable, migrationKey(s.def.name), rec.migration.frame())
	} else {
		c.changes = append(c.changes, recordChange{key: migrationKey(s.def.name)})
		err = c.write(w)
	}
	if err != nil {
		return false, rowError("migrate", s.def.name, "", nil, err)
	}
	return last != nil, nil
}

// rewriteRows writes the rows after cursor anew, and returns the key of the last one, or
// nil when it was the store's last, and how many there were.
func (s *boundStore) rewriteRows(w backend.WriteTx, cursor []byte) (last []byte, rows int, err error) {
	size := 0
	for kv, err := range w.Scan(s.def.name, afterCursor(cursor)) {
		if backend.IsNotFound(err) {
			return nil, rows, nil
		}
		var frame []byte
		if err == nil {
			frame, err = s.definition.upgradeRow(kv.Value)
		}
		if err == nil && frame != nil {
			err = w.Put(s.def.name, kv.Key, frame)
		}
		if err != nil {
			return nil, rows, rowError("migrate", s.def.name, "", kv.Key, err)
		}
		rows++
		if size += len(kv.Value) + len(frame); rows == buildRows || size > buildBytes {
			return append([]byte(nil), kv.Key...), rows, nil
		}
	}
	return nil, rows, nil
}

// afterCursor selects the rows after cursor, as many as one transaction takes.
func afterCursor(cursor []byte) backend.Range {
	r := backend.Range{Limit: buildRows}
	if cursor != nil {
		r.Start = append(cursor[:len(cursor):len(cursor)], 0)
	}
	return r
}

// isRows reports whether err says that rows can't be as the definitions want
// them, and not that the engine failed.
func isRows(err error) bool {
	return errors.Is(err, backend.ErrUnique) || errors.Is(err, backend.ErrTooLarge) ||
		errors.Is(err, backend.ErrInvalid) || errors.Is(err, backend.ErrCorrupt)
}
