//go:build !(js && wasm)

package main

func main() {
	println("larder: this program runs in JavaScript: build it with GOOS=js GOARCH=wasm")
}
