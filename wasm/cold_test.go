package wasm

import (
	"bytes"
	"context"
	"iter"
	"testing"

	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/memory"
)

// A coldStore is a store whose pairs of one table are in memory only once a
// transaction that may wait has read them. Each such read waits for permit.
type coldStore struct {
	backend.Store
	table  string
	warm   map[string]bool
	permit chan struct{}
}

type coldTx struct {
	backend.WriteTx
	s      *coldStore
	cached bool
}

func (s *coldStore) View(ctx context.Context, fn func(context.Context, backend.ReadTx) error) error {
	return s.Store.View(ctx, func(ctx context.Context, tx backend.ReadTx) error {
		return fn(ctx, &coldTx{readOnly{tx}, s, backend.TxOptionsOf(ctx).Cached})
	})
}

func (s *coldStore) Update(ctx context.Context, fn func(context.Context, backend.WriteTx) error) error {
	return s.Store.Update(ctx, func(ctx context.Context, tx backend.WriteTx) error {
		return fn(ctx, &coldTx{tx, s, backend.TxOptionsOf(ctx).Cached})
	})
}

// readOnly makes a ReadTx a WriteTx that is never written to.
type readOnly struct{ backend.ReadTx }

func (readOnly) Put(string, []byte, []byte, ...backend.Stamp) error { panic("a View writes") }
func (readOnly) Delete(string, []byte) (bool, error)                { panic("a View deletes") }
func (readOnly) DropTable(string) error                             { panic("a View drops") }

func (tx *coldTx) SetCached(on bool) { tx.cached = on }

func (tx *coldTx) fetch(table string, key []byte) error {
	if table != tx.s.table || tx.s.warm[string(key)] {
		return nil
	}
	if tx.cached {
		return backend.ErrNotInMemory
	}
	<-tx.s.permit
	tx.s.warm[string(key)] = true
	return nil
}

func (tx *coldTx) Get(table string, key []byte) ([]byte, error) {
	if err := tx.fetch(table, key); err != nil {
		return nil, err
	}
	return tx.WriteTx.Get(table, key)
}

func (tx *coldTx) Scan(table string, r backend.Range) iter.Seq2[backend.KV, error] {
	return func(yield func(backend.KV, error) bool) {
		for kv, err := range tx.WriteTx.Scan(table, r) {
			if err == nil {
				err = tx.fetch(table, kv.Key)
			}
			if !yield(kv, err) || err != nil {
				return
			}
		}
	}
}

// cold returns a client of a database with four rows of which none is in
// memory, and the database's handle.
func cold(t *testing.T) (*client, *coldStore, uint32) {
	s := &coldStore{Store: memory.New(), warm: map[string]bool{}, permit: make(chan struct{}, 100)}
	c := newClientOf(t, s)
	db := c.rows()
	var rows []byte
	for i := range byte(4) {
		rows = append(rows, rowOf(i, i)...)
	}
	c.begin(kindDone, opPut, db, rows...)
	s.table = "rows"
	return c, s, db
}

// allow lets n reads through.
func (s *coldStore) allow(n int) {
	for range n {
		s.permit <- struct{}{}
	}
}

