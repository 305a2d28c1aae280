package wasm

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/larderdb/larder"
	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/memory"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/internal/msgp"
	"github.com/larderdb/larder/keys"
)

// The tests here are inside the package because its whole face is the exports,
// which only JavaScript can call; js/test has those.

// A completion is one that the callback was given.
type completion struct {
	id, kind, value uint32
	payload         []byte
}

// A client is the loader's part, without JavaScript.
type client struct {
	*server
	t     testing.TB
	calls chan []completion // one for each call of the callback
	ready []completion
	a     answer

	limits []int64 // that the platform was told
}

func newClient(t testing.TB) *client { return newClientOf(t, memory.New()) }

func newClientOf(t testing.TB, store backend.Store) *client {
	c := &client{t: t, calls: make(chan []completion, 100)}
	c.server = newServer(platform{
		open: func(ctx context.Context, _ string, o *larder.Options) (*larder.DB, error) {
			return entity.Open(ctx, store, o.Stores...)
		},
		drop:      func(context.Context, string) error { panic("drop has a defect") },
		list:      func(context.Context) ([]string, error) { return []string{"a", "b"}, nil },
		limit:     func(bytes int64) { c.limits = append(c.limits, bytes) },
		completed: func(b []byte) { c.calls <- parseCompletions(b) },
	})
	return c
}

func parseCompletions(b []byte) []completion {
	var list []completion
	for len(b) > 0 {
		u := func(i int) uint32 { return binary.LittleEndian.Uint32(b[4*i:]) }
		list = append(list, completion{u(0), u(1), u(2), bytes.Clone(b[16 : 16+u(3)])})
		b = b[16+u(3):]
	}
	return list
}

// next returns the next completion.
func (c *client) next() completion {
	c.t.Helper()
	if len(c.ready) == 0 {
		c.ready = <-c.calls
	}
	first := c.ready[0]
	c.ready = c.ready[1:]
	return first
}

// begin starts an operation, whose completion must be of that kind.
func (c *client) begin(want uint32, op, handle uint32, request ...byte) completion {
	c.t.Helper()
	id, err := c.start(op, handle, 0, request)
	if err != nil {
		c.t.Fatalf("start(%d) = %v", op, err)
	}
	done := c.next()
	if done.id != id || done.kind != want {
		c.t.Fatalf("start(%d) completed as %+v %q, want kind %d of %d", op, done, done.payload, want, id)
	}
	return done
}

// rows opens a database of one collection, {rows: {key: "id", indexes: {n: "n"}}}.
func (c *client) rows() uint32 {
	c.t.Helper()
	return c.begin(kindDone, opOpen, 0, openRows...).value
}

var openRows = []byte("\x95\xa1x\x00\x00\x00\x91\x94\xa4rows\xa2id\x91\x94\xa1n\x91\xa1n\x00\x01\x01")

// rowOf is {id: id, n: n}.
func rowOf(id, n byte) []byte { return []byte{0x82, 0xa2, 'i', 'd', id, 0xa1, 'n', n} }

func code(err error) string {
	if err == nil {
		return ""
	}
	return codeOf(err)
}

