#!/usr/bin/env bash
# All Go js/wasm tests in Chromium, and the conformance suite in what Chromium is or will be elsewhere: without Web Locks,
# without BroadcastChannel, with IndexedDB kept in SQLite.
set -uo pipefail
run() { node scripts/browser/run.mjs --json "$RESULTS" "$@" || failed=1; }
failed=0
run
run --run Conformance --short --without locks --without channel --without locks,channel ./backend/idb
run --run Conformance --short --sqlite ./backend/idb
exit "$failed"
