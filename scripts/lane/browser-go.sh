#!/usr/bin/env bash
set -euo pipefail
node scripts/browser/run.mjs --json "$RESULTS"
