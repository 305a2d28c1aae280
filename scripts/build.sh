#!/usr/bin/env bash
# Builds what is shipped: larder.wasm and the npm package in js/dist, and the
# command, build/larder.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build js/dist

go build -o build/larder ./cmd/larder
GOOS=js GOARCH=wasm go build -trimpath -ldflags '-s -w' -o build/larder.wasm ./wasm/module
js/node_modules/.bin/tsc -p js
cp build/larder.wasm js/dist/larder.wasm
cp "$(go env GOROOT)/lib/wasm/wasm_exec.js" js/dist/wasm_exec.js
chmod u+w js/dist/wasm_exec.js
