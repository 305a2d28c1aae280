//go:build wasm

package main

// boltGroup returns nothing: there is no bbolt in wasm.
func boltGroup() []group { return nil }
