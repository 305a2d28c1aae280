#!/usr/bin/env bash
# What can be told from the sources alone, and the size of what is shipped.
set -euo pipefail
source scripts/lane/check.sh

formatted() {
  local files
  files=$(git ls-files -z -co --exclude-standard '*.go' | xargs -0 gofmt -l)
  [ -z "$files" ] || { printf 'not formatted by gofmt:\n%s\n' "$files"; return 1; }
}

# One run for both platforms: code that only one of them uses is not unused.
staticcheck() {
  go build -o build/staticcheck honnef.co/go/tools/cmd/staticcheck &&
    printf 'native: CGO_ENABLED=1\njs: GOOS=js GOARCH=wasm\n' | build/staticcheck -matrix ./...
}

check gofmt formatted
check vet/native go vet ./...
check vet/js env GOOS=js GOARCH=wasm go vet ./...
check vet/wasip1 env GOOS=wasip1 GOARCH=wasm go vet ./...
check staticcheck staticcheck
# The peers of the bench are in a module of their own.
check peers/vet go -C bench/peers vet ./...
check peers/staticcheck env -C bench/peers ../../build/staticcheck ./...
check peers/tidy go -C bench/peers mod tidy -diff
check peers/verified go -C bench/peers mod verify
check biome/tree js/node_modules/.bin/biome ci --colors=off --error-on-warnings .
check biome/js env -C js node_modules/.bin/biome ci --colors=off --error-on-warnings .
check tsc js/node_modules/.bin/tsc --noEmit -p js
check modules/tidy go mod tidy -diff
check modules/verified go mod verify
for script in scripts/*.sh scripts/lane/*.sh; do
  check "bash/$(basename "$script" .sh)" bash -n "$script"
done
check size go run ./scripts/size
exit "$failed"