func TestServer(t *testing.T) {
	t.Run("a read is answered at once, a write completes", func(t *testing.T) {
		c := newClient(t)
		db := c.rows()
		if got := c.begin(kindDone, opPut, db, append(rowOf(1, 5), rowOf(2, 6)...)...).value; got != 2 {
			t.Errorf("put counts %d, want 2", got)
		}
		if err := c.do(opGet, db, 0, []byte{2}, &c.a); err != nil || c.a.count != 1 || !bytes.Equal(c.a.data, rowOf(2, 6)) {
			t.Errorf("get = %x, %d, %v, want %x", c.a.data, c.a.count, err, rowOf(2, 6))
		}
		if err := c.do(opGet, db, 0, []byte{3}, &c.a); err != nil || c.a.count != 0 {
			t.Errorf("get of a missing key counts %d, %v, want 0", c.a.count, err)
		}
	})

	t.Run("a transaction is an attempt that finish ends", func(t *testing.T) {
		c := newClient(t)
		db := c.rows()
		tx := c.begin(kindAttempt, opUpdate, db).value
		if tx&txBit == 0 || db&txBit != 0 {
			t.Errorf("numbers are %x for a transaction and %x for a database", tx, db)
		}
		if err := c.do(opPut, tx, 0, rowOf(1, 1), &c.a); err != nil {
			t.Fatal(err)
		}
		if err := c.do(opCount, db, 0, allRows, &c.a); err != nil || c.a.count != 0 {
			t.Errorf("outside it count = %d, %v, want 0", c.a.count, err)
		}
		if err := c.do(opFinish, tx, 1, nil, &c.a); err != nil {
			t.Fatal(err)
		}
		if done := c.next(); done.kind != kindDone {
			t.Errorf("update ended as %+v %q", done, done.payload)
		}
		if err := c.do(opCount, db, 0, allRows, &c.a); err != nil || c.a.count != 1 {
			t.Errorf("after it count = %d, %v, want 1", c.a.count, err)
		}
		for _, op := range []uint32{opGet, opPut, opFinish} {
			if err := c.do(op, tx, 0, rowOf(1, 1), &c.a); code(err) != "TX_DONE" {
				t.Errorf("do(%d) after the end = %v, want TX_DONE", op, err)
			}
		}
	})

	t.Run("finish rolls back", func(t *testing.T) {
		c := newClient(t)
		db := c.rows()
		tx := c.begin(kindAttempt, opUpdate, db).value
		if err := c.do(opPut, tx, 0, rowOf(1, 1), &c.a); err != nil {
			t.Fatal(err)
		}
		if err := c.do(opFinish, tx, 0, nil, &c.a); err != nil {
			t.Fatal(err)
		}
		if done := c.next(); done.kind != kindFailed {
			t.Errorf("update ended as %+v", done)
		}
		if err := c.do(opCount, db, 0, allRows, &c.a); err != nil || c.a.count != 0 {
			t.Errorf("count = %d, %v, want 0", c.a.count, err)
		}
	})

	t.Run("a delete with a key that can't be one deletes nothing", func(t *testing.T) {
		c := newClient(t)
		db := c.rows()
		c.begin(kindDone, opPut, db, append(rowOf(1, 1), rowOf(2, 2)...)...)
		tx := c.begin(kindAttempt, opUpdate, db).value
		const object = 0x80
		if err := c.do(opDelete, tx, 0, []byte{1, object, 2}, &c.a); code(err) != "INVALID_VALUE" || c.a.count != 0 {
			t.Errorf("delete = %d, %v, want 0, INVALID_VALUE", c.a.count, err)
		}
		if err := c.do(opCount, tx, 0, allRows, &c.a); err != nil || c.a.count != 2 {
			t.Errorf("count = %d, %v, want 2", c.a.count, err)
		}
		if err := c.do(opDelete, tx, 0, []byte{1, 3, 2}, &c.a); err != nil || c.a.count != 2 {
			t.Errorf("delete = %d, %v, want 2", c.a.count, err)
		}
	})

	t.Run("a row that has a name twice leaves its indexes as it came", func(t *testing.T) {
		c := newClient(t)
		db := c.rows()
		row := []byte("\x83\xa2id\x01\xa1n\x05\xa1n\x06")
		inIndex := slices.Concat([]byte("\x9a\xa1n"), bytes.Repeat([]byte("\xd4\x01\x00"), 6), []byte("\xc2\x00\xc0"))
		for _, step := range []struct {
			op      uint32
			request []byte
			count   int
		}{{opPut, row, 1}, {opDelete, []byte{1}, 0}} {
			c.begin(kindDone, step.op, db, step.request...)
			if err := c.do(opCount, db, 0, inIndex, &c.a); err != nil || c.a.count != step.count {
				t.Errorf("after operation %d the index has %d entries, %v, want %d", step.op, c.a.count, err, step.count)
			}
		}
	})

	t.Run("a panic is an INTERNAL error, in a goroutine as in an export", func(t *testing.T) {
		c := newClient(t)
		done := c.begin(kindFailed, opDrop, 0, 0xa1, 'x')
		if want := "drop has a defect"; !bytes.Contains(done.payload, []byte(want)) || !bytes.Contains(done.payload, []byte(codeInternal)) {
			t.Errorf("the error is %q, want INTERNAL and %q", done.payload, want)
		}
		db := c.rows()
		c.databases[db].collections[0] = nil
		if err := c.do(opGet, db, 0, []byte{1}, &c.a); code(err) != codeInternal {
			t.Errorf("do = %v, want INTERNAL", err)
		}
	})

	t.Run("handles that don't exist", func(t *testing.T) {
		c := newClient(t)
		db := c.rows()
		if err := c.do(opGet, db+1, 0, []byte{1}, &c.a); code(err) != "CLOSED" {
			t.Errorf("do = %v, want CLOSED", err)
		}
		if _, err := c.start(opPut, db+1, 0, nil); code(err) != "CLOSED" {
			t.Errorf("start = %v, want CLOSED", err)
		}
		if err := c.do(opGet, db, 1, []byte{1}, &c.a); code(err) != "TABLE_NOT_FOUND" {
			t.Errorf("do on another collection = %v, want TABLE_NOT_FOUND", err)
		}
		if err := c.do(99, db, 0, nil, &c.a); code(err) != "UNSUPPORTED" {
			t.Errorf("do(99) = %v, want UNSUPPORTED", err)
		}
		c.begin(kindDone, opClose, db)
		if err := c.do(opGet, db, 0, []byte{1}, &c.a); code(err) != "CLOSED" {
			t.Errorf("do after close = %v, want CLOSED", err)
		}
	})

	t.Run("the platform knows what all open databases may keep", func(t *testing.T) {
		c := newClient(t)
		open := func(engine byte, mebibytes byte) uint32 {
			request := []byte{0x95, 0xa1, 'x', engine, 0, 0xce, mebibytes >> 4, mebibytes << 4, 0, 0, 0x90}
			return c.begin(kindDone, opOpen, 0, request...).value
		}
		const mebibyte = 1 << 20
		small := open(0, 8)
		open(0, 0) // 64 of its own accord
		memory := open(1, 0)
		c.begin(kindDone, opClose, memory)
		c.begin(kindDone, opClose, small)
		if want := []int64{8 * mebibyte, 72 * mebibyte, -1, 72 * mebibyte, 64 * mebibyte}; !slices.Equal(c.limits, want) {
			t.Errorf("it was told %v, want %v", c.limits, want)
		}
	})

	t.Run("what completes together comes in one call", func(t *testing.T) {
		c := newClient(t)
		c.flushing = true // as if a flush were under way
		for id := range uint32(3) {
			c.complete(id, kindDone, id, []byte{byte(id)})
		}
		c.flush()
		got := <-c.calls
		if len(got) != 3 || got[2].id != 2 || !bytes.Equal(got[1].payload, []byte{1}) {
			t.Errorf("the callback got %+v", got)
		}
	})
}

