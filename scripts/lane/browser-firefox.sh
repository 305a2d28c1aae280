#!/usr/bin/env bash
# In Firefox: the Go js/wasm tests, the JavaScript API, and the demo's test page.
set -uo pipefail
export LARDER_BROWSER=firefox
source scripts/lane/other-browser.sh