func TestWhatMustWait(t *testing.T) {
	t.Run("a read is refused at once and can be started", func(t *testing.T) {
		c, s, db := cold(t)
		if err := c.do(opGet, db, 0, []byte{2}, &c.a); code(err) != "NOT_IN_MEMORY" {
			t.Errorf("get = %v, want NOT_IN_MEMORY", err)
		}
		s.allow(1)
		done := c.begin(kindDone, opGet, db, 2)
		if want := append([]byte("\x92\xdd\x00\x00\x00\x01"), append(rowOf(2, 2), 0xa0)...); !bytes.Equal(done.payload, want) {
			t.Errorf("the started get's payload is %x, want %x", done.payload, want)
		}
		if err := c.do(opGet, db, 0, []byte{2}, &c.a); err != nil || !bytes.Equal(c.a.data, rowOf(2, 2)) {
			t.Errorf("get after it = %x, %v, want %x", c.a.data, err, rowOf(2, 2))
		}
		s.allow(3)
		if done := c.begin(kindDone, opPreload, db, allRows...); done.value != 4 {
			t.Errorf("preload counts %d rows, want 4", done.value)
		}
		if err := c.do(opQuery, db, 0, allRows, &c.a); err != nil || c.a.count != 4 {
			t.Errorf("query after it counts %d, %v, want 4", c.a.count, err)
		}
	})

	t.Run("a transaction's write goes on from the row that had to wait", func(t *testing.T) {
		c, s, db := cold(t)
		s.allow(1)
		c.begin(kindDone, opGet, db, 0)
		tx := c.begin(kindAttempt, opUpdate, db).value
		if err := c.do(opDelete, tx, 0, []byte{0, 1, 2, 9}, &c.a); code(err) != "NOT_IN_MEMORY" {
			t.Fatalf("delete = %v, want NOT_IN_MEMORY", err)
		}
		id, err := c.start(opResume, tx, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.do(opGet, tx, 0, []byte{0}, &c.a); code(err) != "NOT_IN_MEMORY" {
			t.Errorf("get while a call waits = %v, want NOT_IN_MEMORY", err)
		}
		s.allow(3)
		if done := c.next(); done.id != id || done.kind != kindDone || done.value != 3 {
			t.Errorf("resume came out as %+v %q, want 3 rows", done, done.payload)
		}
		if _, err := c.start(opResume, tx, 0, nil); err == nil {
			t.Error("a second resume was taken")
		}
		if err := c.do(opPut, tx, 0, append(rowOf(7, 7), rowOf(3, 9)...), &c.a); code(err) != "NOT_IN_MEMORY" {
			t.Fatalf("put = %v, want NOT_IN_MEMORY", err)
		}
		s.allow(2)
		if done := c.begin(kindDone, opResume, tx); done.value != 2 {
			t.Errorf("put's resume counts %d rows, want 2", done.value)
		}
		if err := c.do(opFinish, tx, 1, nil, &c.a); err != nil {
			t.Fatal(err)
		}
		if done := c.next(); done.kind != kindDone {
			t.Fatalf("update ended as %+v %q", done, done.payload)
		}
		if err := c.do(opQuery, db, 0, allRows, &c.a); err != nil || !bytes.Equal(c.a.data, append(rowOf(3, 9), rowOf(7, 7)...)) {
			t.Errorf("rows are %x, %v, want 3 with its new value and 7", c.a.data, err)
		}
	})

	t.Run("a transaction that is finished while a call waits ends after it", func(t *testing.T) {
		c, s, db := cold(t)
		tx := c.begin(kindAttempt, opUpdate, db).value
		id, err := c.start(opGet, tx, 0, []byte{1})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.do(opFinish, tx, 1, nil, &c.a); err != nil {
			t.Fatal(err)
		}
		s.allow(1)
		kinds := map[uint32]uint32{}
		for range 2 {
			done := c.next()
			kinds[done.id] = done.kind
		}
		if len(kinds) != 2 {
			t.Errorf("completions are %v, want one of the call %d and one of the update", kinds, id)
		}
	})
}

func TestStorageOperations(t *testing.T) {
	c := newClient(t)
	db := c.rows()
	c.begin(kindDone, opFlush, db)
	if done := c.begin(kindDone, opStatus, db); done.payload[0] != 0x87 {
		t.Errorf("status = %x, want a map of 7", done.payload)
	}
	if done := c.begin(kindDone, opVerify, db); done.value != 0 || !bytes.Equal(done.payload, []byte{0xdd, 0, 0, 0, 0}) {
		t.Errorf("verify of a sound database = %d, %x, want none", done.value, done.payload)
	}
	// A frame that isn't one, written past the definitions.
	err := c.databases[db].db.Backend().Update(context.Background(), func(_ context.Context, tx backend.WriteTx) error {
		return tx.Put("rows", []byte("damaged"), []byte("value"))
	})
	if err != nil {
		t.Fatal(err)
	}
	if done := c.begin(kindDone, opVerify, db); done.value == 0 || !bytes.Contains(done.payload, []byte("CORRUPT")) {
		t.Errorf("verify of a damaged database = %d, %q, want CORRUPT errors", done.value, done.payload)
	}
	c.salvage = func(_ context.Context, name string, fn func(string, backend.KV) error) ([]*backend.Error, error) {
		frame, err := frameOf(c, db)
		if err != nil {
			return nil, err
		}
		for _, table := range []string{"_catalog", name, name} {
			if err := fn(table, backend.KV{Key: []byte("k"), Value: frame}); err != nil {
				return nil, err
			}
		}
		return []*backend.Error{{Class: backend.ErrCorrupt, Reason: "page 3"}}, nil
	}
	c.begin(kindDone, opPut, db, rowOf(1, 1)...)
	id, err := c.start(opSalvage, 0, 0, []byte("\xa1x"))
	if err != nil {
		t.Fatal(err)
	}
	part, done := c.next(), c.next()
	row := append([]byte("\xa1x"), rowOf(1, 1)...)
	want := append([]byte{0xdd, 0, 0, 0, 4}, append(row, row...)...)
	if part.id != id || part.kind != kindPart || !bytes.Equal(part.payload, want) {
		t.Errorf("part = %+v %x, want %x", part, part.payload, want)
	}
	if done.kind != kindDone || done.value != 2 || !bytes.Contains(done.payload, []byte("page 3")) {
		t.Errorf("salvage came out as %+v %q, want 2 rows and the damage", done, done.payload)
	}
}

// frameOf returns the frame of the row {id: 1, n: 1}.
func frameOf(c *client, db uint32) (frame []byte, err error) {
	err = c.databases[db].db.Backend().View(context.Background(), func(_ context.Context, tx backend.ReadTx) error {
		for kv, err := range tx.Scan("rows", backend.Range{Limit: 1}) {
			if err != nil {
				return err
			}
			frame = bytes.Clone(kv.Value)
		}
		return nil
	})
	return frame, err
}
