# shellcheck shell=bash
# The lanes of the browsers beside Chromium source it. LARDER_BROWSER says which one; it fails when that isn't there.
source scripts/lane/node-test.sh
failed=0
# The test page runs the engines' and the entity stores' tests, and Chromium all of them whole: what differs between
# browsers shows in the short form too.
mapfile -t packages < <(go list ./... | grep -v -E '/(backend/(memory|idb)|entity)(/|$)')
node scripts/browser/run.mjs --short --json "$RESULTS" "${packages[@]}" || failed=1
bash scripts/demo.sh || failed=1
node_test js/test/browser/api.test.mjs js/test/browser/durability.test.mjs web/e2e/conformance.test.mjs || failed=1
exit "$failed"
