#!/usr/bin/env bash
# Builds what is shipped: larder.wasm and the npm package in js/dist, and the
# command, build/larder.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build

go build -o build/larder ./cmd/larder
node js/scripts/build.mjs
cp js/dist/larder.wasm build/larder.wasm
