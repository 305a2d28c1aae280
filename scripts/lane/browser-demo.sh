#!/usr/bin/env bash
# The demo as `make demo` serves it: the page, with a reload, and its test page.
set -euo pipefail
source scripts/lane/node-test.sh
node_test web/e2e/*.test.mjs
