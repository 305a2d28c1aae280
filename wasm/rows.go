package wasm

import (
	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
	"github.com/larderdb/larder/internal/msgp"
)

// get answers the row under the request's one key.
func (c *collection) get(tx *entity.Tx, request []byte, a *answer) error {
	rest, err := c.readKey(request, a)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return c.failure("get", "", errRequest)
	}
	data, found, err := c.store.GetRaw(tx, a.key)
	if err != nil || !found {
		return err
	}
	a.addRow(data)
	return nil
}

// getMany answers the rows under the request's keys.
func (c *collection) getMany(tx *entity.Tx, request []byte, a *answer) error {
	for len(request) > 0 {
		rest, err := c.readKey(request, a)
		if err != nil {
			return err
		}
		request = rest
		data, found, err := c.store.GetRaw(tx, a.key)
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

// readKey sets a.key to the first key of a read's request, encoded, and returns
// the rest.
func (c *collection) readKey(request []byte, a *answer) (rest []byte, err error) {
	n, err := msgp.Skip(request)
	if err == nil {
		a.key, err = msgp.AppendKey(a.key[:0], request[:n])
	}
	if err != nil {
		return nil, c.failure("get", "", err)
	}
	return request[n:], nil
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
		k, rest, err := c.key("delete", request)
		if err != nil {
			return n, request, err
		}
		existed, err := c.store.Delete(tx, k)
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

// key returns the request's first key and the rest.
func (c *collection) key(op string, request []byte) (key, []byte, error) {
	n, err := msgp.Skip(request)
	if err != nil {
		return key{}, nil, c.failure(op, "", err)
	}
	k, err := keyOf(request[:n], "")
	if err != nil {
		return key{}, nil, c.failure(op, "", err)
	}
	return k, request[n:], nil
}

// errRequest is returned for a request that the loader doesn't write.
var errRequest = &backend.Error{Class: backend.ErrInvalid, Reason: "the request is malformed"}
