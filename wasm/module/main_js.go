//go:build js && wasm

package main

import "github.com/larderdb/larder/wasm"

func main() {
	if err := wasm.Serve(); err != nil {
		println("larder:", err.Error())
	}
}
