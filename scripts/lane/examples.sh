#!/usr/bin/env bash
# The examples, and that what the documents show is taken from what runs.
set -euo pipefail
go test -json -timeout 10m ./examples/... ./scripts/snippets >>"$RESULTS"
