#!/usr/bin/env bash
# The bench in Chromium, small: every system does the whole list of work, and all give the same results.
set -euo pipefail
source scripts/lane/node-test.sh
bash scripts/build.sh
node_test bench/browser/*.test.mjs
