//go:build js && wasm

package idb

import "time"

// SetOpenPatience sets how long a browser may take to open a database, until
// the function that it returns is called.
func SetOpenPatience(d time.Duration) (restore func()) {
	before := openPatience
	openPatience = d
	return func() { openPatience = before }
}
