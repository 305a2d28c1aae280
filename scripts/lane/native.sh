#!/usr/bin/env bash
# Everything that runs on this machine; the wazero host and the examples have lanes of their own.
set -euo pipefail
mapfile -t packages < <(go list ./... | grep -v -E '/(internal/jshost|examples|scripts/snippets)(/|$)')
go test -json -race -timeout 15m "${packages[@]}" >>"$RESULTS"
