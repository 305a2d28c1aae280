# shellcheck shell=bash
# For lanes of JavaScript tests.

# node_test FILE... runs test files with Node's test runner, one after another,
# and appends their results to $RESULTS.
node_test() {
  [ -e "$1" ] || { printf 'no test file %s\n' "$1" >&2; return 1; }
  local events status=0
  events=$(mktemp)
  node --test --test-concurrency=1 --test-timeout=900000 \
    --test-reporter=./scripts/node-reporter.mjs --test-reporter-destination="$events" "$@" || status=$?
  cat "$events" >>"$RESULTS"
  rm "$events"
  return "$status"
}
