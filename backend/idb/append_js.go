//go:build js && wasm

package idb

import (
	"bytes"
	"context"
	"errors"
	"syscall/js"
)

// A commitRequest is one record that is to follow a state.
type commitRequest struct {
	root   []byte // as it is stored, as far as the state knows
	db     id     // the database's
	after  uint64 // the state's newest commit
	record []byte // of the commits from after+1 on; nil to see whether there are any
	strict bool
	alone  bool // nobody else is likely to write
}

// commit adds r's record to the log. When it returns nil the commits have
// happened. When it returns errBeaten they have not, and the tail is what the
// others did. When it returns errLost nobody knows. Other errors mean that they
// have not happened. The tail's root is another one than r's also when the
// commits have happened, after somebody's checkpoint of the same state.
//
// Nothing waits for the answers of IndexedDB before it is told to commit, since
// that would cost another way to the browser's storage process and back; the
// answers are looked at afterwards. That is safe, because the key of the first
// record after a commit is always that commit's number and one:
//
//   - If another record follows the state, it has that key, and adding this one
//     fails, which aborts the transaction.
//   - If it was there and a checkpoint has folded and deleted it, the root that
//     the same transaction has read holds the number of a commit after the
//     state's. This record then lies at or below the root's commit, where no
//     record means anything, and the next checkpoint deletes it.
//   - Else the state is the newest, whatever a checkpoint did to the root.
//
// So it needs no lock, and a context that only thinks that it's alone loses
// nothing but time.
func (c *conn) commit(ctx context.Context, r commitRequest) (tail, error) {
	options := c.relaxed
	switch {
	case r.record == nil:
		options = js.Undefined()
	case r.strict:
		options = c.strict
	}
	news := tail{after: r.after, records: js.Undefined()}
	var read tailRequest
	err := c.run(ctx, logScope, options, func(t *txn) {
		if r.alone {
			read.root = t.store(rootStore).Call("get", rootKey)
		} else {
			read = c.readTail(t, r.after)
		}
		if r.record != nil {
			t.store(logStore).Call("add", c.bytes(r.record), r.after+1)
			t.commit()
		}
	})
	var e *exception
	beaten := errors.As(err, &e) && e.name == "ConstraintError"
	if err != nil && !beaten {
		return news, err
	}
	if beaten && r.alone {
		// Not alone after all: who was it?
		r.record, r.alone = nil, false
		if news, err = c.commit(ctx, r); err == nil {
			err = errBeaten
		}
		return news, err
	}
	if r.alone {
		news.root = read.root.Get("result")
	} else {
		news = read.results(r.after)
	}
	if beaten || news.count > 0 {
		return news, errBeaten
	}
	raw, err := c.goBytes(news.root)
	if err != nil {
		return news, at("root record", err)
	}
	if bytes.Equal(raw, r.root) {
		return news, nil
	}
	found, err := decodeRoot(raw)
	switch {
	case err != nil:
		return news, at("root record", err)
	case found.db != r.db:
		return news, errReplaced()
	case found.commit > r.after:
		return news, errBeaten
	}
	return news, nil
}
