package entity

import (
	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/keys"
)

// A Model is the fields of a type as a codec stores them, see [ModelOf].
type Model interface {
	// Fields returns them in ascending order of their names.
	Fields() []Field

	// merge compares the fields of the code's values with those that the
	// database's rows, of version from and later, have, and enters what has come.
	// It returns an error when a row's field would be lost without anybody having
	// said so.
	merge(c *catalog, s *storeSchema, rec *storeRecord, from uint32) error
}

// ModelOf returns the model of a type with the given fields, in ascending order
// of their names, each once.
func ModelOf(fields []Field) Model { return model(fields) }

// model implements Model. A program whose codecs have no models doesn't link it.
type model []Field

// modelOf returns the model of c's values, nil when it says nothing about them.
func modelOf[V any](c Codec[V]) Model {
	if m, ok := c.(Modeler); ok {
		return m.Model()
	}
	return nil
}

func (m model) Fields() []Field { return m }

func (m model) frame() []byte {
	var parts []keys.Part
	for _, f := range m {
		parts = append(parts, keys.String(f.Name), keys.String(f.Type))
	}
	return record(parts...)
}

func parseModel(frame []byte) (model, error) {
	f := recordFields(frame)
	var m model
	for f.err == nil && len(f.rest) > 0 {
		m = append(m, Field{string(field[keys.String](f)), string(field[keys.String](f))})
		if n := len(m); n > 1 && f.err == nil && m[n-2].Name >= m[n-1].Name {
			f.err = failure(backend.ErrCorrupt, "a model's fields aren't in order")
		}
	}
	return m, f.err
}

// lacks returns the first field of old that m lacks or has with another type,
// and that type.
func (m model) lacks(old model) (lost Field, now string, found bool) {
	i := 0
	for _, f := range old {
		for i < len(m) && m[i].Name < f.Name {
			i++
		}
		if i == len(m) || m[i].Name != f.Name {
			return f, "", true
		}
		if m[i].Type != f.Type {
			return f, m[i].Type, true
		}
	}
	return Field{}, "", false
}

func (m model) merge(c *catalog, s *storeSchema, rec *storeRecord, from uint32) error {
	if rec.model != nil {
		old, err := parseModel(rec.model)
		if err == nil {
			err = m.check(s, old, from)
		}
		if err != nil {
			return rowError("use", s.name, "", nil, err)
		}
		if from == s.version && len(old) < len(m) {
			c.plan(NewFields, s.name, "")
		}
	}
	if frame := m.frame(); string(frame) != string(rec.model) {
		rec.model = frame
		c.put(modelKey(s.name), frame)
	}
	return nil
}

// check returns an error when m, or the step that reads rows of version from,
// lacks a field of old.
func (m model) check(s *storeSchema, old model, from uint32) error {
	reader, whose, stepped := m, "this code", false
	if from < s.version && s.steps != nil {
		if step := s.steps.first(from); step != nil {
			in := step.reads()
			if in == nil {
				return nil // whoever says Keep means it
			}
			reader, stepped = nil, true
			if known, ok := in.model.(model); ok {
				reader = known
			}
			whose = "the migration step from version " + text(step.from())
		}
	}
	lost, now, found := reader.lacks(old)
	if !found || reader == nil {
		return nil
	}
	what := whose + ` lacks the field "` + lost.Name + `" that rows of version ` + text(from) + " have: "
	if now != "" {
		what = whose + ` has the field "` + lost.Name + `" as ` + now + ", rows of version " + text(from) + " have it as " + lost.Type + ": "
	}
	switch {
	case stepped:
		return failure(backend.ErrInvalid, what+"open the database with the release that has the steps before it")
	case from < s.version:
		return failure(backend.ErrInvalid, what+"give a step by Migrate, or Keep if it is meant")
	case now != "":
		return failure(backend.ErrInvalid, what+"raise the store's version")
	}
	return failure(backend.ErrSchemaNewer, what+"newer code has added it; to remove or rename it, raise the store's version")
}
