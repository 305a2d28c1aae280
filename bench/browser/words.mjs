// The names of the lines, and numbers as they are shown.

// lineNames returns [id, long name, short name] of each line, in their order.
export function lineNames(sizes) {
  const n = (number) => number.toLocaleString("en-US");
  const { bulk, single, ranges, width, ofOwner, countWidth } = sizes;
  return [
    ["bulk", `insert ${n(bulk)} rows, two indexes`, "bulk insert"],
    ["commits-async", `${n(single)} commits, async`, "async"],
    ["commits-relaxed", `${n(single)} commits, relaxed`, "relaxed"],
    ["commits-strict", `${n(single)} commits, strict`, "strict"],
    ["at-once", `${n(single)} commits, in flight together`, "together"],
    ["first-index-ranges", `the first ${n(ranges)} index ranges`, "first index ranges"],
    ["gets", `${n(bulk)} gets, one by one`, "gets"],
    ["gets-sync", `${n(bulk)} gets, synchronous`, "getSync"],
    ["gets-batch", `${n(bulk)} gets, in one call`, "get batch"],
    ["scan", "all rows", "scan"],
    ["key-ranges", `${n(ranges)} key ranges of ${n(width)} rows`, "key ranges"],
    ["index-ranges", `${n(ranges)} index ranges, ${n(ofOwner)} or ${n(width)} rows`, "index ranges"],
    ["counts", `count, ${n(ranges)} counts of ${n(countWidth)} rows`, "counts"],
    ["update", `update ${n(single)} rows, one transaction`, "update"],
    ["delete", `delete ${n(single)} rows, one transaction`, "delete"],
    ["reopen", "reopen, to the first row", "reopen"],
    ["cold", "navigation, to the first row", "cold start"],
  ];
}

// milliseconds returns a time as text, with its unit; one that was cut as "> 60 s".
export function milliseconds(ms) {
  if (!Number.isFinite(ms)) return digits(ms);
  return ms >= 1000 ? `${digits(ms / 1000)} s` : `${digits(ms)} ms`;
}

// saveTime returns the time until all was saved as text, without its unit; one that was cut as "> 10 s".
export const saveTime = (ms, write = digits) => (Number.isFinite(ms) ? write(ms) : "> 10 s");

// times returns a ratio as text.
export const times = (ratio) => `${digits(ratio)}${Number.isFinite(ratio) ? "×" : ""}`;

// digits returns a number with its first two digits, one below a tenth, and with all before the
// point. The times and ratios of what was cut are endless, or no numbers where both were.
export function digits(number) {
  if (!Number.isFinite(number)) return "> 60 s";
  return number >= 100 ? number.toFixed(0) : `${Number(number.toPrecision(number < 0.1 ? 1 : 2))}`;
}

// missing says why a system has no result in a line.
export function missing(rounds, { name }, line) {
  return rounds.every((round) => round[name].none.includes(line)) ? "–" : "fails";
}

// acknowledgement says what an acknowledged commit of a system has survived.
export function acknowledgement(system, acks) {
  if (system.kept === false) return "never saved";
  return { async: "saved behind", relaxed: "relaxed", strict: "strict" }[acks?.[0]] ?? "?";
}
