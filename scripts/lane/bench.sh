#!/usr/bin/env bash
# The benches of Larder and its peers, small: every system does the whole list of work, and all give the same results.
set -euo pipefail
source scripts/lane/node-test.sh
status=0
go -C bench/peers test -json -timeout 10m ./... >>"$RESULTS" || status=$?
node_test bench/browser/*.test.mjs || status=$?
exit "$status"
