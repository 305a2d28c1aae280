package wasm

import (
	"strings"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/internal/msgp"
)

// An openRequest is a decoded request of opOpen.
type openRequest struct {
	name        string
	memory      bool
	durability  backend.Durability
	cacheSize   int
	collections []collectionSpec
}

// A reader takes requests apart. After its first failure it returns zeros.
type reader struct {
	rest []byte
	err  error
}

// array enters an array of n values.
func (r *reader) array(n int) {
	if r.count() != n {
		r.err = errRequest
	}
}

// count enters an array and returns how many values it has.
func (r *reader) count() int {
	h, err := msgp.ReadHead(r.rest)
	if r.err != nil || err != nil || h.Kind != msgp.Array {
		r.err = errRequest
		return 0
	}
	r.rest = r.rest[h.Size:]
	return h.Count
}

// value returns the next value, whatever it is.
func (r *reader) value() []byte {
	n, err := msgp.Skip(r.rest)
	if r.err != nil || err != nil {
		r.err = errRequest
		return nil
	}
	v := r.rest[:n:n]
	r.rest = r.rest[n:]
	return v
}

// bound returns the next value, and nil when it is undefined.
func (r *reader) bound() []byte {
	v := r.value()
	if h, err := msgp.ReadHead(v); err == nil && h.Kind == msgp.Ext && h.Type == msgp.ExtUndefined {
		return nil
	}
	return v
}

// text returns the text that comes next; null is empty.
func (r *reader) text() string {
	v := r.value()
	h, err := msgp.ReadHead(v)
	if err != nil || h.Kind != msgp.Text && h.Kind != msgp.Nil {
		r.err = errRequest
		return ""
	}
	return string(v[h.Size:])
}

// number returns the number that comes next, which is at most max.
func (r *reader) number(max uint32) uint32 {
	h, err := msgp.ReadHead(r.value())
	if err != nil || h.Kind != msgp.Number || !(h.Number >= 0 && h.Number <= float64(max)) {
		r.err = errRequest
		return 0
	}
	return uint32(h.Number)
}

func (r *reader) bool() bool {
	h, err := msgp.ReadHead(r.value())
	if err != nil || h.Kind != msgp.Bool {
		r.err = errRequest
	}
	return h.Bits == 1
}

// end returns what failed; bytes that are left over are a failure too.
func (r *reader) end() error {
	if r.err == nil && len(r.rest) > 0 {
		r.err = errRequest
	}
	return r.err
}

func decodeName(request []byte) (string, error) {
	r := reader{rest: request}
	return r.text(), r.end()
}

func decodeOpen(request []byte) (*openRequest, error) {
	r := reader{rest: request}
	o := new(openRequest)
	r.array(5)
	o.name = r.text()
	o.memory = r.number(1) == 1
	o.durability = backend.Durability(r.number(uint32(backend.Async)))
	o.cacheSize = int(r.number(1<<31 - 1))
	for range r.count() {
		if r.err != nil {
			break
		}
		o.collections = append(o.collections, r.collection())
	}
	return o, r.end()
}

func (r *reader) collection() collectionSpec {
	var c collectionSpec
	r.array(4)
	c.name = r.text()
	c.key = r.path()
	for range r.count() {
		if r.err != nil {
			break
		}
		c.indexes = append(c.indexes, r.index())
	}
	c.version = r.number(1<<32 - 1)
	return c
}

func (r *reader) index() indexSpec {
	var x indexSpec
	r.array(4)
	x.name = r.text()
	for range r.count() {
		if r.err != nil {
			break
		}
		x.paths = append(x.paths, r.path())
	}
	if len(x.paths) == 0 {
		r.err = errRequest
	}
	flags := r.number(3)
	x.unique, x.multi = flags&1 != 0, flags&2 != 0
	x.version = r.number(1<<32 - 1)
	return x
}

func (r *reader) path() path { return strings.Split(r.text(), ".") }

func decodeQuery(request []byte) (*queryRequest, error) {
	r := reader{rest: request}
	q := new(queryRequest)
	r.array(10)
	q.index = r.text()
	q.eq, q.gt, q.gte = r.bound(), r.bound(), r.bound()
	q.lt, q.lte, q.prefix = r.bound(), r.bound(), r.bound()
	q.reverse = r.bool()
	q.limit = int(r.number(1<<31 - 2))
	q.after = r.text()
	return q, r.end()
}
