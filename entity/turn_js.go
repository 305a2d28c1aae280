//go:build js && wasm

package entity

import "time"

// giveTurn lets the browser paint and handle input. Go returns to the page
// only while all goroutines wait, and for a timer that is still to come.
func giveTurn() { time.Sleep(time.Millisecond) }
