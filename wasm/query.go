package wasm

import (
	"iter"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/internal/msgp"
	"github.com/larderdb/larder/keys"
)

// A queryRequest is a decoded query. Bounds that are undefined are nil.
type queryRequest struct {
	index                        string // empty for the primary key
	eq, gt, gte, lt, lte, prefix []byte // values
	reverse                      bool
	limit                        int
	after                        string
}

// A source is what a query scans: the store or one of its indexes.
type source interface {
	ScanRaw(*entity.Tx, keys.Range[key]) iter.Seq2[*entity.RawRow, error]
	Count(*entity.Tx, keys.Range[key]) (int, error)
}

// query answers one page of rows, and its token when there are more.
func (c *collection) query(tx *entity.Tx, request []byte, a *answer) error {
	q, from, r, err := c.prepare("query", request)
	if err != nil {
		return err
	}
	if q.limit > 0 {
		r = r.Limit(q.limit + 1) // one more tells whether there is a next page
	}
	var last entity.RawRow
	for row, err := range from.ScanRaw(tx, r) {
		if err != nil {
			return err
		}
		if q.limit > 0 && a.count == q.limit {
			token, err := last.Token()
			if err != nil {
				return err
			}
			a.token = append(a.token, token...)
			return nil
		}
		a.addRow(row.Payload)
		if a.count == q.limit {
			last = *row
		}
	}
	return nil
}

// count answers how many rows a query selects.
func (c *collection) count(tx *entity.Tx, request []byte, a *answer) error {
	q, from, r, err := c.prepare("count", request)
	if err != nil {
		return err
	}
	a.count, err = from.Count(tx, r.Limit(q.limit))
	return err
}

func (c *collection) prepare(op string, request []byte) (*queryRequest, source, keys.Range[key], error) {
	var all keys.Range[key]
	q, err := decodeQuery(request)
	if err != nil {
		return nil, nil, all, c.failure(op, "", err)
	}
	from, compound := source(c.store), false
	if q.index != "" {
		i := c.indexNumber(q.index)
		if i < 0 {
			return nil, nil, all, c.failure(op, q.index, &backend.Error{
				Class: backend.ErrTableNotFound, Reason: "the collection has no index of this name"})
		}
		from, compound = c.indexes[i], len(c.spec.indexes[i].paths) > 1
	}
	r, err := q.keyRange(compound)
	if err != nil {
		return nil, nil, all, c.failure(op, q.index, err)
	}
	if q.reverse {
		r = r.Reverse()
	}
	return q, from, r.Resume(q.after), nil
}

func (c *collection) indexNumber(name string) int {
	for i := range c.spec.indexes {
		if c.spec.indexes[i].name == name {
			return i
		}
	}
	return -1
}

// keyRange returns the intersection of the query's bounds.
func (q *queryRequest) keyRange(compound bool) (keys.Range[key], error) {
	r := keys.All[key]()
	for _, bound := range [...]struct {
		name  string
		value []byte
		of    func(key) keys.Range[key]
	}{
		{"eq", q.eq, keys.Eq[key]},
		{"gt", q.gt, keys.After[key]},
		{"gte", q.gte, keys.From[key]},
		{"lt", q.lt, keys.Before[key]},
		{"lte", q.lte, keys.UpTo[key]},
	} {
		if bound.value == nil {
			continue
		}
		k, err := boundOf(bound.value, bound.name, compound)
		if err != nil {
			return r, err
		}
		r = r.Intersect(bound.of(k))
	}
	if q.prefix == nil {
		return r, nil
	}
	p, err := prefixRange(q.prefix, compound)
	return r.Intersect(p), err
}

// boundOf returns a bound as a key. In a compound index it is the beginning of
// one, so that the first values of a key will do.
func boundOf(value []byte, name string, compound bool) (key, error) {
	if !compound {
		return keyOf(value, name)
	}
	list, err := elements(value, name)
	if err != nil {
		return key{}, err
	}
	k, err := listOf(list, item(name))
	if err != nil {
		return key{}, err
	}
	return k.beginning(), nil
}

// prefixRange returns the keys that are text that begins with prefix; in a
// compound index, those whose next value after the others is such text.
func prefixRange(prefix []byte, compound bool) (keys.Range[key], error) {
	const name = "prefix"
	if !compound {
		text, err := textOf(prefix, name)
		return keys.StringPrefix[key](text), err
	}
	list, err := elements(prefix, name)
	if err == nil && len(list) == 0 {
		err = refusal(name, "the array's last value must be text")
	}
	if err != nil {
		return keys.All[key](), err
	}
	last := len(list) - 1
	first, err := listOf(list[:last], item(name))
	if err != nil {
		return keys.All[key](), err
	}
	text, err := textOf(list[last], item(name)(last))
	return keys.StringPrefix[key](text, first.beginning()), err
}

func textOf(value []byte, path string) (string, error) {
	h, err := msgp.ReadHead(value)
	if err == nil && h.Kind != msgp.Text {
		err = refusal(path, "a prefix is text")
	}
	return string(value[h.Size : h.Size+h.Body]), err
}
