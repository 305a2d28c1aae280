#!/usr/bin/env bash
# Everything that runs on this machine; the examples have a lane of their own, and so has what runs on the wazero host,
# since its JavaScript is slow under the race detector: of it, there are those tests here that have many programs at once.
# The tests of backend/idb that kill such programs take few of their steps under the race detector, and all without it.
set -euo pipefail
mapfile -t packages < <(go list ./... | grep -v -E '/(internal/jshost|wasm/module|examples|scripts/snippets|backend/idb)(/|$)')
status=0
go test -json -race -timeout 20m "${packages[@]}" >>"$RESULTS" || status=$?
go test -json -race -short -timeout 15m ./backend/idb/... >>"$RESULTS" || status=$?
go test -json -timeout 15m -count=1 ./backend/idb >>"$RESULTS" || status=$?
go test -json -race -timeout 10m -count=1 -run '^Test(Kill|Locks|TwoTabs|BroadcastChannel|CallsFromTheHost)$' \
  ./internal/jshost >>"$RESULTS" || status=$?
exit "$status"
