//go:build !(js && wasm)

package entity

// giveTurn has nothing to do where no page waits.
func giveTurn() {}
