package wasm

import (
	"context"
	"testing"

	"github.com/larderdb/larder/backend/memory"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/internal/msgp"
)

func FuzzDecodeOpen(f *testing.F) {
	f.Add(openRows)
	f.Add([]byte("\x94\xa1x\x01\x02\x90"))
	f.Fuzz(func(t *testing.T, request []byte) {
		o, err := decodeOpen(request)
		if err != nil {
			return
		}
		for _, spec := range o.collections {
			c, err := newCollection(spec)
			if err == nil && c.store.Name() != spec.name {
				t.Errorf("the store of %q is %q", spec.name, c.store.Name())
			}
		}
	})
}

// Any request of any operation is answered, and leaves a store that Verify
// finds sound.
func FuzzRequests(f *testing.F) {
	f.Add(opQuery, allRows)
	f.Add(opQuery, []byte("\x9a\xa1n\x91\x01\xd4\x01\x00\xd4\x01\x00\xd4\x01\x00\xd4\x01\x00\x91\xa1a\xc3\x01\xc0"))
	f.Add(opCount, allRows)
	f.Add(opGet, []byte{1})
	f.Add(opGetMany, []byte{1, 2, 3})
	f.Add(opPut, append(rowOf(1, 2), rowOf(3, 4)...))
	f.Add(opInsert, rowOf(9, 9))
	f.Add(opDelete, []byte{1, 0xa1, 'x'})
	f.Fuzz(func(t *testing.T, op uint32, request []byte) {
		ctx := context.Background()
		o, err := decodeOpen(openRows)
		if err != nil {
			t.Fatal(err)
		}
		c, err := newCollection(o.collections[0])
		if err != nil {
			t.Fatal(err)
		}
		db, err := entity.Open(ctx, memory.New(), c.store)
		if err != nil {
			t.Fatal(err)
		}
		err = db.Update(ctx, func(_ context.Context, tx *entity.Tx) error {
			_, _, err := c.put(tx, append(rowOf(1, 5), rowOf(2, 6)...))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var a answer
		err = db.Update(ctx, func(_ context.Context, tx *entity.Tx) error {
			if isWrite(op) {
				_, _, err := write(tx, op, c, request)
				return err
			}
			return read(tx, op, c, request, &a)
		})
		if err == nil && op == opGet && a.count == 1 {
			if err := msgp.Validate(a.data); err != nil {
				t.Errorf("the answer %x is no value: %v", a.data, err)
			}
		}
		if err := entity.Verify(ctx, db); err != nil {
			t.Error(err)
		}
	})
}

// What a key is decoded from is what it is encoded as, and a row is decoded to
// the bytes that it was; what they hold is found out by who reads them.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("\x02a\x00"), rowOf(1, 2))
	f.Add([]byte("\x05\x00\xff\x21\xc0\x00\x00\x00\x00\x00\x00\x00\x00rest"), []byte{0xc1})
	f.Fuzz(func(t *testing.T, encoded, data []byte) {
		if k, rest, err := (key{}).DecodeKey(encoded); err == nil {
			b, err := k.AppendKey(nil)
			if got := string(b) + string(rest); err != nil || got != string(encoded) {
				t.Errorf("%x is decoded and encoded as %x, %v", encoded, got, err)
			}
		}
		var r row
		if err := (rawCodec{}).Decode(data, &r); err != nil {
			t.Fatal(err)
		}
		b, err := rawCodec{}.Append(nil, &r)
		if err != nil || string(b) != string(data) {
			t.Errorf("%x is decoded and encoded as %x, %v", data, b, err)
		}
	})
}