// allRows is a query that bounds nothing.
var allRows = []byte("\x9a\xc0\xd4\x01\x00\xd4\x01\x00\xd4\x01\x00\xd4\x01\x00\xd4\x01\x00\xd4\x01\x00\xc2\x00\xc0")

func TestCodes(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range classCodes {
		if seen[c.code] {
			t.Errorf("code %s stands for two classes", c.code)
		}
		seen[c.code] = true
		if got := codeOf(&entity.Error{Op: "put", Err: &backend.Error{Class: c.class}}); got != c.code {
			t.Errorf("codeOf(%v) = %s, want %s", c.class, got, c.code)
		}
	}
	value := &msgp.Error{Class: backend.ErrInvalid, Path: "a[1]", Reason: "why"}
	if got := codeOf(&entity.Error{Err: value}); got != codeInvalidValue {
		t.Errorf("codeOf(%v) = %s, want %s", value, got, codeInvalidValue)
	}
	if got := codeOf(errors.New("x")); got != codeInternal {
		t.Errorf("codeOf of an error of no class = %s, want %s", got, codeInternal)
	}
	b := appendError(nil, &entity.Error{Op: "put", Store: "rows", Index: "n", Key: "(1)", Err: value})
	for name, want := range map[string]string{
		"code": codeInvalidValue, "op": "put", "collection": "rows", "index": "n", "key": "(1)", "path": "a[1]",
	} {
		got, found, err := msgp.Find(b, name)
		if text, _ := textOf(got, name); err != nil || !found || text != want {
			t.Errorf("the error's %s is %q, %v, want %q", name, text, err, want)
		}
	}
}

// A list made here is what package keys decodes, and its beginning sorts
// before and bounds what begins so.
func TestListOf(t *testing.T) {
	values := [][]byte{{0xc0}, {0xa1, 'a'}, {5}}
	k, err := listOf(values, item("x"))
	if err != nil {
		t.Fatal(err)
	}
	string1, _ := keys.ElementOf(keys.String("a"))
	five, _ := keys.ElementOf(keys.Float(5))
	list, err := keys.List(keys.Null(), string1, five)
	if err != nil {
		t.Fatal(err)
	}
	want, err := list.AppendKey(nil)
	if err != nil || k.encoded != string(want) {
		t.Errorf("listOf = %x, want %x, %v", k.encoded, want, err)
	}
	part, err := listOf(values[:2], item("x"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := keys.Eq(part.beginning()).Bounds()
	if err != nil || k.encoded < string(r.Start) || k.encoded >= string(r.End) {
		t.Errorf("the range %x to %x, %v, doesn't hold %x", r.Start, r.End, err, k.encoded)
	}
}
