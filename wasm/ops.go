package wasm

import (
	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/entity"
)

// Version is the number of the ABI. It is raised by every change to it.
const Version = 5

// The operations; js/src/abi.ts has the same numbers.
const (
	opOpen uint32 = iota + 1
	opClose
	opDrop
	opList
	opUpdate
	opView
	opFinish
	opGet
	opGetMany
	opQuery
	opCount
	opPut
	opInsert
	opDelete
	opResume
	opPreload
	opFlush
	opStatus
	opVerify
	opSalvage
	opWait
)

// read answers a reading operation on c in tx.
func read(tx *entity.Tx, op uint32, c *collection, request []byte, a *answer) error {
	switch op {
	case opGet:
		return c.get(tx, request, a)
	case opGetMany:
		return c.getMany(tx, request, a)
	case opQuery:
		return c.query(tx, request, a)
	case opCount:
		return c.count(tx, request, a)
	}
	return &backend.Error{Class: backend.ErrUnsupported, Reason: "the module doesn't know this operation"}
}

// write does a writing operation on c in tx. It returns how many rows it
// touched and, with an error, the part of the request that is not done.
func write(tx *entity.Tx, op uint32, c *collection, request []byte) (n int, rest []byte, err error) {
	switch op {
	case opPut:
		return c.put(tx, request)
	case opInsert:
		return c.insert(tx, request)
	case opDelete:
		return c.delete(tx, request)
	}
	return 0, nil, &backend.Error{Class: backend.ErrUnsupported, Reason: "the module doesn't know this operation"}
}

func isWrite(op uint32) bool { return op >= opPut && op <= opDelete }

func isRead(op uint32) bool { return op >= opGet && op <= opCount }
