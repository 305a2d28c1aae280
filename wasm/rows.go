package wasm

import (
	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/internal/msgp"
)

// get answers the row under the request's one key.
func (c *collection) get(tx *entity.Tx, request []byte, a *answer) error {
	k, rest, err := c.key("get", a.key, request)
	if err != nil {
		return err
	}
	a.key = k
	if len(rest) > 0 {
		return c.failure("get", "", errRequest)
	}
	data, found, err := c.store.GetRaw(tx, k)
	if err != nil || !found {
		return err
	}
	a.addRow(data)
	return nil
}

// getMany answers the rows under the request's keys.
func (c *collection) getMany(tx *entity.Tx, request []byte, a *answer) error {
	for len(request) > 0 {
		k, rest, err := c.key("get", a.key, request)
		if err != nil {
			return err
		}
		a.key, request = k, rest
		data, found, err := c.store.GetRaw(tx, k)
		if err != nil {
			return err
		}
		if found {
			a.addRow(data)
		} else {
			a.addMissing()
		}
	}
	return nil
}

// put stores the request's rows. All of them are looked at before the first is
// written.
func (c *collection) put(tx *entity.Tx, request []byte) (n int, rest []byte, err error) {
	var list []row
	for rest := request; len(rest) > 0; {
		var r row
		if r, rest, err = c.row("put", rest); err != nil {
			return 0, request, err
		}
		list = append(list, r)
	}
	rest = request
	err = c.store.PutMany(tx, func(yield func(key, row) bool) {
		for _, r := range list {
			if !yield(r.keys.primary, r) {
				return
			}
			n, rest = n+1, rest[len(r.data):]
		}
	})
	return n, rest, err
}

// insert stores the request's one row, under whose key there must be none.
func (c *collection) insert(tx *entity.Tx, request []byte) (n int, rest []byte, err error) {
	r, rest, err := c.row("insert", request)
	if err != nil {
		return 0, request, err
	}
	if len(rest) > 0 {
		return 0, request, c.failure("insert", "", errRequest)
	}
	if err := c.store.Insert(tx, r.keys.primary, r); err != nil {
		return 0, request, err
	}
	return 1, nil, nil
}

// delete deletes the rows under the request's keys. It touches those that
// existed.
func (c *collection) delete(tx *entity.Tx, request []byte) (n int, rest []byte, err error) {
	for len(request) > 0 {
		var room [64]byte
		k, rest, err := c.key("delete", room[:], request)
		if err != nil {
			return n, request, err
		}
		existed, err := c.store.Delete(tx, key{string(k)})
		if err != nil {
			return n, request, err
		}
		request = rest
		if existed {
			n++
		}
	}
	return n, nil, nil
}

// row returns the request's first row, with its keys, and the rest.
func (c *collection) row(op string, request []byte) (row, []byte, error) {
	n, k, index, err := c.read(request)
	if err != nil {
		return row{}, nil, c.failure(op, index, err)
	}
	return row{request[:n:n], k}, request[n:], nil
}

// key returns the request's first key, encoded in dst's memory, and the rest.
func (c *collection) key(op string, dst, request []byte) (encoded, rest []byte, err error) {
	n, err := msgp.Skip(request)
	if err == nil {
		dst, err = msgp.AppendKey(dst[:0], request[:n])
	}
	if err != nil {
		return nil, nil, c.failure(op, "", err)
	}
	return dst, request[n:], nil
}

// errRequest is returned for a request that the loader doesn't write.
var errRequest = &backend.Error{Class: backend.ErrInvalid, Reason: "the request is malformed"}
