#!/usr/bin/env bash
# In WebKitGTK: the Go js/wasm tests, the JavaScript API, and the demo's test page. There is WebKitGTK on Linux only, and
# what runs is counted as skipped elsewhere, so that a summary says so.
set -uo pipefail
if [ "$(uname)" != Linux ]; then
  printf 'WebKitGTK is not on this platform, %s\n' "$(uname)"
  printf '{"Action":"skip","Package":"%s","Test":"WebKitGTK_is_not_on_%s"}\n' "$LANE" "$(uname)" >>"$RESULTS"
  exit
fi
export LARDER_BROWSER=webkit
source scripts/lane/other-browser.sh
