// Package examples holds programs that compile unchanged to a native binary
// and to WebAssembly for a browser. Natively each keeps its database in the
// file that its first argument names; in a browser, in IndexedDB.
//
//	go run ./examples/todo
//	GOOS=js GOARCH=wasm go build -o todo.wasm ./examples/todo
package examples
