# shellcheck shell=bash
# For lanes that run commands instead of Go tests; a lane sources it and ends with `exit $failed`.

failed=0

# check NAME COMMAND... runs the command as a test of this lane: it passes when
# the command succeeds. NAME is letters, digits, hyphens and slashes.
check() {
  local name=$1 began=$SECONDS output status=0
  shift
  output=$("$@" 2>&1) || status=$?
  printf '%s: status %d, %d s\n%s\n' "$name" "$status" $((SECONDS - began)) "$output"
  if [ "$status" = 0 ]; then
    printf '{"Action":"pass","Package":"%s","Test":"%s","Elapsed":%d}\n' "$LANE" "$name" $((SECONDS - began)) >>"$RESULTS"
    return
  fi
  failed=1
  # Output may hold anything, so something that knows JSON writes it.
  printf '%s\n' "$output" | node -e '
    const [Package, Test] = process.argv.slice(1);
    const Output = require("node:fs").readFileSync(0, "utf8");
    console.log(JSON.stringify({ Action: "output", Package, Test, Output }));
    console.log(JSON.stringify({ Action: "fail", Package, Test }));
  ' "$LANE" "$name" >>"$RESULTS"
}
