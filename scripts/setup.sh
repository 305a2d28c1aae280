#!/usr/bin/env bash
# Gets what building and testing need and says what it does; what is there
# already is left alone, so that a second run does nothing.
#
#   scripts/setup.sh        all
#   scripts/setup.sh demo   all but what only the tests need
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*"; }
fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

# at_least VERSION WANTED succeeds when VERSION is WANTED or newer.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# install PACKAGE... installs Debian packages; it fails, with words, where it can't.
install() {
  command -v apt-get >/dev/null ||
    fail "missing: $*, as Debian names them; there is no apt-get here, so please install them by hand"
  local as=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "missing: $*; please run, as root: apt-get install $*"
    as=(sudo)
  fi
  say "installing $* with apt-get${as[0]:+ as root, by sudo}"
  "${as[@]}" apt-get update -qq || say "apt-get update failed; trying with the lists that are here"
  "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null ||
    fail "apt-get could not install $*"
}

# need BROWSER VARIABLE PACKAGE... makes the packages missing unless the browser
# is found. A path of it that a person has set in VARIABLE must be right.
need() {
  local browser=$1 variable=$2
  shift 2
  if node "scripts/browser/$browser.mjs" >/dev/null 2>&1; then return; fi
  [ -z "$variable" ] || [ -z "${!variable:-}" ] || fail "$variable is ${!variable}, which can't be run"
  missing+=("$@")
}

command -v go >/dev/null || fail "Go is missing: Larder needs Go 1.26 or newer, see https://go.dev/dl/"
go_version=$(go env GOVERSION)
at_least "${go_version#go}" 1.26 || fail "this is ${go_version}: Larder needs Go 1.26 or newer"
command -v node >/dev/null || fail "Node is missing: Larder's JavaScript needs Node 20 or newer, see https://nodejs.org/"
node_version=$(node --version)
at_least "${node_version#v}" 20 || fail "this is Node ${node_version}: Larder needs Node 20 or newer"
command -v npm >/dev/null || fail "npm is missing: it comes with Node, or as the Debian package npm"

browsers=
if [ "${1:-}" != demo ]; then
  missing=()
  # Elsewhere its lane says that it isn't there.
  webkit=
  [ "$(uname)" != Linux ] || webkit=webkit
  # The race detector needs cgo.
  command -v "$(go env CC)" >/dev/null || missing+=(gcc libc6-dev)
  need chromium CHROMIUM chromium
  need firefox FIREFOX firefox-esr
  [ -z "$webkit" ] || need webkit '' webkit2gtk-driver xvfb
  [ ${#missing[@]} = 0 ] || install "${missing[@]}"
  for browser in chromium firefox $webkit; do
    path=$(node "scripts/browser/$browser.mjs") || fail "$browser was installed and is not found"
    browsers="$browsers, $path"
  done
fi

# packages FOLDER installs the npm packages of the folder's lock file.
packages() {
  # npm's own marker changes whenever npm likes; this copy changes with the lock file only.
  local installed=$1/node_modules/.larder-lock.json
  if ! cmp -s "$1/package-lock.json" "$installed"; then
    say "installing npm packages as $1/package-lock.json says"
    (cd "$1" && npm ci --no-audit --no-fund --loglevel=error)
    cp "$1/package-lock.json" "$installed"
  fi
}
packages js
[ "${1:-}" = demo ] || packages bench/browser

# An independent IndexedDB, in one script, for the tests on wazero, and what the loader gives to the engine.
bundle=build/larderidb.js
if [ ! -e "$bundle" ] || [ internal/jshost/bundle.mjs -nt "$bundle" ] || [ js/src/idb.ts -nt "$bundle" ] ||
  [ js/node_modules/.larder-lock.json -nt "$bundle" ]; then
  say "bundling fake-indexeddb and the loader's help"
  mkdir -p build
  node internal/jshost/bundle.mjs
fi

say "ready: ${go_version}, Node ${node_version}${browsers}"
