#!/usr/bin/env bash
# Builds the js/wasm test programs and prints a line for each:
#
#   import path <tab> wasm file <tab> folder of the package's sources
#
#   scripts/wasm-tests.sh [package...]
#
# Without arguments, of every package that has js/wasm tests. The tools that
# only ever run natively are left out, and so are the examples, whose tests run
# in a lane of their own.
set -euo pipefail
cd "$(dirname "$0")/.."
export GOOS=js GOARCH=wasm
out=build/wasm-tests${LARDER_BROWSER:+-$LARDER_BROWSER}
mkdir -p "$out"

module=$(go list -m)
only_native="^$module/(scripts|cmd|bench|examples|internal/importtest|internal/jshost)(/|$)"
format='{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{"\t"}}{{.Dir}}{{end}}'
list=$(go list -e -f "$format" "${@:-./...}")

status=0
while IFS=$'\t' read -r path dir; do
  [ -n "$path" ] && [[ ! $path =~ $only_native ]] || continue
  name=${path#"$module"}
  name=${name#/}
  file=$out/$(printf '%s' "${name:-larder}" | tr / -).wasm
  go test -c -o "$file" "$path" || { status=1; continue; }
  printf '%s\t%s\t%s\n' "$path" "$file" "$dir"
done <<<"$list"
exit "$status"
