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
	alone  bool   // nobody else is likely to write
	fence  *fence // that the writer has put up; nil for none
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
// nothing but time. Behind a [fence] the second case can't be, and the root need
// not be looked at.
func (c *conn) commit(ctx context.Context, r commitRequest) (tail, error) {
	send := c.send
	if helper.Truthy() && r.record != nil {
		send = c.sendByHelper
	}
	a, err := send(ctx, r)
	if err != nil {
		return c.whoWas(ctx, r, err)
	}
	if a.collided && r.alone {
		// Not alone after all: who was it? Behind a fence there may be much that was
		// folded already, which the root tells.
		r.record, r.alone = nil, a.blind
		news, err := c.commit(ctx, r)
		if err == nil {
			err = errBeaten
		}
		return news, err
	}
	if a.blind && r.fence.isGone() {
		return tail{}, &lostError{err: errFenceDown}
	}
	news, err := r.judge(c, a)
	if err == nil && r.record != nil && r.fence != nil {
		r.fence.passed(a)
	}
	return news, err
}

// answer returns what is known of the answer to r before it is sent on l.
func (r *commitRequest) answer(l *link) answer {
	blind := r.record != nil && r.alone && r.fence.hides(l)
	return answer{link: l, blind: blind, same: blind}
}

// judge returns what commit does, given the answer that IndexedDB has.
func (r *commitRequest) judge(c *conn, a answer) (tail, error) {
	news := tail{after: r.after, root: a.root, records: a.records}
	if a.records.Truthy() {
		news.count = a.records.Length()
	}
	if a.collided || news.count > 0 {
		return news, errBeaten
	}
	if a.same {
		return news, nil
	}
	raw, err := c.goBytes(a.root)
	if err != nil {
		return news, &lostError{err: at("root record", err)} // its copy tells
	}
	if bytes.Equal(raw, r.root) {
		return news, nil
	}
	news.moved = true
	found, err := decodeRoot(raw)
	switch {
	case err != nil:
		return news, &lostError{err: at("root record", err)} // its copy tells
	case found.db != r.db:
		return news, errReplaced()
	case found.commit > r.after:
		return news, errBeaten
	}
	return news, nil
}

// whoWas returns the tail that r collided with, if err is how Firefox and WebKit say so:
// there a transaction that is told to commit before its add has failed gives
// the AbortError of the requests after it as its own. Otherwise it returns err.
func (c *conn) whoWas(ctx context.Context, r commitRequest, err error) (tail, error) {
	var e *exception
	if r.record == nil || !errors.As(err, &e) || e.name != "AbortError" || c.err() != nil {
		return tail{}, err
	}
	looked := r
	looked.record, looked.alone = nil, false
	news, lookErr := c.commit(ctx, looked)
	if !errors.Is(lookErr, errBeaten) {
		return tail{}, err
	}
	if news.count == 0 {
		// What was there is folded already, and may have been one's own.
		return tail{}, &lostError{err: err}
	}
	// A record of one's own there means that err says nothing about a collision.
	first, readErr := c.goBytes(news.records.Index(0))
	if readErr == nil && len(first) >= writerEnd && bytes.Equal(first[:writerEnd], r.record[:writerEnd]) {
		return tail{}, err
	}
	return news, errBeaten
}

// writerEnd is where the context and its serial end in a record.
const writerEnd = 2 + 16 + 16 + 8

// An answer is what IndexedDB says to a commitRequest.
type answer struct {
	root     js.Value // as it is stored
	same     bool     // the root is the request's, or nobody has looked at it
	records  js.Value // a list of those after the request's state; not for who is alone
	collided bool     // another record has the key
	blind    bool     // nobody has looked at the root
	link     *link
}

// send makes the calls for r.
func (c *conn) send(ctx context.Context, r commitRequest) (a answer, err error) {
	options := js.Undefined()
	if r.record != nil {
		options = c.options(r.strict)
	}
	var read tailRequest
	err = c.attempt(ctx, r.record != nil, func(t *txn) {
		a = r.answer(t.link)
		scope := logScope
		if a.blind {
			scope = logStore
		}
		t.begin(scope, options, func(t *txn) {
			switch {
			case a.blind:
			case r.alone:
				read.root = t.store(rootStore).Call("get", rootKey)
			default:
				read = c.readTail(t, r.after)
			}
			if r.record != nil {
				t.store(logStore).Call("add", c.bytes(r.record), r.after+1)
				t.commit()
			}
		})
	})
	var e *exception
	if errors.As(err, &e) && e.name == "ConstraintError" {
		a.collided = true
	} else if err != nil {
		return answer{}, err
	}
	if a.blind {
		return a, nil
	}
	a.root = read.root.Get("result")
	if !r.alone {
		a.records = read.records.Get("result")
	}
	return a, nil
}
