package entity

import (
	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/keys"
)

// A Step leads the rows of one version of a store to the next, see
// [Store.WithMigrations]. [Migrate] and [Keep] make it.
type Step interface {
	// from returns the last version whose rows the step reads.
	from() uint32

	// reads and writes describe the codecs of the rows before and after, nil for
	// a step that leaves rows as they are. They are for when a database is opened:
	// what a type looks like takes a while to find out.
	reads() *stepSide
	writes() *stepSide

	// apply returns what comes of payload, and whether that is something else.
	apply(payload []byte) (after []byte, changed bool, err error)
}

// A stepSide is a codec without its type.
type stepSide struct {
	codec string
	model Model
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

func (m *migration[Old, New]) apply(payload []byte) (after []byte, changed bool, err error) {
	old := new(Old)
	if err := m.before.Decode(payload, old); err != nil {
		return nil, false, &backend.Error{Class: backend.ErrCorrupt, Reason: "value of version " + text(m.version) + " can't be decoded", Err: err}
	}
	v, err := m.fn(old)
	if err == nil {
		after, err = m.after.Append(nil, &v)
	}
	if err != nil {
		return nil, false, &backend.Error{Class: backend.ErrInvalid, Reason: "value of version " + text(m.version) + " can't be migrated", Err: err}
	}
	return after, true, nil
}

// Keep returns a step that leaves rows of version from as they are. It says
// that it is meant when the next version lacks a field that they have.
func Keep(from uint32) Step { return keep(from) }

type keep uint32

func (k keep) from() uint32    { return uint32(k) }
func (keep) reads() *stepSide  { return nil }
func (keep) writes() *stepSide { return nil }

func (keep) apply(payload []byte) ([]byte, bool, error) { return payload, false, nil }

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
	if len(steps) > 0 {
		c.def.steps = stepList(steps)
	}
	return c
}

// migrations is what merge, Open and reads need to know of a store's steps. It
// is an interface so that a program without steps doesn't link what does it.
type migrations interface {
	// check returns an error when the steps don't lead to the store's values.
	check(s *storeSchema) error

	// codec returns the name of the codec by which steps read rows of rec's
	// version, empty when no step concerns those, and whether there may be rows that
	// some step concerns: older ones, where a migration hasn't ended.
	codec(rec *storeRecord) (name string, migrates bool, err error)

	// begin returns the record with which a migration of the store begins.
	begin(rec *storeRecord) []byte

	// upgrade returns what the steps make of a payload of the given version, which is
	// the payload itself, and false, where there is nothing to do.
	upgrade(version uint32, payload []byte) ([]byte, bool, error)

	// rewrite writes the next old rows anew and reports whether there may be more.
	rewrite(s *boundStore, w backend.WriteTx, p *Progress) (more bool, err error)

	// first returns the first step for rows of the given version, or nil.
	first(version uint32) Step
}

// stepList implements migrations.
type stepList []Step

func (l stepList) check(s *storeSchema) error {
	refuse := func(reason string) error {
		return &Error{Op: "open", Store: s.name, Err: failure(backend.ErrInvalid, reason)}
	}
	last := uint32(0)
	codec := "" // what the step before has written
	for _, step := range l {
		if step == nil {
			return refuse("a migration step is nil")
		}
		from := step.from()
		name := "the migration step from version " + text(from)
		if from <= last || from >= s.version {
			return refuse(name + " is out of order: steps ascend and end below version " + text(s.version))
		}
		last = from
		in, out := step.reads(), step.writes()
		switch {
		case in == nil:
			continue
		case in.codec == "" || out.codec == "":
			return refuse(name + " has no codec")
		case codec != "" && in.codec != codec:
			return refuse(name + " reads codec " + in.codec + ", the one before writes " + codec)
		}
		codec = out.codec
	}
	if codec != "" && codec != s.codec {
		return refuse("the last migration step writes codec " + codec + ", the store has " + s.codec)
	}
	return nil
}

func (l stepList) first(version uint32) Step {
	for _, step := range l {
		if step.from() >= version {
			return step
		}
	}
	return nil
}

// changing is first without the steps that keep rows as they are.
func (l stepList) changing(version uint32) Step {
	for _, step := range l {
		if step.from() >= version && step.reads() != nil {
			return step
		}
	}
	return nil
}

func (l stepList) codec(rec *storeRecord) (name string, migrates bool, err error) {
	oldest, _, err := rec.oldest()
	if err != nil {
		return "", false, err
	}
	if l.changing(oldest) == nil {
		if rec.migration != nil {
			err = errUnfinished
		}
		return "", false, err
	}
	if step := l.changing(rec.version); step != nil {
		name = step.reads().codec
	}
	return name, true, nil
}

func (l stepList) begin(rec *storeRecord) []byte {
	oldest, _, _ := rec.oldest() // codec has seen the error
	return migrationFrame(oldest, nil)
}

func (l stepList) upgrade(version uint32, payload []byte) ([]byte, bool, error) {
	changed := false
	for _, step := range l {
		if step.from() < version {
			continue
		}
		after, is, err := step.apply(payload)
		if err != nil {
			return nil, false, err
		}
		payload, changed = after, changed || is
	}
	return payload, changed, nil
}

// oldest returns the lowest version that a row may have, and the last row that is
// known to have the store's.
func (rec *storeRecord) oldest() (version uint32, cursor []byte, err error) {
	if rec.migration == nil {
		return rec.version, nil, nil
	}
	f := recordFields(rec.migration)
	version = f.version()
	if b := field[keys.Bytes](f); b != "" {
		cursor = []byte(b)
	}
	if f.err == nil && version >= rec.version {
		f.err = failure(backend.ErrCorrupt, "rows are being migrated from a version that isn't older")
	}
	return version, cursor, f.end()
}

func migrationFrame(oldest uint32, cursor []byte) []byte {
	return record(keys.Uint(oldest), keys.Bytes(cursor))
}

func (l stepList) rewrite(s *boundStore, w backend.WriteTx, p *Progress) (more bool, err error) {
	c, err := readCatalog(w)
	if err != nil {
		return false, err
	}
	rec := c.stores[s.def.name]
	if rec == nil || rec.version != s.def.version || rec.migration == nil {
		return false, nil // another handle has finished or replaced it
	}
	oldest, cursor, err := rec.oldest()
	if err != nil {
		return false, catalogError(s.def.name, "", nil, err)
	}
	last, n, err := s.rewriteRows(w, cursor)
	if err != nil {
		return false, err
	}
	err = p.count(w, s.def.name, cursor, n)
	switch {
	case err != nil:
	case last != nil:
		err = w.Put(catalogTable, migrationKey(s.def.name), migrationFrame(oldest, last))
	default:
		c.remove(migrationKey(s.def.name))
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
