#!/usr/bin/env bash
# The JavaScript API in Chromium: pages, workers, tabs.
set -euo pipefail
source scripts/lane/node-test.sh
node_test js/test/browser/*.test.mjs
