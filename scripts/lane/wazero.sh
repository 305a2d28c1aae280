#!/usr/bin/env bash
# The host's own tests, which build and run the js/wasm tests of every package that has any.
set -euo pipefail
go test -json -timeout 15m ./internal/jshost/... >>"$RESULTS"
