//go:build js && wasm

package main

import (
	"io"
	"log"

	"github.com/larderdb/larder/wasm"
)

func main() {
	// go-indexeddb would write to the console when another tab deletes a
	// database. The application hears of it by an error.
	log.SetOutput(io.Discard)
	if err := wasm.Serve(); err != nil {
		println("larder:", err.Error())
	}
}
