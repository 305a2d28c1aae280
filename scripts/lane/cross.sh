#!/usr/bin/env bash
# Larder builds wherever Go programs run, and no benchmark rots.
set -euo pipefail
source scripts/lane/check.sh
for platform in linux/amd64 linux/386 linux/arm64 darwin/arm64 windows/amd64 js/wasm wasip1/wasm; do
  check "build/$platform" env CGO_ENABLED=0 GOOS="${platform%/*}" GOARCH="${platform#*/}" go build ./...
done
# Vet reads tests too, with what each platform's files hold.
for platform in darwin/arm64 windows/amd64; do
  check "vet/$platform" env CGO_ENABLED=0 GOOS="${platform%/*}" GOARCH="${platform#*/}" go vet ./...
done
check benchmarks go test -run '^$' -bench . -benchtime 1x -timeout 10m ./...
exit "$failed"
