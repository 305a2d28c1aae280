package entity

import (
	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/keys"
)

// modelOf returns what c says about the values that it stores, nil when it says
// nothing.
func modelOf[V any](c Codec[V]) []Field {
	if m, ok := c.(Modeler); ok {
		return m.Model()
	}
	return nil
}

// modelFrame is the record of a store's model.
func modelFrame(model []Field) []byte {
	var parts []keys.Part
	for _, f := range model {
		parts = append(parts, keys.String(f.Name), keys.String(f.Type))
	}
	return record(parts...)
}

func parseModel(f *fields) []Field {
	var model []Field
	for f.err == nil && len(f.rest) > 0 {
		model = append(model, Field{string(field[keys.String](f)), string(field[keys.String](f))})
	}
	for i := 1; i < len(model); i++ {
		if f.err == nil && model[i-1].Name >= model[i].Name {
			f.err = failure(backend.ErrCorrupt, "a model's fields aren't in order")
		}
	}
	return model
}

// missing returns the first field of old that model lacks or has with another
// type, and that type.
func missing(old, model []Field) (lost Field, now string, found bool) {
	i := 0
	for _, f := range old {
		for i < len(model) && model[i].Name < f.Name {
			i++
		}
		if i == len(model) || model[i].Name != f.Name {
			return f, "", true
		}
		if model[i].Type != f.Type {
			return f, model[i].Type, true
		}
	}
	return Field{}, "", false
}

func sameModel(a, b []Field) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// mergeModel compares the fields of the code's values with those that the
// database's rows have, and enters what has come. It returns an error when a row's
// field would be lost without anybody having said so.
func (c *catalog) mergeModel(s *storeSchema, rec *storeRecord, from uint32) error {
	refuse := func(class backend.Class, reason string) error {
		return rowError("use", s.name, "", nil, failure(class, reason))
	}
	if len(rec.model) > 0 {
		model, whose := s.model, "this code"
		step := s.stepFrom(from)
		if from < s.version && step != nil {
			model, whose = step.reads().model, "the migration step from version "+text(step.from())
		}
		lost, now, found := missing(rec.model, model)
		what := whose + ` lacks the field "` + lost.Name + `" that rows of version ` + text(from) + " have"
		if now != "" {
			what = whose + ` has the field "` + lost.Name + `" as ` + now + ", rows of version " + text(from) + " have it as " + lost.Type
		}
		switch {
		case !found || len(model) == 0 || s.keeps(from):
		case step != nil && from < s.version:
			return refuse(backend.ErrInvalid, what+": open the database with the release that has the steps before it")
		case from < s.version:
			return refuse(backend.ErrInvalid, what+": give a step by Migrate, or Keep if it is meant")
		case now != "":
			return refuse(backend.ErrInvalid, what+": raise the store's version")
		default:
			return refuse(backend.ErrSchemaNewer, what+": newer code has added it; to remove or rename it, raise the store's version")
		}
	}
	if !sameModel(rec.model, s.model) && len(s.model) > 0 {
		if rec.version == from && from == s.version && len(rec.model) > 0 {
			c.todo = append(c.todo, Change{Kind: NewFields, Store: s.name})
		}
		rec.model = s.model
		c.put(modelKey(s.name), modelFrame(s.model))
	}
	return nil
}

// keeps reports whether a step says that rows of the given version are kept.
func (s *storeSchema) keeps(version uint32) bool {
	for _, step := range s.steps {
		if step.from() >= version {
			return step.reads() == nil
		}
	}
	return false
}
