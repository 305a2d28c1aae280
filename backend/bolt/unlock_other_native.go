//go:build !wasm && !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd

package bolt

import "os"

// unlock has nothing to do where locks end with the file's closing.
func unlock(*os.File) {}
