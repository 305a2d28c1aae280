# shellcheck shell=bash
# The lanes of the browsers beside Chromium source it. LARDER_BROWSER says which one; it fails when that isn't there.
source scripts/lane/node-test.sh
failed=0
# The test page runs some packages' tests. Chromium runs the others' whole: what differs between browsers shows in the
# short form too.
on_page='JSON.parse(fs.readFileSync("build/demo/test/programs.json")).map((p) => p.package).join("\n")'
mapfile -t packages < <(go list ./... | grep -vxFf <(node -p "$on_page"))
node scripts/browser/run.mjs --short --json "$RESULTS" "${packages[@]}" || failed=1
node scripts/browser/run.mjs --run Conformance --short --json "$RESULTS" \
  --without locks --without channel --without locks,channel ./backend/idb || failed=1
node_test js/test/browser/api.test.mjs js/test/browser/durability.test.mjs web/e2e/conformance.test.mjs || failed=1
exit "$failed"
