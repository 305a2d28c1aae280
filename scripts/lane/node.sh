#!/usr/bin/env bash
# The JavaScript API in Node, and its types.
set -uo pipefail
source scripts/lane/check.sh
source scripts/lane/node-test.sh
node_test js/test/*.test.mjs || failed=1
check types js/node_modules/.bin/tsc --noEmit -p js/test/types
exit "$failed"
