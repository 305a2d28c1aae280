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
	m := c.newReading()
	defer m.giveBack()
	list, failed, err := c.rows(m, request)
	if err != nil {
		return 0, request, c.failure("put", failed, err)
	}
	rest = request
	err = c.store.PutMany(tx, func(yield func(key, row) bool) {
		for i := range list {
			r := &list[i]
			if !yield(r.keys.primary(i), *r) {
				return
			}
			n, rest = n+1, rest[len(r.data):]
		}
	})
	return n, rest, err
}

// insert stores the request's one row, under whose key there must be none.
func (c *collection) insert(tx *entity.Tx, request []byte) (n int, rest []byte, err error) {
	m := c.newReading()
	defer m.giveBack()
	list, failed, err := c.rows(m, request)
	if err == nil && len(list) != 1 {
		err = errRequest
	}
	if err != nil {
		return 0, request, c.failure("insert", failed, err)
	}
	if err := c.store.Insert(tx, list[0].keys.primary(0), list[0]); err != nil {
		return 0, request, err
	}
	return 1, nil, nil
}

// delete deletes the rows under the request's keys, all of which are looked at
// before the first is deleted. It touches those that existed.
func (c *collection) delete(tx *entity.Tx, request []byte) (n int, rest []byte, err error) {
	m := c.newReading()
	defer m.giveBack()
	w := &m.keys
	for rest := request; len(rest) > 0; {
		size, err := msgp.Skip(rest)
		if err == nil {
			err = w.add(rest[:size], nil)
		}
		if err != nil {
			return 0, request, c.failure("delete", "", err)
		}
		rest = rest[size:]
	}
	text, from := string(w.buf), 0
	for i, end := range w.ends {
		existed, err := c.store.Delete(tx, key{text[from:end]})
		if err != nil {
			for range i {
				size, _ := msgp.Skip(request) // as above
				request = request[size:]
			}
			return n, request, err
		}
		if existed {
			n++
		}
		from = end
	}
	return n, nil, nil
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
