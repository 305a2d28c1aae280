// Command module is larder.wasm, the module that the npm package larder ships:
//
//	GOOS=js GOARCH=wasm go build -trimpath -ldflags="-s -w" -o larder.wasm ./wasm/module
//
// It is of use to that package's loader only.
package main
