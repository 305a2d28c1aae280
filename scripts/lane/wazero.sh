#!/usr/bin/env bash
# The host's own tests, which build and run the js/wasm tests of every package that has any, and those of the module that
# is shipped. What they build is not seen by Go's cache of test results, so that is not asked.
set -euo pipefail
go test -json -count=1 -timeout 25m ./internal/jshost/... ./wasm/module >>"$RESULTS"
