#!/usr/bin/env bash
# Builds what is shipped: the npm package with larder.wasm, in js/dist, and the
# command, build/larder.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build
go build -o build/larder ./cmd/larder
npm --prefix js run --silent build
