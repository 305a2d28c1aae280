package wasm

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"strings"

	"github.com/larderdb/larder"
	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/internal/msgp"
)

// readAll is read for what may wait: it returns the answer as the payload of a
// completion, [rows, page token].
func readAll(tx *larder.Tx, op uint32, c *collection, request []byte) (uint32, []byte, error) {
	if op == opPreload {
		n, err := c.preload(tx, request)
		return uint32(n), nil, err
	}
	var a answer
	if err := read(tx, op, c, request, &a); err != nil {
		return 0, nil, err
	}
	rows := a.count
	if op == opCount {
		rows = 0
	}
	result := binary.BigEndian.AppendUint32([]byte{0x92, 0xdd}, uint32(rows))
	result = append(result, a.data...)
	return uint32(a.count), appendText(result, string(a.token)), nil
}

// preload reads what a query selects, so that it is in memory, and returns how
// many rows that are.
func (c *collection) preload(tx *entity.Tx, request []byte) (int, error) {
	q, from, r, err := c.prepare("preload", request)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, err := range from.ScanRaw(tx, r.Limit(q.limit)) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// status is a job: it returns a map of what the database knows about itself.
func (d *database) status(ctx context.Context, _ uint32) (uint32, []byte, error) {
	st, err := d.db.Status(ctx)
	if err != nil {
		return 0, nil, err
	}
	result := []byte{0x80 | 7}
	for _, f := range [...]struct {
		name  string
		bytes uint64
	}{
		{"used", st.Used}, {"allowed", st.Allowed}, {"stored", st.Stored}, {"pending", st.Pending}, {"cached", st.Cached},
	} {
		result = appendText(result, f.name)
		result = binary.BigEndian.AppendUint64(append(result, 0xcb), math.Float64bits(float64(f.bytes)))
	}
	for _, f := range [...]struct {
		name string
		is   bool
	}{{"persisted", st.Persisted}, {"exclusive", st.Exclusive}} {
		result = appendText(result, f.name)
		if f.is {
			result = append(result, 0xc3)
		} else {
			result = append(result, 0xc2)
		}
	}
	if st.Damage != nil {
		result[0]++
		result = appendError(appendText(result, "damage"), st.Damage)
	}
	return 0, result, nil
}

// wait is a job: it fails with why the database can't be used any more.
func (d *database) wait(ctx context.Context, _ uint32) (uint32, []byte, error) {
	return 0, nil, d.db.Wait(ctx)
}

// verify is a job: it returns an array of errors, what is damaged.
func (d *database) verify(ctx context.Context, _ uint32) (uint32, []byte, error) {
	var list []error
	if err := entity.Verify(ctx, d.db); errors.Is(err, backend.ErrCorrupt) {
		list = findings(err)
	} else if err != nil {
		return 0, nil, err
	}
	return uint32(len(list)), appendDamage(list), nil
}

// findings returns what Verify has joined.
func findings(err error) []error {
	switch e := err.(type) {
	case *entity.Error, *backend.Error:
	case interface{ Unwrap() []error }:
		return e.Unwrap()
	}
	return []error{err}
}

func appendDamage[E error](damage []E) []byte {
	result := binary.BigEndian.AppendUint32([]byte{0xdd}, uint32(len(damage)))
	for _, e := range damage {
		result = appendError(result, e)
	}
	return result
}

// salvageDatabase returns the job that passes on, in parts, the rows of a
// database that can be read: [collection, row, collection, row, …].
func (s *server) salvageDatabase(request []byte) (job, error) {
	name, err := decodeName(request)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, id uint32) (uint32, []byte, error) {
		const partSize = 256 << 10
		n, list, rows := uint32(0), []byte(nil), 0
		flush := func() {
			if rows > 0 {
				s.complete(id, kindPart, uint32(rows), append(binary.BigEndian.AppendUint32([]byte{0xdd}, uint32(2*rows)), list...))
			}
			list, rows = nil, 0
		}
		damage, err := s.salvage(ctx, name, func(table string, kv backend.KV) error {
			if strings.HasPrefix(table, "_") {
				return nil
			}
			row, err := entity.Payload(kv.Value)
			if err != nil {
				return nil // the page was sound, the row isn't
			}
			list = appendText(list, table)
			if n, err := msgp.Skip(row); err != nil || n != len(row) {
				list = appendBytes(list, row)
			} else {
				list = append(list, row...)
			}
			n, rows = n+1, rows+1
			if len(list) >= partSize {
				flush()
			}
			return nil
		})
		flush()
		return n, appendDamage(damage), err
	}, nil
}
