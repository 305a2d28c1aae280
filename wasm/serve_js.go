//go:build js && wasm

package wasm

//lint:file-ignore U1000 the exports are called by JavaScript

import (
	"context"
	"errors"
	"math"
	"runtime"
	"runtime/debug"
	"syscall"
	"syscall/js"
	"unsafe"

	"github.com/larderdb/larder"
	"github.com/larderdb/larder/backend"
	"github.com/larderdb/larder/backend/idb"
)

// Serve gives databases to the loader and never returns, unless it was not
// started by the loader. It is all that a module's main function does.
func Serve() error {
	name, _ := syscall.Getenv("LARDER_CALLBACK")
	callback := js.Global().Get(name)
	if callback.Type() != js.TypeFunction {
		return errors.New("the module was not started by Larder's loader")
	}
	debug.SetGCPercent(gcPercent)
	exported.server = newServer(platform{
		open:    larder.Open,
		drop:    larder.Delete,
		list:    larder.Names,
		salvage: idb.Salvage,
		limit:   limit,
		completed: func(completions []byte) {
			callback.Invoke(address(completions), len(completions))
			runtime.KeepAlive(completions)
		},
	})
	<-context.Background().Done() // for ever
	return nil
}

// gcPercent lets a program collect a quarter as often as Go's default: the
// collector has no thread of its own here, and limit bounds what it may leave.
const gcPercent = 400

// limit makes the collector run more often when memory is used up that the open
// databases' caches don't account for: the module's memory never shrinks, so it
// should not grow by what lies about for long. Databases in memory may grow as
// they like.
func limit(caches int64) {
	most := int64(math.MaxInt64)
	if caches >= 0 {
		most = 3 * max(caches, 16<<20)
	}
	debug.SetMemoryLimit(most)
}

// exported is what the exports work on. The memory that its fields refer to
// stays where it is: Go's collector moves nothing.
var exported struct {
	*server
	request []byte
	answer  answer
	header  [6]uint32
}

//go:wasmexport larder_abi
func exportABI() uint32 { return Version }

//go:wasmexport larder_go
func exportGo() uint32 {
	a := &exported.answer
	a.reset()
	a.data = append(a.data, runtime.Version()...)
	show()
	return uint32(len(a.data))
}

// maxRequest bounds a request, in bytes: a transaction can't write more than
// half of it, and a length that JavaScript made up must not exhaust the memory.
const maxRequest = 2 * backend.MaxTx

//go:wasmexport larder_request
func exportRequest(n uint32) uint32 {
	if n > maxRequest {
		failed(&backend.Error{Class: backend.ErrTooLarge, Reason: "request is longer than 128 MiB; split it"})
		return 0
	}
	if uint32(cap(exported.request)) < n || cap(exported.request) > maxKept {
		exported.request = make([]byte, max(n, 4096))
	}
	return address(exported.request)
}

//go:wasmexport larder_answer
func exportAnswer() uint32 { return uint32(uintptr(unsafe.Pointer(&exported.header))) }

//go:wasmexport larder_do
func exportDo(op, handle, aux, n uint32) uint32 {
	return failed(exported.do(op, handle, aux, taken(n), &exported.answer))
}

//go:wasmexport larder_start
func exportStart(op, handle, aux, n uint32) uint32 {
	id, err := exported.start(op, handle, aux, taken(n))
	failed(err)
	return id
}

// taken returns the first n bytes of the request.
func taken(n uint32) []byte { return exported.request[:min(int(n), len(exported.request))] }

// failed puts an error in the answer and returns whether there is one.
func failed(err error) uint32 {
	if err == nil {
		show()
		return 0
	}
	stirred := exported.answer.stirred
	exported.answer.reset()
	exported.answer.stirred = stirred
	exported.answer.data = appendError(exported.answer.data, err)
	show()
	return 1
}

// show points the header at the answer.
func show() {
	a := &exported.answer
	stirred := uint32(0)
	if a.stirred {
		stirred = 1
	}
	exported.header = [6]uint32{
		address(a.data), uint32(len(a.data)),
		uint32(a.count),
		address(a.token), uint32(len(a.token)),
		stirred,
	}
}

func address(b []byte) uint32 { return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }
